// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_set.hpp"

#include "perf_errors.hpp"
#include "perf_group.hpp"
#include "perf_open.hpp"
#include "perf_page.hpp"
#include "text_file.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace perfctr {

perf_event_attr PerfSet::attribute(const Event& event, const Options& options, bool leader) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_RAW;
  attr.config = event.code;
  attr.inherit = options.inherit;
  set_group_fields(attr, event.domains, leader, options.enable_on_exec);
  return attr;
}

Result<void> PerfSet::configure(std::span<const Event> events, const Options& options) {
  for (const Event& event : events) {
    if ((event.domains & kDomainHypervisor) == 0) continue;
    return Error{
        .code = Errc::kBadDomain,
        .message = "event '" + event.name + "' counts a hypervisor, and perf_event has none",
        .remedy = "use ':h' in a Xen guest with the perfctr module",
        .subject = event.name};
  }
  tid_ = options.tid;
  inherit_ = options.inherit;
  const pid_t named = tid_ != 0 ? tid_ : static_cast<pid_t>(::syscall(SYS_gettid));
  comm_ = first_line("/proc/" + std::to_string(named) + "/comm");
  std::vector<Counter> counters;
  for (std::size_t i = 0; i < events.size(); ++i) {
    perf_event_attr attr = attribute(events[i], options, i == 0);
    const int leader = i == 0 ? -1 : counters.front().fd.get();
    Counter counter;
    counter.fd = ScopedFd(perf_event_open(&attr, options.tid, -1, leader));
    if (!counter.fd.is_open()) {
      const int error = errno;  // before look_around() changes it
      return perf_open_error(error, events, i, options.tid, look_around());
    }
    counters.push_back(std::move(counter));
  }
  counters_ = std::move(counters);
  const bool self = options.tid == 0 && !options.enable_on_exec;
  // The kernel does not map events that are inherited.
  if (self && !options.inherit) return map_pages();
  return {};
}

Result<void> PerfSet::map_pages() {
  const auto page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (Counter& counter : counters_) {
    counter.page = ScopedMmap(counter.fd.get(), page_size);
    if (counter.page.get() == nullptr) {
      return perf_call_error(counter.page.error(), "map a counter of perf_event");
    }
    pages_.push_back(static_cast<const perf_event_mmap_page*>(counter.page.get()));
    // The first read is not to fault.
    static_cast<void>(read_once(pages_.back()->lock));
  }
  return {};
}

Result<void> PerfSet::call(unsigned long request, const char* what) {
  if (counters_.empty()) return perf_call_error(EBADF, what);
  return call_perf_group(counters_.front().fd.get(), request, what);
}

Result<void> PerfSet::start() {
  auto result = call(PERF_EVENT_IOC_ENABLE, "start counting");
  if (result) running_ = true;
  return result;
}

Result<void> PerfSet::stop() {
  auto result = call(PERF_EVENT_IOC_DISABLE, "stop counting");
  if (result) running_ = false;
  return result;
}

Result<void> PerfSet::reset() {
  // The kernel's reset of a running event leaves a page whose offset takes the
  // raw counter for unsigned, and reads are then wrong by 2^width (Linux 6.1,
  // perf_event_reset); an event that starts gets a right one.
  const bool was_running = running_;
  if (was_running) {
    if (auto stopped = stop(); !stopped) return stopped;
  }
  auto result = call(PERF_EVENT_IOC_RESET, "reset the counters");
  if (result && was_running) return start();
  return result;
}

bool PerfSet::target_gone() const noexcept {
  // Linux takes the id of any thread here.
  return tid_ > 0 && ::kill(tid_, 0) < 0 && errno == ESRCH;
}

State PerfSet::state() const noexcept {
  if (counters_.empty()) return State::kFree;
  if (target_gone()) return State::kExited;
  return running_ ? State::kRunning : State::kStopped;
}

Result<Reading> PerfSet::read(bool target_only) const {
  if (target_only && inherit_) {
    return Error{.code = Errc::kUnsupported,
                 .message =
                     "perf_event keeps no counts of the first thread alone in a set that is "
                     "inherited",
                 .remedy = "count without inheriting",
                 .subject = {}};
  }
  Reading reading;
  reading.state = state();
  reading.nr_threads = 1;
  for (const Counter& counter : counters_) {
    PerfCount count{};
    if (!read_perf_count(counter.fd.get(), count)) return perf_no_room_error(look_around());
    reading.values.push_back(count.value);
    reading.time_enabled_ns = std::max(reading.time_enabled_ns, count.time_enabled_ns);
    reading.time_running_ns = std::max(reading.time_running_ns, count.time_running_ns);
    // A pinned group is never multiplexed: less time running is time not counted.
    if (count.time_running_ns < count.time_enabled_ns) reading.lost = 1;
  }
  return reading;
}

Result<std::vector<ThreadReading>> PerfSet::read_threads() const {
  auto reading = read(true);
  if (!reading) return reading.error();
  const pid_t tid = tid_ != 0 ? tid_ : static_cast<pid_t>(::syscall(SYS_gettid));
  ThreadReading thread;
  thread.tid = tid;
  thread.pid = tid;
  thread.comm = comm_;
  thread.reading = std::move(*reading);
  return std::vector<ThreadReading>{std::move(thread)};
}

void PerfSet::read_values(std::uint64_t* values, unsigned nr) const noexcept {
  const unsigned known = std::min(nr, static_cast<unsigned>(pages_.size()));
  if (known == nr && read_perf_pages<HardwarePmc>(std::span(pages_).first(nr), values)) return;
  for (unsigned i = 0; i < nr; ++i) values[i] = read_by_kernel(i);
}

std::uint64_t PerfSet::read_value(unsigned index) const noexcept {
  std::uint64_t value = 0;
  if (index < pages_.size() &&
      read_perf_pages<HardwarePmc>(std::span(pages_).subspan(index, 1), &value)) {
    return value;
  }
  return read_by_kernel(index);
}

std::uint64_t PerfSet::read_by_kernel(unsigned index) const noexcept {
  PerfCount count{};
  const bool ok = index < counters_.size() && read_perf_count(counters_[index].fd.get(), count);
  return ok ? count.value : PERFCTR_NO_VALUE;
}

std::uint64_t PerfSet::time_ticks() const noexcept {
  // The page says how to turn ticks into nanoseconds; here it is the other way
  // round, of the thread's time on a CPU.
  if (pages_.empty() || !pages_.front()->cap_user_time) return PERFCTR_NO_VALUE;
  const std::uint64_t mult = pages_.front()->time_mult;
  const unsigned shift = pages_.front()->time_shift;
  timespec time{};
  if (mult == 0 || ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return PERFCTR_NO_VALUE;
  const auto ns = static_cast<unsigned __int128>(time.tv_sec) * 1000000000u +
                  static_cast<unsigned __int128>(time.tv_nsec);
  return static_cast<std::uint64_t>((ns << shift) / mult);
}

}  // namespace perfctr
