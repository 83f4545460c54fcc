// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"
#include "running_stats.hpp"
#include "stat_options.hpp"
#include "stat_report.hpp"
#include "stat_session.hpp"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

namespace perfctr::cli {
namespace {

constexpr const char* kDefaultEvents = "cycles,instructions,branches,branch-misses";

// Where results go: standard error, a file, or a descriptor of the caller's.
class Output final {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (file_ != nullptr) std::fclose(file_);
  }

  Result<void> open(const StatOptions& options) {
    if (!options.output_path.empty()) {
      file_ = std::fopen(options.output_path.c_str(), options.append ? "ae" : "we");
      if (file_ == nullptr) return failure("cannot open '" + options.output_path + "'");
      const std::time_t now = std::time(nullptr);
      std::fprintf(file_, "# started on %s\n", std::ctime(&now));
    } else if (options.log_fd >= 0) {
      file_ = ::fdopen(options.log_fd, options.append ? "a" : "w");
      if (file_ == nullptr) {
        return failure("cannot write to descriptor " + std::to_string(options.log_fd));
      }
    }
    return {};
  }

  void write(const std::string& text) {
    std::FILE* file = file_ != nullptr ? file_ : stderr;
    std::fputs(text.c_str(), file);
    std::fflush(file);
  }

 private:
  static Error failure(std::string message) {
    return Error{.code = Errc::kSystem,
                 .sys_errno = errno,
                 .message = std::move(message) + " (" + std::strerror(errno) + ")",
                 .remedy = {},
                 .subject = {}};
  }
  std::FILE* file_ = nullptr;
};

// The mean of repeated runs.
class Repeats final {
 public:
  void add(const StatReport& report) {
    rows_.resize(report.rows.size());
    for (std::size_t i = 0; i < report.rows.size(); ++i) {
      if (report.rows[i].value) rows_[i].add(*report.rows[i].value);
    }
    elapsed_.add(report.elapsed_s);
    if (!report.times) return;
    enabled_.add(static_cast<double>(report.times->enabled_ns));
    running_.add(static_cast<double>(report.times->running_ns));
    stolen_.add(static_cast<double>(report.times->stolen_ns));
  }
  void put_into(StatReport& report, unsigned runs) const {
    report.runs = runs;
    for (std::size_t i = 0; i < report.rows.size() && i < rows_.size(); ++i) {
      if (report.rows[i].value) report.rows[i].value = rows_[i].mean();
      report.rows[i].deviation_percent = rows_[i].relative_deviation();
    }
    report.elapsed_s = elapsed_.mean();
    report.elapsed_deviation_s = elapsed_.deviation();
    report.elapsed_deviation_percent = elapsed_.relative_deviation();
    if (!report.times) return;
    const auto mean = [](const RunningStats& stats) {
      return static_cast<std::uint64_t>(stats.mean());
    };
    report.times = StatTimes{mean(enabled_), mean(running_), mean(stolen_)};
    for (StatRow& row : report.rows) row.runtime_ns = report.times->running_ns;
  }

 private:
  std::vector<RunningStats> rows_;
  RunningStats elapsed_, enabled_, running_, stolen_;
};

int status_of(const Error& error) {
  complain(error);
  // An exec that failed has the status that a shell would give it.
  if (error.code == Errc::kBadArgument && error.sys_errno != 0) {
    return error.sys_errno == ENOENT || error.sys_errno == ENOTDIR ? kExitNotFound : kExitCannotRun;
  }
  return kExitFailed;
}

void show_events(const std::vector<Event>& events) {
  for (const Event& event : events) {
    std::fprintf(stderr, "%s -> %s, code 0x%" PRIx64 ", modes %s%s%s\n", event.name.c_str(),
                 event.canonical.c_str(), event.code, (event.domains & kDomainUser) != 0 ? "u" : "",
                 (event.domains & kDomainKernel) != 0 ? "k" : "",
                 (event.domains & kDomainHypervisor) != 0 ? "h" : "");
  }
}

}  // namespace

int run_stat(std::span<char* const> args) {
  const auto options = parse_stat_options(args);
  if (!options) return usage_error("stat", options.error().message);
  if (options->help) {
    std::fputs(kStatHelp, stdout);
    return kExitOk;
  }
  std::vector<Event> events;
  if (!options->no_counters) {
    auto parsed = parse_events(options->events.empty() ? kDefaultEvents : options->events);
    if (!parsed) return status_of(parsed.error());
    events = std::move(*parsed);
    if (options->verbosity > 0) show_events(events);
  }
  Output output;
  if (auto opened = output.open(*options); !opened) return status_of(opened.error());

  const auto writer = StatWriter::create(*options);
  const auto on_interval = [&](const StatReport& report) { output.write(writer->report(report)); };
  Repeats repeats;
  StatReport report;
  int status = kExitOk;
  unsigned runs = 0;
  bool sound = true;
  bool interrupted = false;
  while (runs < options->repeat && !interrupted) {
    StatSession session(*options, events);
    auto result = session.run(on_interval);
    if (!result) return status_of(result.error());
    report = std::move(*result);
    repeats.add(report);
    ++runs;
    sound = sound && session.sound();
    interrupted = session.interrupted();
    status = session.command_status();
  }
  if (options->repeat > 1) repeats.put_into(report, runs);
  output.write(writer->report(report));
  if (!sound && options->format != StatFormat::kText) {
    for (const std::string& note : report.notes)
      std::fprintf(stderr, "perfctr: %s.\n", note.c_str());
  }
  return status == kExitOk && !sound ? kExitFailed : status;
}

}  // namespace perfctr::cli
