// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exec_tracer.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

namespace perfctr::cli {
namespace {

constexpr unsigned long kBeforeExec =
    PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
constexpr unsigned long kAfterExec = kBeforeExec | PTRACE_O_TRACEEXIT;

}  // namespace

int ExecTracer::follow(pid_t pid) {
  // Not its exit yet: a command that cannot be executed is to end without us,
  // while its parent still waits for news of it.
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, kBeforeExec) < 0) return errno;
  process_of_[pid] = pid;
  threads_[pid].insert(pid);
  return 0;
}

void ExecTracer::forget(pid_t tid) {
  const auto found = process_of_.find(tid);
  if (found == process_of_.end()) return;
  const pid_t pid = found->second;
  process_of_.erase(found);
  auto& threads = threads_[pid];
  threads.erase(tid);
  records_.add_exit({pid, tid});
  if (threads.empty()) threads_.erase(pid);
}

// A new thread's first stop and its parent's report of it come in any order:
// the first of the two does this, while the new thread has not run yet.
void ExecTracer::handle_new_thread(pid_t tid) {
  if (process_of_.contains(tid)) return;
  const pid_t pid = status_number(tid, "Tgid:");
  if (pid == 0) return;  // killed meanwhile
  const pid_t parent = pid != tid ? pid : status_number(tid, "PPid:");
  process_of_[tid] = pid;
  threads_[pid].insert(tid);
  records_.add_fork({pid, tid}, {parent, parent});
}

void ExecTracer::handle_stop(pid_t tid, int status) {
  handle_new_thread(tid);
  const int event = status >> 16;
  int signal = 0;
  unsigned long message = 0;
  switch (event) {
    case 0:
      signal = WSTOPSIG(status);  // on its way to the thread
      break;
    case PTRACE_EVENT_STOP:
      // A group stop, which lasts until SIGCONT; or a new thread's first stop.
      if (const int stop = WSTOPSIG(status);
          stop == SIGSTOP || stop == SIGTSTP || stop == SIGTTIN || stop == SIGTTOU) {
        ::ptrace(PTRACE_LISTEN, tid, nullptr, nullptr);
        return;
      }
      break;
    case PTRACE_EVENT_CLONE:
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
      if (::ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &message) == 0) {
        handle_new_thread(static_cast<pid_t>(message));
      }
      break;
    case PTRACE_EVENT_EXEC: {
      // All other threads are gone, and the one that executed has the process's id.
      auto& threads = threads_[tid];
      for (const pid_t other : threads) process_of_.erase(other);
      threads = {tid};
      process_of_[tid] = tid;
      ::ptrace(PTRACE_SETOPTIONS, tid, nullptr, kAfterExec);
      records_.add_exec(tid);
      break;
    }
    case PTRACE_EVENT_EXIT:
      // The last look at the memory, by the last thread: it still has it.
      if (const auto found = process_of_.find(tid);
          found != process_of_.end() && threads_[found->second].size() == 1) {
        records_.add_new_mappings(found->second, tid);
      }
      forget(tid);
      break;
  }
  ::ptrace(PTRACE_CONT, tid, nullptr, static_cast<long>(signal));
}

void ExecTracer::handle_events(ChildProcess& command) {
  for (;;) {
    int status = 0;
    rusage usage{};
    const pid_t tid = ::wait4(-1, &status, __WALL | WNOHANG, &usage);
    if (tid < 0 && errno == EINTR) continue;
    if (tid <= 0) return;
    if (WIFSTOPPED(status)) {
      handle_stop(tid, status);
      continue;
    }
    forget(tid);  // killed without a stop
    if (tid == command.pid()) command.ended(status, usage);
  }
}

}  // namespace perfctr::cli
