// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "scoped_fd.hpp"

#include <perfctr/result.hpp>

#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace perfctr::cli {

// A command that waits, before it executes its program, until it is let go.
class ChildProcess final {
 public:
  // Runs in the child once it is let go, before the exec.
  using Setup = std::function<Result<void>()>;

  [[nodiscard]] static Result<ChildProcess> spawn(const std::vector<std::string>& command,
                                                  const Setup& setup);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Ends a child that was never let go; waits for the end of any other.
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  // Lets it go; returns once the program executes.  Errors are the setup's, or
  // say that the program cannot be executed (then sys_errno is that of the exec).
  [[nodiscard]] Result<void> release();

  // Whether the child has ended; fills status and usage if so.
  [[nodiscard]] bool poll();
  void wait();
  // For who has waited for all children at once: what wait4() gave for this one.
  void ended(int status, const rusage& usage) noexcept;
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }

  // Once ended: as a shell has it, 128 + the signal's number after a signal.
  [[nodiscard]] int exit_status() const noexcept;
  [[nodiscard]] const rusage& usage() const noexcept { return usage_; }

 private:
  ChildProcess(pid_t pid, ScopedFd go, ScopedFd news)
      : pid_(pid), go_(std::move(go)), news_(std::move(news)) {}
  bool reap(int flags);

  pid_t pid_;
  ScopedFd go_;    // closing it or writing a byte: run or end
  ScopedFd news_;  // an Error, or end of file at the exec
  bool ended_ = false;
  int status_ = 0;
  rusage usage_{};
};

}  // namespace perfctr::cli
