// SPDX-License-Identifier: LGPL-2.1-or-later
#include "attach.hpp"

#include "text_file.hpp"

#include <dirent.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace perfctr::cli {
namespace {

// Traces a thread without stopping it, and lets it go at the end of the scope.
class Tracing final {
 public:
  explicit Tracing(pid_t tid) : tid_(tid) {
    if (::ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) < 0) error_ = errno;
  }
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;
  ~Tracing() {
    if (error_ != 0) return;
    // Only a stopped thread can be let go.
    if (::ptrace(PTRACE_INTERRUPT, tid_, nullptr, nullptr) < 0) return;
    int status = 0;
    if (::waitpid(tid_, &status, __WALL) != tid_ || !WIFSTOPPED(status)) return;
    // A stop for another reason brings a signal, which belongs to the thread.
    const long signal = status >> 16 != 0 ? 0 : WSTOPSIG(status);
    ::ptrace(PTRACE_DETACH, tid_, nullptr, signal);
  }
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  pid_t tid_;
  int error_ = 0;
};

// Makes and starts a set or a sampler of a thread.
template <class Set, class Events, class SetOptions>
Result<Set> open_and_start(const Events& events, const SetOptions& options) {
  auto set = Set::open(events, options);
  if (!set) return set;
  if (auto started = set->start(); !started) return started.error();
  return set;
}

template <class Set, class Events, class SetOptions>
Result<Set> attach_to(const Events& events, const SetOptions& options, pid_t tid) {
  SetOptions of_thread = options;
  of_thread.tid = tid;
  auto set = open_and_start<Set>(events, of_thread);
  if (set || set.error().sys_errno != EPERM) return set;

  // The kernel's own rules for tracing decide who may count whom.
  const Tracing tracing(tid);
  if (tracing.error() != 0) {
    Error error = set.error();
    error.message += " (tracing it: " + std::string(std::strerror(tracing.error())) + ")";
    return error;
  }
  return open_and_start<Set>(events, of_thread);
}

}  // namespace

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> tids;
  DIR* directory = ::opendir(("/proc/" + std::to_string(pid) + "/task").c_str());
  if (directory == nullptr) return tids;
  while (const dirent* entry = ::readdir(directory)) {
    const int tid = std::atoi(entry->d_name);
    if (tid > 0) tids.push_back(tid);
  }
  ::closedir(directory);
  std::sort(tids.begin(), tids.end());
  return tids;
}

bool is_alive(pid_t tid) {
  // "12 (name) S ...": the name may hold anything but ends at the last ')'.
  const std::string line = first_line("/proc/" + std::to_string(tid) + "/stat");
  const auto close = line.rfind(')');
  if (close == std::string::npos || close + 2 >= line.size()) return false;
  const char state = line[close + 2];
  return state != 'Z' && state != 'X';
}

Result<CounterSet> attach(const std::vector<Event>& events, const Options& options, pid_t tid) {
  return attach_to<CounterSet>(events, options, tid);
}

Result<Sampler> attach_sampler(const std::vector<SampledEvent>& events,
                               const SamplerOptions& options, pid_t tid) {
  return attach_to<Sampler>(events, options, tid);
}

}  // namespace perfctr::cli
