// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report_options.hpp"

#include "option_scanner.hpp"
#include "option_values.hpp"
#include "program.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace perfctr::cli {

const char kReportHelp[] = R"(Usage: perfctr report [OPTION]...

Show where the events of a recording (perf.data) happened.

  -i, --input FILE        the recording; '-' for standard input [perf.data]
  -e, --event EVENT       this event only
  -s, --sort KEYS         columns, of comm, dso and symbol [comm,dso,symbol]
  -g, --call-graph        who called, below each row
      --children          what was called counts, too
      --no-children       it does not; the default
      --samples           weigh samples alike, not by their periods
      --percent-limit N   leave out what has less than N per cent
  -o, --output FILE       write to a file

Instead of the table:
  -j, --json              JSON
      --folded            folded stacks, for flame graph tools
      --svg FILE          a flame graph
      --pprof FILE        a profile for pprof

Symbols:
      --symfs DIR         find programs and libraries below DIR
      --kallsyms FILE     the kernel's symbols, as in /proc/kallsyms
      --xen-syms FILE     the hypervisor's symbols, as in xen-syms.map
      --no-demangle       C++ names as the linker has them
      --stdio             accepted for the sake of habit
  -n, --show-nr-samples   likewise: the number of samples is always shown
  -h, --help              this text

The exit status is 1 when the file is damaged or cut off; what could be read of it
is reported nevertheless.
)";

namespace {

using report::SortKey;

enum : int {
  kChildren = 256,
  kNoChildren,
  kSamples,
  kPercentLimit,
  kFolded,
  kSvg,
  kPprof,
  kSymfs,
  kKallsyms,
  kXenSyms,
  kNoDemangle,
  kStdio,
};

constexpr const char* kShort = ":i:e:s:go:jnh";

const option kLong[] = {
    {"input", required_argument, nullptr, 'i'},
    {"event", required_argument, nullptr, 'e'},
    {"sort", required_argument, nullptr, 's'},
    {"call-graph", no_argument, nullptr, 'g'},
    {"children", no_argument, nullptr, kChildren},
    {"no-children", no_argument, nullptr, kNoChildren},
    {"samples", no_argument, nullptr, kSamples},
    {"percent-limit", required_argument, nullptr, kPercentLimit},
    {"output", required_argument, nullptr, 'o'},
    {"json", no_argument, nullptr, 'j'},
    {"folded", no_argument, nullptr, kFolded},
    {"svg", required_argument, nullptr, kSvg},
    {"pprof", required_argument, nullptr, kPprof},
    {"symfs", required_argument, nullptr, kSymfs},
    {"kallsyms", required_argument, nullptr, kKallsyms},
    {"xen-syms", required_argument, nullptr, kXenSyms},
    {"no-demangle", no_argument, nullptr, kNoDemangle},
    {"stdio", no_argument, nullptr, kStdio},
    {"show-nr-samples", no_argument, nullptr, 'n'},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

Result<std::vector<SortKey>> sort_keys(std::string_view list) {
  std::vector<SortKey> keys;
  while (true) {
    const auto comma = list.find(',');
    const std::string_view word = list.substr(0, comma);
    SortKey key{};
    if (word == "comm") {
      key = SortKey::kComm;
    } else if (word == "dso") {
      key = SortKey::kDso;
    } else if (word == "symbol" || word == "sym") {
      key = SortKey::kSymbol;
    } else {
      return option_error(
          "-s wants comm, dso and symbol, separated by commas, not '" + std::string(word) + "'",
          std::string(word));
    }
    for (const SortKey other : keys) {
      if (other == key)
        return option_error("-s has '" + std::string(word) + "' twice", std::string(word));
    }
    keys.push_back(key);
    if (comma == std::string_view::npos) return keys;
    list.remove_prefix(comma + 1);
  }
}

std::optional<double> percent(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !(value >= 0 && value <= 100))
    return std::nullopt;
  return value;
}

// One output at a time.
Result<void> choose(ReportOptions& options, ReportFormat format) {
  if (options.format != ReportFormat::kText && options.format != format)
    return option_error("of -j, --folded, --svg and --pprof give one");
  options.format = format;
  return {};
}

Result<void> check_together(const ReportOptions& options) {
  if (options.table.call_graph && options.format != ReportFormat::kText)
    return option_error("-g is for the table only");
  if (options.table.children && options.format != ReportFormat::kText &&
      options.format != ReportFormat::kJson)
    return option_error("--children is for the table and JSON only");
  return {};
}

}  // namespace

Result<ReportOptions> parse_report_options(std::span<char* const> args) {
  ReportOptions options;
  OptionScanner scanner(args, kShort, kLong);
  Result<void> chosen;
  for (int c; (c = scanner.next()) != -1;) {
    const std::string argument = optarg != nullptr ? optarg : "";
    if (optarg != nullptr && argument.empty() && c != '?' && c != ':')
      return scanner.empty_argument();
    switch (c) {
      case 'i':
        options.input = argument;
        break;
      case 'e':
        options.event = argument;
        break;
      case 's': {
        auto keys = sort_keys(argument);
        if (!keys) return keys.error();
        options.table.keys = std::move(*keys);
        break;
      }
      case 'g':
        options.table.call_graph = true;
        break;
      case kChildren:
        options.table.children = true;
        break;
      case kNoChildren:
        options.table.children = false;
        break;
      case kSamples:
        options.table.by_samples = true;
        break;
      case kPercentLimit: {
        const auto value = percent(argument);
        if (!value)
          return option_error("--percent-limit wants 0 to 100, not '" + argument + "'", argument);
        options.table.percent_limit = *value;
        break;
      }
      case 'o':
        options.output = argument;
        break;
      case 'j':
        chosen = choose(options, ReportFormat::kJson);
        break;
      case kFolded:
        chosen = choose(options, ReportFormat::kFolded);
        break;
      case kSvg:
      case kPprof:
        chosen = choose(options, c == kSvg ? ReportFormat::kSvg : ReportFormat::kPprof);
        options.output = argument;
        break;
      case kSymfs:
        options.symbols.root = argument;
        break;
      case kKallsyms:
        options.symbols.kernel_table = argument;
        break;
      case kXenSyms:
        options.symbols.hypervisor_table = argument;
        break;
      case kNoDemangle:
        options.symbols.demangle = false;
        break;
      case kStdio:
      case 'n':
        break;
      case 'h':
        options.help = true;
        break;
      case ':':
        return scanner.missing_argument();
      default:
        return scanner.unknown();
    }
    if (!chosen) return chosen.error();
  }
  if (!scanner.rest().empty()) {
    const char* rest = scanner.rest().front();
    return option_error(
        std::string("there is no argument '") + rest + "'; give the recording with -i", rest);
  }
  if (auto together = check_together(options); !options.help && !together) return together.error();
  return options;
}

}  // namespace perfctr::cli
