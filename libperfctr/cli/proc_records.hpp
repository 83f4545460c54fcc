// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "perf_data_writer.hpp"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string_view>

namespace perfctr::cli {

// A line of /proc/PID/maps, if it is of memory that can be executed.
[[nodiscard]] bool parse_mapping(std::string_view line, Mapping* mapping);

[[nodiscard]] std::uint64_t monotonic_ns();
// The number after "Tgid:" or the like in /proc/TID/status; 0 when there is none.
[[nodiscard]] pid_t status_number(pid_t tid, std::string_view name);

// Makes records of what /proc says about processes.
class ProcRecords final {
 public:
  explicit ProcRecords(PerfDataWriter& writer) : writer_(writer) {}

  // The process and its threads as they are now.
  void add_process(pid_t pid);
  // A program was executed.
  void add_exec(pid_t pid);
  void add_fork(ThreadIds ids, ThreadIds parent);
  void add_exit(ThreadIds ids);
  // What came into the process's memory since the last look at it; is taken for
  // having been there since.  `tid`, of this process, still has its memory.
  void add_new_mappings(pid_t pid, pid_t tid);
  void add_new_mappings_of_all();
  // The kernel and its modules, where /proc/kallsyms shows their addresses.
  void add_kernel();

 private:
  struct Process {
    std::set<Mapping> known;
    std::uint64_t looked_ns = 0;
  };
  void add_comm(ThreadIds ids, bool by_exec, std::uint64_t time_ns);

  PerfDataWriter& writer_;
  std::map<pid_t, Process> processes_;
};

}  // namespace perfctr::cli
