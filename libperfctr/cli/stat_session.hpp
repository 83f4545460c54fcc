// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "child_process.hpp"
#include "signals.hpp"
#include "stat_options.hpp"
#include "stat_report.hpp"

#include <perfctr/counter_set.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace perfctr::cli {

// One run of what `perfctr stat` counts: a command, or running threads.
class StatSession final {
 public:
  // Called with what was counted since the last time, with -I.
  using OnInterval = std::function<void(const StatReport&)>;

  StatSession(const StatOptions& options, const std::vector<Event>& events)
      : options_(options), events_(events) {}

  // Counts until the end.  An error leaves nothing running.
  [[nodiscard]] Result<StatReport> run(const OnInterval& on_interval);

  [[nodiscard]] int command_status() const noexcept { return command_status_; }
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }
  // Whether the values are to be trusted.
  [[nodiscard]] bool sound() const noexcept { return sound_; }

 private:
  Result<void> start_command();
  Result<void> attach_all();
  void wait_for_end(const OnInterval& on_interval);
  [[nodiscard]] bool is_ours(pid_t tid) const;
  [[nodiscard]] bool targets_alive() const;
  [[nodiscard]] Result<std::vector<ThreadReading>> read() const;
  Result<StatReport> report();
  void interval(const OnInterval& on_interval, double seconds);

  const StatOptions& options_;
  const std::vector<Event>& events_;
  Signals signals_;
  std::vector<CounterSet> sets_;
  std::optional<ChildProcess> child_;
  std::vector<ThreadReading> last_;  // of the last interval
  double start_s_ = 0;
  int command_status_ = 0;
  bool interrupted_ = false;
  bool sound_ = true;
};

}  // namespace perfctr::cli
