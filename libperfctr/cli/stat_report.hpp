// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What `perfctr stat` found out, and how it is written down.
#pragma once

#include "stat_options.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perfctr::cli {

// One counter's line.
struct StatRow {
  std::string event;
  std::optional<double> value;     // none: "<not counted>"
  double deviation_percent = 0;    // of the mean, with -r
  std::uint64_t runtime_ns = 0;    // on a CPU while counting
  double running_percent = 100.0;  // of the time it should have counted
  std::string thread;              // "comm-tid" with --per-thread
};

struct StatTimes {
  std::uint64_t enabled_ns = 0;
  std::uint64_t running_ns = 0;
  std::uint64_t stolen_ns = 0;
};

// A block of rows: all that is printed at the end, or after one interval.
struct StatReport {
  std::string title;  // what was counted: "'true'", "process id '12'"
  unsigned runs = 1;
  std::optional<double> interval_s;  // time since the start, with -I
  std::vector<StatRow> rows;
  std::optional<StatTimes> times;
  double elapsed_s = 0;
  double elapsed_deviation_s = 0;
  double elapsed_deviation_percent = 0;
  std::optional<double> user_s;  // of the command
  std::optional<double> sys_s;
  std::vector<std::string> notes;  // reasons not to trust the rows
};

// Turns reports into text.  Has no output of its own.
class StatWriter {
 public:
  StatWriter() = default;
  StatWriter(const StatWriter&) = delete;
  StatWriter& operator=(const StatWriter&) = delete;
  virtual ~StatWriter() = default;

  virtual std::string report(const StatReport& report) = 0;

  [[nodiscard]] static std::unique_ptr<StatWriter> create(const StatOptions& options);
};

// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

// "insn per cycle" and the like; none when there is nothing to say.
struct Metric {
  double value;
  const char* unit;
  bool percent;
};
[[nodiscard]] std::optional<Metric> metric_of(const StatRow& row, const std::vector<StatRow>& rows);

}  // namespace perfctr::cli
