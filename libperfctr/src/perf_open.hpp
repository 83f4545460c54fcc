// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The system call that has no wrapper in the C library.
#pragma once

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace perfctr {

// cpu -1: wherever the thread runs; group_fd -1: a leader.  -1 with errno.
inline int perf_event_open(perf_event_attr* attr, pid_t tid, int cpu, int group_fd) noexcept {
  return static_cast<int>(
      ::syscall(SYS_perf_event_open, attr, tid, cpu, group_fd, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace perfctr
