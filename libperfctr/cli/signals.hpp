// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "scoped_fd.hpp"

#include <sys/types.h>

#include <csignal>

namespace perfctr::cli {

// Takes the signals that concern a counted command as messages, while in scope.
// A child must clear its signal mask before it executes a program.
class Signals final {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  // Waits for a signal at most this long (negative: for ever); 0 when none came.
  int wait(double seconds, siginfo_t* info);

  // For poll(): readable while a signal waits.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Hands a signal on to the command, unless the terminal already has.
  static void forward(const siginfo_t& info, pid_t command);

 private:
  sigset_t watched_;
  sigset_t before_;
  ScopedFd fd_;
};

}  // namespace perfctr::cli
