// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record_options.hpp"

#include "option_scanner.hpp"
#include "option_values.hpp"

#include <linux/perfctr.h>

#include <bit>
#include <string_view>

namespace perfctr::cli {

extern const char kRecordHelp[];
const char kRecordHelp[] =
    R"(Usage: perfctr record [OPTION]... [--] COMMAND [ARGUMENT]...
       perfctr record [OPTION]... {-p PID | -t TID} [[--] COMMAND [ARGUMENT]...]

Sample where COMMAND, its threads and children spend events; or running threads,
until they end, COMMAND ends or you press Ctrl-C.  'perf report', 'perf script'
and 'perf annotate' read the result.

  -e, --event EVENTS     events, separated by commas, each with its period if
                         wanted: instructions:u@1000000; see 'perfctr list'
  -c, --count N          one sample per N events
  -F, --freq N           N samples per second on a CPU (default: 4000)
  -g                     record call chains (of programs with frame pointers)
      --call-graph fp    the same
  -o, --output FILE      write to FILE instead of perf.data
  -i, --no-inherit       not the threads and children that are created
  -p, --pid PIDS         the threads of running processes
  -t, --tid TIDS         running threads
  -m, --mmap-pages N     pages of each sample buffer, a power of two
      --side-band WAY    learn of forks, programs and libraries from the kernel's
                         perf_event ('kernel') or from ptrace and /proc ('trace')
  -q, --quiet            print no summary
  -v, --verbose          show how each event was resolved, and its period
  -h, --help             this text

The exit status is COMMAND's; 126 or 127 when it cannot be run or found.
)";

namespace {

enum LongOnly { kCallGraph = 256, kSideBand };

// '+': options end at the command.
constexpr char kShort[] = "+:e:c:F:go:ip:t:m:qvh";
const option kLong[] = {
    {"event", required_argument, nullptr, 'e'},
    {"count", required_argument, nullptr, 'c'},
    {"freq", required_argument, nullptr, 'F'},
    {"call-graph", required_argument, nullptr, kCallGraph},
    {"output", required_argument, nullptr, 'o'},
    {"no-inherit", no_argument, nullptr, 'i'},
    {"pid", required_argument, nullptr, 'p'},
    {"tid", required_argument, nullptr, 't'},
    {"mmap-pages", required_argument, nullptr, 'm'},
    {"side-band", required_argument, nullptr, kSideBand},
    {"quiet", no_argument, nullptr, 'q'},
    {"verbose", no_argument, nullptr, 'v'},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

Result<void> set_side_band(RecordOptions& options, std::string_view way) {
  if (way == "auto") {
    options.side_band = SideBandSource::kAuto;
  } else if (way == "kernel") {
    options.side_band = SideBandSource::kKernel;
  } else if (way == "trace") {
    options.side_band = SideBandSource::kTrace;
  } else {
    return option_error("--side-band wants auto, kernel or trace, not '" + std::string(way) + "'",
                        std::string(way));
  }
  return {};
}

}  // namespace

Result<RecordOptions> parse_record_options(std::span<char* const> args) {
  RecordOptions options;
  OptionScanner scanner(args, kShort, kLong);
  bool has_count = false, has_freq = false;
  for (int c; (c = scanner.next()) != -1;) {
    switch (c) {
      case 'e':
        if (*optarg == '\0') return option_error("-e wants an event, not ''");
        if (!options.events.empty()) options.events += ',';
        options.events += optarg;
        break;
      case 'c': {
        const auto value = option_number_of('c', "a number of events", optarg, 1, 4000000000u);
        if (!value) return value.error();
        options.rate = {.period = *value, .frequency = 0};
        has_count = true;
        break;
      }
      case 'F': {
        const auto value = option_number_of('F', "samples per second", optarg, 1, 1000000);
        if (!value) return value.error();
        options.rate = {.period = 0, .frequency = *value};
        has_freq = true;
        break;
      }
      case 'g':
        options.call_chain = true;
        break;
      case kCallGraph:
        if (std::string_view(optarg) != "fp") {
          return option_error(
              "--call-graph offers frame pointers ('fp') only, not '" + std::string(optarg) + "'",
              optarg);
        }
        options.call_chain = true;
        break;
      case 'o':
        options.output_path = optarg;
        if (options.output_path.empty()) return option_error("-o wants a file, not ''");
        break;
      case 'i':
        options.inherit = false;
        break;
      case 'p':
      case 't': {
        auto added =
            add_option_ids(static_cast<char>(c), optarg, c == 'p' ? options.pids : options.tids);
        if (!added) return added.error();
        break;
      }
      case 'm': {
        const auto value = option_number_of('m', "pages", optarg, 1, PERFCTR_MAX_BUFFER_PAGES);
        if (!value) return value.error();
        if (!std::has_single_bit(*value)) return option_error("-m wants a power of two", optarg);
        options.buffer_pages = *value;
        break;
      }
      case kSideBand:
        if (auto set = set_side_band(options, optarg); !set) return set.error();
        break;
      case 'q':
        options.quiet = true;
        break;
      case 'v':
        ++options.verbosity;
        break;
      case 'h':
        options.help = true;
        break;
      case ':':
        return scanner.missing_argument();
      default: {
        const std::string text = scanner.text();
        if (text == "-a" || text == "-C") {
          return option_error(
              "'" + text + "' would sample whole CPUs; perfctr samples threads only", text);
        }
        return scanner.unknown();
      }
    }
  }
  options.command.assign(scanner.rest().begin(), scanner.rest().end());
  if (options.help) return options;
  if (has_count && has_freq) return option_error("-c and -F do not go together");
  if (!options.pids.empty() && !options.tids.empty()) {
    return option_error("-p and -t do not go together");
  }
  if (options.command.empty() && !options.attaches()) {
    return option_error("there is no command to run, and neither -p nor -t");
  }
  return options;
}

}  // namespace perfctr::cli
