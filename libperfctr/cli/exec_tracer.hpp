// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "child_process.hpp"
#include "proc_records.hpp"

#include <map>
#include <set>

namespace perfctr::cli {

// Follows a command and all its descendants by ptrace, and makes records where
// they fork, execute a program and end: for users to whom the kernel denies
// perf_event.  All but those moments run at full speed.
class ExecTracer final {
 public:
  explicit ExecTracer(ProcRecords& records) : records_(records) {}

  // Before the command is let go.  An errno on failure.
  [[nodiscard]] int follow(pid_t pid);

  // Deals with all that happened; to be called at each SIGCHLD, and now and then.
  // The end of the command is passed on to it.
  void handle_events(ChildProcess& command);

 private:
  void handle_stop(pid_t tid, int status);
  void handle_new_thread(pid_t tid);
  void forget(pid_t tid);

  ProcRecords& records_;
  std::map<pid_t, pid_t> process_of_;         // of each thread
  std::map<pid_t, std::set<pid_t>> threads_;  // of each process
};

}  // namespace perfctr::cli
