// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/result.hpp>

#include <span>
#include <string>
#include <vector>

namespace perfctr::cli {

enum class StatFormat { kText, kCsv, kJson };

// The command line of `perfctr stat`.  Letters and meanings are those of perf.
struct StatOptions {
  std::string events;     // -e, several joined by commas; "" for the default
  bool inherit = true;    // -i turns it off
  std::vector<int> pids;  // -p
  std::vector<int> tids;  // -t
  unsigned repeat = 1;    // -r
  StatFormat format = StatFormat::kText;
  std::string separator;     // -x
  std::string output_path;   // -o
  bool append = false;       // --append
  int log_fd = -1;           // --log-fd
  unsigned interval_ms = 0;  // -I
  bool no_counters = false;  // -n
  bool big_numbers = true;   // -B, --no-big-num
  bool per_thread = false;   // --per-thread
  int verbosity = 0;         // -v
  bool help = false;         // -h
  std::vector<std::string> command;

  [[nodiscard]] bool attaches() const { return !pids.empty() || !tids.empty(); }
};

// args[0] is the verb.  Errors are about the command line.
[[nodiscard]] Result<StatOptions> parse_stat_options(std::span<char* const> args);

}  // namespace perfctr::cli
