// SPDX-License-Identifier: LGPL-2.1-or-later
#include "signals.hpp"

#include <sys/signalfd.h>

#include <cerrno>
#include <ctime>
#include <initializer_list>

namespace perfctr::cli {

Signals::Signals() {
  ::sigemptyset(&watched_);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM}) {
    ::sigaddset(&watched_, signal);
  }
  ::sigprocmask(SIG_BLOCK, &watched_, &before_);
  fd_ = ScopedFd(::signalfd(-1, &watched_, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signals::~Signals() {
  // What came too late concerns nobody.
  const timespec now{};
  while (::sigtimedwait(&watched_, nullptr, &now) > 0) {
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int Signals::wait(double seconds, siginfo_t* info) {
  if (seconds < 0) {
    int signal;
    do {
      signal = ::sigwaitinfo(&watched_, info);
    } while (signal < 0 && errno == EINTR);
    return signal;
  }
  timespec time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_nsec = static_cast<long>((seconds - static_cast<double>(time.tv_sec)) * 1e9);
  const int signal = ::sigtimedwait(&watched_, info, &time);
  return signal > 0 ? signal : 0;
}

void Signals::forward(const siginfo_t& info, pid_t command) {
  // Ctrl-C goes to the whole foreground group, the command included.
  if (info.si_code == SI_KERNEL) return;
  ::kill(command, info.si_signo);
}

}  // namespace perfctr::cli
