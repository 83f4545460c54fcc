// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"
#include "report_options.hpp"

#include "flame_graph.hpp"
#include "folded.hpp"
#include "json_report.hpp"
#include "mapped_file.hpp"
#include "pprof.hpp"
#include "printable.hpp"
#include "profile_builder.hpp"
#include "text_report.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace perfctr::cli {
namespace {

using report::EventProfile;
using report::Profile;

Error failure(std::string message, std::string remedy, int number = 0) {
  return Error{.code = number != 0 ? Errc::kSystem : Errc::kBadArgument,
               .sys_errno = number,
               .message = std::move(message),
               .remedy = std::move(remedy),
               .subject = {}};
}

Result<void> write(const std::string& text, const std::string& path) {
  const bool to_stdout = path.empty() || path == "-";
  std::FILE* file = to_stdout ? stdout : std::fopen(path.c_str(), "we");
  const std::string name = to_stdout ? "standard output" : "'" + path + "'";
  const auto complaint = [&](const char* what) {
    const int number = errno;
    return failure(std::string("cannot ") + what + " " + name + " (" + std::strerror(number) + ")",
                   {}, number);
  };
  if (file == nullptr) return complaint("open");
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  // Without an `if`, a full disk would go unseen until the close.
  const bool closed = (to_stdout ? std::fflush(file) : std::fclose(file)) == 0;
  if (!written || !closed) return complaint("write to");
  return {};
}

std::string names_of(const Profile& profile) {
  std::string names;
  for (const EventProfile& event : profile.events)
    names += (names.empty() ? "'" : ", '") + report::printable(event.name) + "'";
  return names;
}

// Those that were asked for and have samples; "cycles" is also "cycles:u".
Result<std::vector<const EventProfile*>> events_of(const Profile& profile,
                                                   const std::string& wanted) {
  std::vector<const EventProfile*> events;
  bool known = wanted.empty();
  for (const EventProfile& event : profile.events) {
    const bool asked = wanted.empty() || event.name == wanted ||
                       event.name.substr(0, event.name.rfind(':')) == wanted;
    known = known || asked;
    if (asked && event.total.samples > 0) events.push_back(&event);
  }
  if (!known) {
    return failure("the recording has no event '" + wanted + "'", "it has " + names_of(profile));
  }
  if (!events.empty()) return events;
  return failure(wanted.empty() ? "the recording has no samples"
                                : "the recording has no samples of event '" + wanted + "'",
                 "the command was too short or the period too long: record with a smaller -c");
}

Result<std::string> render(const Profile& profile, const std::vector<const EventProfile*>& events,
                           const ReportOptions& options) {
  const EventProfile& first = *events.front();
  const bool chains = options.table.call_graph || options.table.children;
  for (const EventProfile* event : events) {
    if (chains && !event->call_chains) {
      return failure("event '" + event->name + "' was recorded without call chains",
                     "record with -g");
    }
  }
  if (options.format != ReportFormat::kText && options.format != ReportFormat::kJson) {
    if (events.size() > 1) {
      std::fprintf(stderr, "perfctr: this output has one event, '%s'; -e chooses another of %s.\n",
                   report::printable(first.name).c_str(), names_of(profile).c_str());
    }
    if (!first.call_chains)
      std::fprintf(stderr, "perfctr: the stacks have one level: record with -g for callers.\n");
  }
  switch (options.format) {
    case ReportFormat::kJson:
      return json_report(profile, events, options.table);
    case ReportFormat::kFolded:
      return folded_stacks(profile, first, options.table.by_samples);
    case ReportFormat::kSvg:
      return flame_graph(profile, first, options.table.by_samples);
    case ReportFormat::kPprof:
      return pprof_profile(profile, first);
    case ReportFormat::kText:
      break;
  }
  return text_report(profile, events, options.table);
}

// The file's name before what is wrong with its contents.
Error about(const std::string& input, Error error) {
  if (error.subject.empty()) error.message = report::printable(input) + ": " + error.message;
  return error;
}

Result<bool> report_file(const ReportOptions& options) {
  const auto file = report::MappedFile::open(options.input);
  if (!file) return file.error();
  const auto profile = report::build_profile(file->bytes(), options.symbols);
  if (!profile) return about(options.input, profile.error());
  for (const auto* list : {&profile->damage, &profile->notes}) {
    for (const std::string& text : *list)
      std::fprintf(stderr, "perfctr: %s: %s.\n", list == &profile->damage ? "warning" : "note",
                   report::printable(text).c_str());
  }
  const auto events = events_of(*profile, options.event);
  if (!events) return about(options.input, events.error());
  const auto text = render(*profile, *events, options);
  if (!text) return about(options.input, text.error());
  if (auto written = write(*text, options.output); !written) return written.error();
  return profile->damage.empty();
}

}  // namespace

int run_report(std::span<char* const> args) {
  const auto options = parse_report_options(args);
  if (!options) return usage_error("report", options.error().message);
  if (options->help) {
    std::fputs(kReportHelp, stdout);
    return kExitOk;
  }
  const auto complete = report_file(*options);
  if (!complete) {
    complain(complete.error());
    return kExitFailed;
  }
  return *complete ? kExitOk : kExitFailed;
}

}  // namespace perfctr::cli
