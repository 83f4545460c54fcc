// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stat_session.hpp"

#include "attach.hpp"
#include "backend.hpp"

#include <algorithm>
#include <ctime>

namespace perfctr::cli {
namespace {

double now_s() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Adds a thread's or set's reading to a sum.
void add(Reading& sum, const Reading& reading) {
  sum.values.resize(std::max(sum.values.size(), reading.values.size()));
  for (std::size_t i = 0; i < reading.values.size(); ++i) sum.values[i] += reading.values[i];
  sum.time_enabled_ns = std::max(sum.time_enabled_ns, reading.time_enabled_ns);
  sum.time_running_ns += reading.time_running_ns;
  sum.time_stolen_ns += reading.time_stolen_ns;
  sum.nr_threads += reading.nr_threads;
  sum.lost += reading.lost;
  if (reading.state == State::kLost || reading.state == State::kRevoked) sum.state = reading.state;
}

// What came since an earlier reading of the same thread.
Reading since(const Reading& now, const std::vector<ThreadReading>& earlier, pid_t tid) {
  const auto before = std::find_if(earlier.begin(), earlier.end(),
                                   [&](const ThreadReading& thread) { return thread.tid == tid; });
  if (before == earlier.end()) return now;
  Reading delta = now;
  for (std::size_t i = 0; i < delta.values.size() && i < before->reading.values.size(); ++i) {
    delta.values[i] -= before->reading.values[i];
  }
  delta.time_enabled_ns -= before->reading.time_enabled_ns;
  delta.time_running_ns -= before->reading.time_running_ns;
  delta.time_stolen_ns -= before->reading.time_stolen_ns;
  return delta;
}

std::string title_of(const StatOptions& options) {
  const auto list = [](const std::vector<int>& ids) {
    std::string text;
    for (const int id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
    return "'" + text + "'";
  };
  if (!options.pids.empty()) return "process id " + list(options.pids);
  if (!options.tids.empty()) return "thread id " + list(options.tids);
  std::string text;
  for (const std::string& word : options.command) text += (text.empty() ? "" : " ") + word;
  return "'" + text + "'";
}

}  // namespace

Result<void> StatSession::start_command() {
  const bool counted = !options_.attaches() && !options_.no_counters;
  CounterSet* set = nullptr;
  if (counted) {
    auto prepared = CounterSet::prepare(
        events_,
        {.inherit = options_.inherit, .per_thread = options_.per_thread, .enable_on_exec = true});
    if (!prepared) return prepared.error();
    if (options_.per_thread && prepared->backend() == BackendKind::kPerfEvent) {
      return Error{.code = Errc::kUnsupported,
                   .sys_errno = 0,
                   .message = "perf_event keeps no record of each thread of a command",
                   .remedy = "count the running process with -p, or leave --per-thread out",
                   .subject = "--per-thread"};
    }
    sets_.push_back(std::move(*prepared));
    set = &sets_.back();
  }
  const bool in_child = set != nullptr && set->configure_in_target();
  auto child = ChildProcess::spawn(
      options_.command,
      in_child ? ChildProcess::Setup([set] { return set->configure(0); }) : nullptr);
  if (!child) return child.error();
  child_.emplace(std::move(*child));
  if (set != nullptr && !in_child) {
    if (auto configured = set->configure(child_->pid()); !configured) return configured.error();
  }
  return {};
}

Result<void> StatSession::attach_all() {
  std::vector<pid_t> tids = options_.tids;
  for (const int pid : options_.pids) {
    const auto threads = threads_of(pid);
    if (threads.empty()) {
      return Error{.code = Errc::kNoThread,
                   .sys_errno = 0,
                   .message = "there is no process " + std::to_string(pid),
                   .remedy = "check the id with 'ps -e'",
                   .subject = std::to_string(pid)};
    }
    tids.insert(tids.end(), threads.begin(), threads.end());
  }
  std::sort(tids.begin(), tids.end());
  tids.erase(std::unique(tids.begin(), tids.end()), tids.end());

  const auto kind = choose_backend(BackendKind::kAuto);
  if (!kind) return kind.error();
  Options options{.backend = *kind, .inherit = options_.inherit, .per_thread = options_.per_thread};
  // perf_event has a value of each thread only where nothing is inherited.
  if (options.per_thread && *kind == BackendKind::kPerfEvent) options.inherit = false;
  for (const pid_t tid : tids) {
    auto set = attach(events_, options, tid);
    if (!set) {
      const Errc code = set.error().code;
      // Threads of a process come and go.
      const bool gone = code == Errc::kNoThread && options_.tids.empty() && !sets_.empty();
      if (gone || (code == Errc::kBusy && is_ours(tid))) continue;
      Error error = set.error();
      if (code == Errc::kBusy)
        error.message = "thread " + std::to_string(tid) + ": " + error.message;
      return error;
    }
    sets_.push_back(std::move(*set));
  }
  return {};
}

// Whether a thread is counted because one of our targets created it meanwhile.
bool StatSession::is_ours(pid_t tid) const {
  for (const CounterSet& set : sets_) {
    const auto threads = set.read_threads();
    if (!threads) continue;
    for (const ThreadReading& thread : *threads) {
      if (thread.tid == tid) return true;
    }
  }
  return false;
}

bool StatSession::targets_alive() const {
  const auto alive = [](int id) { return is_alive(id); };
  return std::any_of(options_.pids.begin(), options_.pids.end(), alive) ||
         std::any_of(options_.tids.begin(), options_.tids.end(), alive);
}

void StatSession::wait_for_end(const OnInterval& on_interval) {
  constexpr double kLookEverySeconds = 0.1;  // at threads that are not our children
  const double interval_s = options_.interval_ms / 1e3;
  double next_s = interval_s;
  for (;;) {
    double wait_s = options_.attaches() ? kLookEverySeconds : -1;
    if (interval_s > 0) {
      const double left_s = std::max(0.0, next_s - (now_s() - start_s_));
      wait_s = wait_s < 0 ? left_s : std::min(wait_s, left_s);
    }
    siginfo_t info{};
    const int signal = signals_.wait(wait_s, &info);
    if (signal > 0 && signal != SIGCHLD) {
      if (child_) Signals::forward(info, child_->pid());
      if (!child_) interrupted_ = true;
      if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) interrupted_ = true;
    }
    if (child_ && child_->poll()) return;
    if (!child_ && (interrupted_ || !targets_alive())) return;
    const double passed_s = now_s() - start_s_;
    if (interval_s > 0 && passed_s >= next_s) {
      interval(on_interval, passed_s);
      while (next_s <= passed_s) next_s += interval_s;
    }
  }
}

// With --per-thread one record per thread, else one of the whole.
Result<std::vector<ThreadReading>> StatSession::read() const {
  std::vector<ThreadReading> threads;
  if (!options_.per_thread) threads.emplace_back();
  for (const CounterSet& set : sets_) {
    if (options_.per_thread) {
      auto more = set.read_threads();
      if (!more) return more.error();
      for (ThreadReading& thread : *more) threads.push_back(std::move(thread));
    } else {
      const auto total = set.total();
      if (!total) return total.error();
      add(threads.front().reading, *total);
    }
  }
  return threads;
}

Result<StatReport> StatSession::report() {
  StatReport report;
  report.title = title_of(options_);
  if (sets_.empty()) return report;
  const auto threads = read();
  if (!threads) return threads.error();

  Reading sum;
  const bool device = sets_.front().backend() == BackendKind::kDevice;
  for (const ThreadReading& thread : *threads) {
    const Reading reading =
        options_.interval_ms > 0 ? since(thread.reading, last_, thread.tid) : thread.reading;
    add(sum, thread.reading);
    for (std::size_t i = 0; i < events_.size(); ++i) {
      StatRow row;
      row.event = events_[i].name;
      row.runtime_ns = reading.time_running_ns;
      if (reading.state != State::kLost && i < reading.values.size()) {
        row.value = static_cast<double>(reading.values[i]);
      }
      // The device never counts for a part of the time only.
      if (!device && reading.time_running_ns < reading.time_enabled_ns) {
        row.running_percent = 100.0 * static_cast<double>(reading.time_running_ns) /
                              static_cast<double>(reading.time_enabled_ns);
      }
      if (options_.per_thread) row.thread = thread.comm + "-" + std::to_string(thread.tid);
      report.rows.push_back(std::move(row));
    }
  }
  last_ = *threads;
  if (auto state = check_state(sum.state); !state) {
    report.notes.push_back(state.error().sentence());
    sound_ = false;
  } else if (sum.lost > 0) {
    report.notes.push_back(device
                               ? std::to_string(sum.lost) +
                                     " of the counted threads lost counts; the values are too low"
                               : "the counters were taken away for a part of the time; the values "
                                 "are too low");
    sound_ = false;
  }
  report.times = StatTimes{sum.time_enabled_ns, sum.time_running_ns, sum.time_stolen_ns};
  return report;
}

void StatSession::interval(const OnInterval& on_interval, double seconds) {
  auto report_now = report();
  if (!report_now) return;  // the end reports it
  report_now->interval_s = seconds;
  on_interval(*report_now);
}

Result<StatReport> StatSession::run(const OnInterval& on_interval) {
  if (!options_.command.empty()) {
    if (auto started = start_command(); !started) return started.error();
  }
  if (options_.attaches() && !options_.no_counters) {
    if (auto attached = attach_all(); !attached) return attached.error();
  }
  start_s_ = now_s();
  if (child_) {
    if (auto released = child_->release(); !released) return released.error();
  }
  wait_for_end(on_interval);
  const double elapsed_s = now_s() - start_s_;

  auto result = report();
  if (!result) return result;
  result->elapsed_s = elapsed_s;
  if (options_.interval_ms > 0) result->interval_s = elapsed_s;
  if (child_) {
    command_status_ = child_->exit_status();
    if (!options_.attaches()) {
      result->user_s = seconds(child_->usage().ru_utime);
      result->sys_s = seconds(child_->usage().ru_stime);
    }
  }
  return result;
}

}  // namespace perfctr::cli
