// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_sampler.hpp"

#include "cpu_list.hpp"
#include "make_error.hpp"
#include "perf_errors.hpp"
#include "perf_group.hpp"
#include "perf_open.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace perfctr {
namespace {

// Records as attribute() asks for them.
struct SampleRecord {
  RecordHeader header;
  std::uint64_t id;
  std::uint64_t ip;
  std::uint32_t pid, tid;
  std::uint64_t time;
  std::uint32_t cpu, reserved;
  std::uint64_t period;
  // Then, with call chains: their number, and addresses between marks.
};
struct LostRecord {
  RecordHeader header;
  std::uint64_t id;
  std::uint64_t lost;
  std::uint32_t pid, tid;
  std::uint64_t time;
};

template <class Record>
bool take(std::span<const std::byte> bytes, Record& record) {
  if (bytes.size() < sizeof(record)) return false;
  std::memcpy(&record, bytes.data(), sizeof(record));
  return true;
}

}  // namespace

perf_event_attr PerfSampler::attribute(const SampledEvent& event, const SamplerOptions& options,
                                       std::uint32_t wakeup_bytes, bool leader) {
  perf_event_attr attr{};
  attr.type = event.software ? PERF_TYPE_SOFTWARE : PERF_TYPE_RAW;
  attr.config = event.event.code;
  attr.freq = event.rate.frequency != 0;
  attr.sample_period = attr.freq ? event.rate.frequency : event.rate.period;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                     PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;
  if (options.call_chain) {
    attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
    attr.sample_max_stack =
        static_cast<__u16>(std::min<unsigned>(options.max_stack, PERF_MAX_STACK_DEPTH));
  }
  set_group_fields(attr, event.event.domains, leader, options.enable_on_exec);
  attr.exclude_callchain_kernel = attr.exclude_kernel;
  attr.exclude_guest = 1;
  attr.sample_id_all = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.inherit = options.inherit;
  if (options.notify || options.signal != 0) {
    attr.wakeup_events = 1;
  } else {
    attr.watermark = 1;
    attr.wakeup_watermark = wakeup_bytes;
  }
  return attr;
}

Result<void> PerfSampler::prepare(std::span<const SampledEvent> events,
                                  const SamplerOptions& options) {
  for (const SampledEvent& event : events) {
    periods_.push_back(event.rate.period);
    if ((event.event.domains & kDomainHypervisor) == 0) continue;
    return make_error(
        Errc::kBadDomain, 0,
        "event '" + event.event.name + "' samples a hypervisor, and perf_event has none",
        "use ':h' in a Xen guest with the perfctr module", event.event.name);
  }
  if (options.signal != 0 && (options.inherit || options.enable_on_exec || options.tid != 0)) {
    return make_error(Errc::kUnsupported, 0,
                      "perf_event sends a signal per sample to the calling thread only",
                      "leave inheriting, exec and other threads out");
  }
  buffer_pages_ = options.buffer_pages != 0 ? options.buffer_pages : kDefaultBufferPages;
  epoll_ = ScopedFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.is_open()) return perf_call_error(errno, "make an epoll descriptor");
  return {};
}

Result<void> PerfSampler::open_group(int cpu, std::span<const SampledEvent> events,
                                     const SamplerOptions& options) {
  const auto page = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
  const std::uint32_t wakeup =
      options.wakeup_bytes != 0 ? options.wakeup_bytes : buffer_pages_ * page / 2;
  Group group;
  for (std::size_t i = 0; i < events.size(); ++i) {
    perf_event_attr attr = attribute(events[i], options, wakeup, i == 0);
    const int leader = i == 0 ? -1 : group.fds.front().get();
    ScopedFd fd(perf_event_open(&attr, options.tid, cpu, leader));
    if (!fd.is_open()) {
      const int error = errno;  // before look_around() changes it
      // A CPU that went offline meanwhile needs no group.
      if (cpu >= 0 && error == ENODEV) return {};
      std::vector<Event> plain;
      for (const SampledEvent& event : events) plain.push_back(event.event);
      return perf_open_error(error, plain, i, options.tid, look_around());
    }
    std::uint64_t id = 0;
    if (::ioctl(fd.get(), PERF_EVENT_IOC_ID, &id) < 0) {
      return perf_call_error(errno, "ask for an event's id");
    }
    index_of_id_[id] = static_cast<unsigned>(i);
    group.fds.push_back(std::move(fd));
  }
  groups_.push_back(std::move(group));
  return {};
}

Result<void> PerfSampler::configure(std::span<const SampledEvent> events,
                                    const SamplerOptions& options) {
  const std::vector<int> cpus = options.inherit ? online_cpus() : std::vector<int>{-1};
  for (const int cpu : cpus) {
    if (auto opened = open_group(cpu, events, options); !opened) return opened;
  }
  if (groups_.empty()) return perf_call_error(ENODEV, "sample on any CPU");
  if (options.signal != 0) return send_signals(options.signal, options.tid);
  return {};
}

Result<void> PerfSampler::send_signals(int signal, pid_t tid) {
  const f_owner_ex owner{.type = F_OWNER_TID,
                         .pid = tid != 0 ? tid : static_cast<pid_t>(::syscall(SYS_gettid))};
  for (const ScopedFd& fd : groups_.front().fds) {
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (::fcntl(fd.get(), F_SETOWN_EX, &owner) < 0 || ::fcntl(fd.get(), F_SETSIG, signal) < 0 ||
        ::fcntl(fd.get(), F_SETFL, flags | O_ASYNC) < 0) {
      return perf_call_error(errno, "have a signal sent per sample");
    }
  }
  return {};
}

Result<void> PerfSampler::map_buffer() {
  for (Group& group : groups_) {
    const int first = group.fds.front().get();
    group.buffer = PerfBuffer(first, buffer_pages_);
    if (const int error = group.buffer.error(); error != 0) {
      return make_error(Errc::kSystem, error,
                        "cannot map a sample buffer of " + std::to_string(buffer_pages_) +
                            " pages" + errno_text(error),
                        "ask for fewer pages, or raise 'sysctl kernel.perf_event_mlock_kb' or "
                        "'ulimit -l'");
    }
    for (std::size_t i = 1; i < group.fds.size(); ++i) {
      if (::ioctl(group.fds[i].get(), PERF_EVENT_IOC_SET_OUTPUT, first) < 0) {
        return perf_call_error(errno, "send the samples of two events to one buffer");
      }
    }
    epoll_event watch{};
    watch.events = EPOLLIN;
    watch.data.fd = first;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, first, &watch) < 0) {
      return perf_call_error(errno, "watch a sample buffer");
    }
  }
  return {};
}

Result<void> PerfSampler::call(unsigned long request, const char* what) {
  if (groups_.empty()) return perf_call_error(EBADF, what);
  for (const Group& group : groups_) {
    auto called = call_perf_group(group.fds.front().get(), request, what);
    if (!called) return called;
  }
  return {};
}

Result<void> PerfSampler::start() {
  auto result = call(PERF_EVENT_IOC_ENABLE, "start sampling");
  if (result) running_ = true;
  return result;
}

Result<void> PerfSampler::stop() {
  auto result = call(PERF_EVENT_IOC_DISABLE, "stop sampling");
  if (result) running_ = false;
  return result;
}

bool PerfSampler::parse_sample(std::span<const std::byte> bytes, Sample& sample) {
  SampleRecord record{};
  if (!take(bytes, record)) return false;
  const auto found = index_of_id_.find(record.id);
  if (found == index_of_id_.end()) return false;
  chain_.clear();
  bytes = bytes.subspan(sizeof(record));
  std::uint64_t nr = 0;
  if (take(bytes, nr)) {
    for (bytes = bytes.subspan(sizeof(nr)); nr > 0 && bytes.size() >= sizeof(std::uint64_t);
         bytes = bytes.subspan(sizeof(std::uint64_t)), --nr) {
      std::uint64_t address;
      std::memcpy(&address, bytes.data(), sizeof(address));
      // Marks of the kernel's between kernel and user addresses.
      if (address >= PERF_CONTEXT_MAX) continue;
      if (chain_.empty() && address == record.ip) continue;
      chain_.push_back(address);
    }
  }
  sample = {};
  sample.ip = record.ip;
  sample.time_ns = record.time;
  sample.pid = static_cast<pid_t>(record.pid);
  sample.tid = static_cast<pid_t>(record.tid);
  sample.cpu = record.cpu;
  sample.counters = 1u << found->second;
  const unsigned mode = record.header.mode & PERF_RECORD_MISC_CPUMODE_MASK;
  sample.mode = mode == PERF_RECORD_MISC_KERNEL       ? SampleMode::kKernel
                : mode == PERF_RECORD_MISC_HYPERVISOR ? SampleMode::kHypervisor
                                                      : SampleMode::kUser;
  sample.period = record.period;
  sample.chain = chain_;
  return true;
}

void PerfSampler::hand_over(const RecordRing& ring, const OnSample& on_sample,
                            const OnLost& on_lost) {
  RecordHeader header{};
  take(ring.record(), header);
  switch (header.type) {
    case PERF_RECORD_SAMPLE: {
      Sample sample;
      if (on_sample && parse_sample(ring.record(), sample)) on_sample(sample);
      break;
    }
    case PERF_RECORD_LOST: {
      LostRecord record{};
      if (!take(ring.record(), record)) break;
      buffer_lost_ += record.lost;
      const auto found = index_of_id_.find(record.id);
      if (!on_lost || found == index_of_id_.end()) break;
      on_lost(LostSamples{.lost = record.lost,
                          .time_ns = record.time,
                          .pid = static_cast<pid_t>(record.pid),
                          .tid = static_cast<pid_t>(record.tid),
                          .counter = found->second,
                          .why = LostReason::kBuffer});
      break;
    }
    case PERF_RECORD_THROTTLE:
      ++throttled_;
      break;
  }
}

// A buffer whose threads have all ended would wake poll() for ever.
void PerfSampler::forget_ended() {
  epoll_event events[16];
  const int nr = ::epoll_wait(epoll_.get(), events, 16, 0);
  for (int i = 0; i < nr; ++i) {
    if ((events[i].events & EPOLLHUP) == 0) continue;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, events[i].data.fd, nullptr);
  }
}

Result<std::size_t> PerfSampler::drain(const OnSample& on_sample, const OnLost& on_lost) {
  forget_ended();
  std::size_t records = 0;
  bool broken = false;
  for (Group& group : groups_) {
    RecordRing& ring = group.buffer.ring();
    // At most one buffer full: a fast sampler is not to keep us here for ever.
    for (std::size_t bytes = 0; bytes < ring.size(); bytes += ring.record().size()) {
      const RecordRing::Next next = ring.next();
      broken |= next == RecordRing::Next::kBroken;
      if (next != RecordRing::Next::kRecord) break;
      hand_over(ring, on_sample, on_lost);
      ++records;
    }
  }
  if (broken) return broken_ring_error();
  return records;
}

Result<SampleTotals> PerfSampler::total() {
  SampleTotals totals;
  totals.reading.state = running_ ? State::kRunning : State::kStopped;
  totals.reading.nr_threads = 1;
  totals.reading.values.resize(periods_.size());
  std::vector<std::uint64_t> running_ns(periods_.size());
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.fds.size(); ++i) {
      PerfCount count{};
      if (!read_perf_count(group.fds[i].get(), count)) return perf_no_room_error(look_around());
      totals.reading.values[i] += count.value;
      running_ns[i] += count.time_running_ns;
      totals.reading.time_enabled_ns =
          std::max(totals.reading.time_enabled_ns, count.time_enabled_ns);
    }
  }
  for (const std::uint64_t ns : running_ns) {
    totals.reading.time_running_ns = std::max(totals.reading.time_running_ns, ns);
  }
  totals.missed.resize(periods_.size());
  totals.buffer_lost = buffer_lost_;
  totals.throttled = throttled_;
  return totals;
}

std::uint32_t PerfSampler::overflowed(const siginfo_t& info) const noexcept {
  if (groups_.empty() || info.si_code < POLL_IN || info.si_code > POLL_HUP) return 0;
  const auto& fds = groups_.front().fds;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].get() == info.si_fd) return 1u << i;
  }
  return 0;
}

}  // namespace perfctr
