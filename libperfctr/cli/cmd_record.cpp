// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"
#include "record_options.hpp"
#include "record_session.hpp"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <string>

namespace perfctr::cli {
namespace {

constexpr const char* kDefaultEvents = "cycles";

int status_of(const Error& error) {
  complain(error);
  // An exec that failed has the status that a shell would give it.
  if (error.code == Errc::kBadArgument && error.sys_errno != 0) {
    return error.sys_errno == ENOENT || error.sys_errno == ENOTDIR ? kExitNotFound : kExitCannotRun;
  }
  return kExitFailed;
}

void show_events(const std::vector<SampledEvent>& events) {
  for (const SampledEvent& event : events) {
    std::fprintf(stderr, "%s -> %s, code 0x%" PRIx64, event.event.name.c_str(),
                 event.event.canonical.c_str(), event.event.code);
    if (event.rate.period != 0) {
      std::fprintf(stderr, ", a sample every %" PRIu64 " events\n", event.rate.period);
    } else {
      std::fprintf(stderr, ", %" PRIu64 " samples a second\n", event.rate.frequency);
    }
  }
}

void show_summary(const RecordOptions& options, const RecordSummary& summary) {
  std::string throttled;
  if (summary.throttled > 0) {
    throttled = ", throttled " + std::to_string(summary.throttled) + " times";
  }
  std::fprintf(stderr,
               "[ perfctr record: %" PRIu64 " samples, %" PRIu64 " lost, %" PRIu64
               " missed (rate)%s; wrote %.3f MB to %s ]\n",
               summary.samples, summary.lost, summary.missed, throttled.c_str(),
               static_cast<double>(summary.size) / 1e6, options.output_path.c_str());
}

}  // namespace

int run_record(std::span<char* const> args) {
  const auto options = parse_record_options(args);
  if (!options) return usage_error("record", options.error().message);
  if (options->help) {
    std::fputs(kRecordHelp, stdout);
    return kExitOk;
  }
  const auto events = parse_sampled_events(
      options->events.empty() ? kDefaultEvents : options->events, options->rate);
  if (!events) return status_of(events.error());
  if (options->verbosity > 0) show_events(*events);

  std::vector<std::string> command_line{"perfctr"};
  command_line.insert(command_line.end(), args.begin(), args.end());
  RecordSession session(*options, *events, std::move(command_line));
  const auto summary = session.run();
  if (!summary) return status_of(summary.error());
  if (!options->quiet) show_summary(*options, *summary);
  if (options->verbosity > 0) {
    for (std::size_t i = 0; i < events->size() && i < summary->periods.size(); ++i) {
      if (summary->periods[i] == 0) continue;
      std::fprintf(stderr, "%s: period %" PRIu64 " at the end\n", (*events)[i].event.name.c_str(),
                   summary->periods[i]);
    }
  }
  for (const std::string& note : summary->notes) {
    std::fprintf(stderr, "perfctr: %s.\n", note.c_str());
  }
  const bool sound = summary->notes.empty();
  return summary->command_status == kExitOk && !sound ? kExitFailed : summary->command_status;
}

}  // namespace perfctr::cli
