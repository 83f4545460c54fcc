// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device_sampler.hpp"

#include "device_errors.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace perfctr {
namespace {

// A record as its type has it; what the kernel did not send is zero.
template <class Record>
Record as(std::span<const std::byte> bytes) {
  Record record{};
  std::memcpy(&record, bytes.data(), std::min(bytes.size(), sizeof(record)));
  return record;
}

bool any_frequency(std::span<const PeriodControl> controls) {
  return std::any_of(controls.begin(), controls.end(),
                     [](const PeriodControl& control) { return control.active(); });
}

}  // namespace

Result<void> DeviceSampler::prepare(std::span<const SampledEvent> events,
                                    const SamplerOptions& options) {
  info_.size = sizeof(info_);
  if (const int error = file_->ioctl(PERFCTR_IOC_INFO, &info_); error != 0) {
    return device_call_error(error, "ask the perfctr module what it can do");
  }
  if (info_.abi != PERFCTR_ABI_VERSION) return device_abi_error(info_.abi);
  if ((info_.flags & PERFCTR_INFO_SAMPLE) == 0) return device_no_sampling_error();
  for (const SampledEvent& event : events) {
    if (event.software) return device_software_event_error(event.event.name);
    PeriodControl control;
    if (event.rate.frequency != 0) control = {event.rate.frequency, info_.min_period};
    controls_.push_back(control);
    periods_.push_back(control.active() ? control.period() : event.rate.period);
  }
  buffer_pages_ = options.buffer_pages != 0 ? options.buffer_pages : kDefaultBufferPages;
  return {};
}

Result<void> DeviceSampler::configure(std::span<const SampledEvent> events,
                                      const SamplerOptions& options) {
  perfctr_config config{};
  config.size = sizeof(config);
  config.flags = (options.inherit ? PERFCTR_F_INHERIT : 0) |
                 (options.enable_on_exec ? PERFCTR_F_ENABLE_ON_EXEC : 0) |
                 (options.notify ? PERFCTR_F_NOTIFY : 0) |
                 (options.call_chain ? PERFCTR_F_CALLCHAIN : 0);
  config.pid = options.tid;
  config.nr = static_cast<std::uint32_t>(events.size());
  std::vector<Event> plain;
  for (std::size_t i = 0; i < events.size(); ++i) {
    config.counter[i].event = events[i].event.code;
    config.counter[i].domain = events[i].event.domains;
    config.counter[i].mode = PERFCTR_MODE_SAMPLE;
    config.counter[i].period = periods_[i];
    plain.push_back(events[i].event);
  }
  config.signal = static_cast<std::uint32_t>(options.signal);
  config.buffer_pages = buffer_pages_;
  config.wakeup = options.wakeup_bytes;
  if (options.call_chain) {
    config.max_stack = options.max_stack != 0
                           ? std::min<std::uint32_t>(options.max_stack, PERFCTR_MAX_STACK)
                           : PERFCTR_MAX_STACK;
  }
  if (const int error = file_->ioctl(PERFCTR_IOC_CONFIGURE, &config); error != 0) {
    return device_configure_error(error, config, plain, info_.min_period);
  }
  return {};
}

Result<void> DeviceSampler::map_buffer() {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t data_size = buffer_pages_ * page;
  int error = 0;
  void* address = file_->map_buffer(page + data_size, &error);
  if (address == nullptr) return device_buffer_error(error);
  auto* header = static_cast<perfctr_buffer*>(address);
  // Where the data are is known from the mapping; the header is to agree.
  if (header->abi != PERFCTR_ABI_VERSION) return device_abi_error(header->abi);
  if (header->data_offset != page || header->data_size != data_size) {
    return device_buffer_error(EPROTO);
  }
  const auto* data = static_cast<const std::byte*>(address) + page;
  ring_ = RecordRing(data, data_size, reinterpret_cast<std::uint64_t*>(&header->data_head),
                     reinterpret_cast<std::uint64_t*>(&header->data_tail));
  return {};
}

Result<void> DeviceSampler::call(unsigned long request, const char* what) {
  if (const int error = file_->ioctl(request, nullptr); error != 0) {
    return device_call_error(error, what);
  }
  return {};
}

Result<void> DeviceSampler::start() { return call(PERFCTR_IOC_START, "start sampling"); }
Result<void> DeviceSampler::stop() { return call(PERFCTR_IOC_STOP, "stop sampling"); }

Result<perfctr_read> DeviceSampler::read() {
  perfctr_read request{};
  request.size = sizeof(request);
  if (const int error = file_->ioctl(PERFCTR_IOC_READ, &request); error != 0) {
    return device_call_error(error, "read the counters");
  }
  request.nr = std::min<std::uint32_t>(request.nr, PERFCTR_MAX_COUNTERS);
  return request;
}

// All threads of the set together: a frequency is of a thread's time on a CPU.
Result<void> DeviceSampler::adapt(const perfctr_read& now) {
  for (unsigned i = 0; i < controls_.size() && i < now.nr; ++i) {
    if (!controls_[i].active()) continue;
    const auto next = controls_[i].adapt(now.value[i], now.time_running);
    if (!next) continue;
    perfctr_period request{.size = sizeof(request), .counter = i, .period = *next};
    if (const int error = file_->ioctl(PERFCTR_IOC_PERIOD, &request); error != 0) {
      return device_call_error(error, "change the sampling period");
    }
    controls_[i].set(*next);
    periods_[i] = *next;
  }
  return {};
}

Result<SampleTotals> DeviceSampler::total() {
  const auto now = read();
  if (!now) return now.error();
  SampleTotals totals;
  totals.reading.state = static_cast<State>(now->state);
  totals.reading.values.assign(now->value, now->value + now->nr);
  totals.reading.time_enabled_ns = now->time_enabled;
  totals.reading.time_running_ns = now->time_running;
  totals.reading.time_stolen_ns = now->time_stolen;
  totals.reading.nr_threads = now->nr_threads;
  totals.reading.lost = now->lost;
  totals.missed.assign(now->missed, now->missed + now->nr);
  totals.buffer_lost = now->buffer_lost;
  const bool goes_on = totals.reading.state == State::kRunning;
  if (goes_on) {
    if (auto adapted = adapt(*now); !adapted) return adapted.error();
  }
  return totals;
}

void DeviceSampler::hand_over(const OnSample& on_sample, const OnLost& on_lost) {
  const std::span<const std::byte> bytes = ring_.record();
  const auto header = as<RecordHeader>(bytes);
  if (header.type == PERFCTR_RECORD_LOST && on_lost) {
    const auto record = as<perfctr_record_lost>(bytes);
    on_lost(LostSamples{
        .lost = record.lost,
        .time_ns = record.time,
        .pid = static_cast<pid_t>(record.pid),
        .tid = static_cast<pid_t>(record.tid),
        .counter = record.counter,
        .why = record.why == PERFCTR_LOST_BUFFER ? LostReason::kBuffer : LostReason::kRate});
    return;
  }
  // Types that are not known yet are for newer programs.
  if (header.type != PERFCTR_RECORD_SAMPLE || !on_sample) return;
  const auto record = as<perfctr_record_sample>(bytes);
  const std::size_t room =
      bytes.size() > sizeof(record) ? (bytes.size() - sizeof(record)) / sizeof(std::uint64_t) : 0;
  chain_.resize(std::min<std::size_t>(record.nr_chain, room));
  if (!chain_.empty()) {
    std::memcpy(chain_.data(), bytes.data() + sizeof(record), chain_.size() * sizeof(chain_[0]));
  }
  Sample sample;
  sample.ip = record.ip;
  sample.time_ns = record.time;
  sample.pid = static_cast<pid_t>(record.pid);
  sample.tid = static_cast<pid_t>(record.tid);
  sample.cpu = record.cpu;
  sample.counters = record.counters;
  sample.mode = header.mode == PERFCTR_IN_KERNEL       ? SampleMode::kKernel
                : header.mode == PERFCTR_IN_HYPERVISOR ? SampleMode::kHypervisor
                                                       : SampleMode::kUser;
  sample.entered = (record.flags & PERFCTR_SAMPLE_ENTERED) != 0;
  sample.period = record.period;
  sample.count = record.count;
  sample.chain = chain_;
  on_sample(sample);
}

Result<std::size_t> DeviceSampler::drain(const OnSample& on_sample, const OnLost& on_lost) {
  std::size_t records = 0;
  // At most one buffer full: a fast sampler is not to keep us here for ever.
  for (std::size_t bytes = 0; bytes < ring_.size(); bytes += ring_.record().size()) {
    const RecordRing::Next next = ring_.next();
    if (next == RecordRing::Next::kBroken) return broken_ring_error();
    if (next == RecordRing::Next::kEmpty) break;
    hand_over(on_sample, on_lost);
    ++records;
  }
  // The buffer was filled for a reason: a good time to look at the rate.
  if (records > 0 && any_frequency(controls_)) {
    if (auto now = total(); !now) return now.error();
  }
  return records;
}

std::uint32_t DeviceSampler::overflowed(const siginfo_t& info) const noexcept {
  return info.si_code == PERFCTR_SI_OVERFLOW ? static_cast<std::uint32_t>(info.si_int) : 0;
}

}  // namespace perfctr
