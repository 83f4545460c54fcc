// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stat_options.hpp"

#include "option_scanner.hpp"
#include "option_values.hpp"

#include <string_view>

namespace perfctr::cli {

extern const char kStatHelp[];
const char kStatHelp[] =
    R"(Usage: perfctr stat [OPTION]... [--] COMMAND [ARGUMENT]...
       perfctr stat [OPTION]... {-p PID | -t TID} [[--] COMMAND [ARGUMENT]...]

Count events of COMMAND, its threads and children, in user mode by default; or
of running threads, until they end, COMMAND ends or you press Ctrl-C.

  -e, --event EVENTS     events, separated by commas; see 'perfctr list'
  -g, --group            accepted: events of a set always count together
  -i, --no-inherit       not the threads and children that are created
  -p, --pid PIDS         the threads of running processes
  -t, --tid TIDS         running threads
      --per-thread       one line per thread and event
  -r, --repeat N         run COMMAND N times; mean and its deviation
  -n, --null             no counters, time only
  -I, --interval-print MS  print what was counted every MS milliseconds
  -x, --field-separator S  print CSV, with S between the fields
  -j, --json-output      print one JSON object per line
  -o, --output FILE      print to FILE instead of standard error
      --append           ... at its end
      --log-fd FD        print to an open file descriptor
  -B, --big-num          thousands separators (default); --no-big-num
  -v, --verbose          show how each event was resolved
  -h, --help             this text

The exit status is COMMAND's; 126 or 127 when it cannot be run or found.
)";

namespace {

enum LongOnly { kPerThread = 256, kAppend, kLogFd, kNoBigNum };

// '+': options end at the command.
constexpr char kShort[] = "+:e:gip:t:r:nI:x:jo:Bvh";
const option kLong[] = {
    {"event", required_argument, nullptr, 'e'},
    {"group", no_argument, nullptr, 'g'},
    {"no-inherit", no_argument, nullptr, 'i'},
    {"pid", required_argument, nullptr, 'p'},
    {"tid", required_argument, nullptr, 't'},
    {"per-thread", no_argument, nullptr, kPerThread},
    {"repeat", required_argument, nullptr, 'r'},
    {"null", no_argument, nullptr, 'n'},
    {"interval-print", required_argument, nullptr, 'I'},
    {"field-separator", required_argument, nullptr, 'x'},
    {"json-output", no_argument, nullptr, 'j'},
    {"output", required_argument, nullptr, 'o'},
    {"append", no_argument, nullptr, kAppend},
    {"log-fd", required_argument, nullptr, kLogFd},
    {"big-num", no_argument, nullptr, 'B'},
    {"no-big-num", no_argument, nullptr, kNoBigNum},
    {"verbose", no_argument, nullptr, 'v'},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

Result<void> check_together(const StatOptions& options) {
  const auto refuse = [](const char* message) { return Result<void>(option_error(message)); };
  if (options.help) return {};
  if (!options.pids.empty() && !options.tids.empty()) return refuse("-p and -t do not go together");
  if (options.command.empty() && !options.attaches()) {
    return refuse("there is no command to run, and neither -p nor -t");
  }
  if (!options.output_path.empty() && options.log_fd >= 0) {
    return refuse("-o and --log-fd do not go together");
  }
  if (options.append && options.output_path.empty()) return refuse("--append needs -o");
  if (options.format == StatFormat::kJson && !options.separator.empty()) {
    return refuse("-x and -j do not go together");
  }
  if (options.repeat > 1 && options.attaches()) return refuse("-r does not go with -p or -t");
  if (options.repeat > 1 && options.interval_ms > 0) return refuse("-r does not go with -I");
  if (options.repeat > 1 && options.per_thread) return refuse("-r does not go with --per-thread");
  if (options.no_counters && !options.events.empty()) return refuse("-n does not go with -e");
  if (options.no_counters && options.attaches() && options.command.empty()) {
    return refuse("-n needs a command");
  }
  return {};
}

}  // namespace

Result<StatOptions> parse_stat_options(std::span<char* const> args) {
  StatOptions options;
  OptionScanner scanner(args, kShort, kLong);
  for (int c; (c = scanner.next()) != -1;) {
    switch (c) {
      case 'e':
        if (!options.events.empty()) options.events += ',';
        options.events += optarg;
        if (*optarg == '\0') return option_error("-e wants an event, not ''");
        break;
      case 'g':
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
      case kPerThread:
        options.per_thread = true;
        break;
      case 'r': {
        const auto value = option_number_of('r', "a number of runs", optarg, 1, 1000000);
        if (!value) return value.error();
        options.repeat = *value;
        break;
      }
      case 'n':
        options.no_counters = true;
        break;
      case 'I': {
        const auto value = option_number_of('I', "milliseconds", optarg, 1, 86400000);
        if (!value) return value.error();
        options.interval_ms = *value;
        break;
      }
      case 'x':
        // As perf has it, "\t" is a tab.
        options.separator = std::string_view(optarg) == "\\t" ? "\t" : optarg;
        if (options.separator.empty()) return option_error("-x wants a separator, not ''");
        options.format = options.format == StatFormat::kJson ? StatFormat::kJson : StatFormat::kCsv;
        break;
      case 'j':
        options.format = StatFormat::kJson;
        break;
      case 'o':
        options.output_path = optarg;
        if (options.output_path.empty()) return option_error("-o wants a file, not ''");
        break;
      case kAppend:
        options.append = true;
        break;
      case kLogFd: {
        const auto value = option_number(optarg);
        if (!value || *value > 1000000) {
          return option_error(std::string("--log-fd wants a file descriptor, not '") + optarg + "'",
                              optarg);
        }
        options.log_fd = static_cast<int>(*value);
        break;
      }
      case 'B':
        options.big_numbers = true;
        break;
      case kNoBigNum:
        options.big_numbers = false;
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
          return option_error("'" + text + "' would count whole CPUs; perfctr counts threads only",
                              text);
        }
        return scanner.unknown();
      }
    }
  }
  options.command.assign(scanner.rest().begin(), scanner.rest().end());
  if (auto together = check_together(options); !together) return together.error();
  return options;
}

}  // namespace perfctr::cli
