// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device_set.hpp"

#include "device_errors.hpp"
#include "slot_algorithm.hpp"

#include <algorithm>
#include <cstring>

namespace perfctr {
namespace {

// The inlined reads know no other width.
constexpr unsigned kInlinedWidth = 48;

Reading from_kernel(const __u64* values, unsigned nr) {
  Reading reading;
  reading.values.assign(values, values + std::min<unsigned>(nr, PERFCTR_MAX_COUNTERS));
  return reading;
}

}  // namespace

Result<std::unique_ptr<DeviceSet>> DeviceSet::create(std::unique_ptr<DeviceFile> file) {
  std::unique_ptr<DeviceSet> set(new DeviceSet(std::move(file)));
  set->info_.size = sizeof(set->info_);
  if (const int error = set->file_->ioctl(PERFCTR_IOC_INFO, &set->info_); error != 0) {
    return device_call_error(error, "ask the perfctr module what it can do");
  }
  if (set->info_.abi != PERFCTR_ABI_VERSION) return device_abi_error(set->info_.abi);
  return set;
}

Result<void> DeviceSet::configure(std::span<const Event> events, const Options& options) {
  perfctr_config config{};
  config.size = sizeof(config);
  config.flags = (options.inherit ? PERFCTR_F_INHERIT : 0) |
                 (options.enable_on_exec ? PERFCTR_F_ENABLE_ON_EXEC : 0) |
                 (options.per_thread ? PERFCTR_F_PER_THREAD : 0);
  config.pid = options.tid;
  config.nr = static_cast<std::uint32_t>(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    config.counter[i].event = events[i].code;
    config.counter[i].domain = events[i].domains;
    config.counter[i].mode = PERFCTR_MODE_ACCUMULATE;
  }
  if (const int error = file_->ioctl(PERFCTR_IOC_CONFIGURE, &config); error != 0) {
    return device_configure_error(error, config, events);
  }
  // Only the target may read its slot; a set that waits for an exec loses its
  // mapping there anyway.
  const bool self = options.tid == 0 && !options.enable_on_exec;
  if (self && info_.mmap_size >= sizeof(perfctr_slot) && info_.width == kInlinedWidth) {
    int error = 0;
    const void* address = file_->map(info_.mmap_size, &error);
    if (address == nullptr) return device_call_error(error, "map the thread's counters");
    mapped_ = static_cast<const perfctr_slot*>(address);
    // The first read is not to fault.
    static_cast<void>(read_once(mapped_->epoch));
  }
  return {};
}

Result<void> DeviceSet::call(unsigned long request, const char* what) {
  if (const int error = file_->ioctl(request, nullptr); error != 0) {
    return device_call_error(error, what);
  }
  return {};
}

Result<void> DeviceSet::start() { return call(PERFCTR_IOC_START, "start counting"); }
Result<void> DeviceSet::stop() { return call(PERFCTR_IOC_STOP, "stop counting"); }
Result<void> DeviceSet::reset() { return call(PERFCTR_IOC_RESET, "reset the counters"); }

Result<Reading> DeviceSet::read(bool target_only) const {
  perfctr_read request{};
  request.size = sizeof(request);
  request.flags = target_only ? PERFCTR_READ_TARGET : 0;
  if (const int error = file_->ioctl(PERFCTR_IOC_READ, &request); error != 0) {
    return device_call_error(error, "read the counters");
  }
  Reading reading = from_kernel(request.value, request.nr);
  reading.state = static_cast<State>(request.state);
  reading.time_enabled_ns = request.time_enabled;
  reading.time_running_ns = request.time_running;
  reading.time_stolen_ns = request.time_stolen;
  reading.nr_threads = request.nr_threads;
  reading.lost = request.lost;
  return reading;
}

Result<std::vector<ThreadReading>> DeviceSet::read_threads() const {
  // Threads may come while we ask: ask again with more room.
  std::vector<perfctr_thread> room(64);
  perfctr_read_threads request{};
  for (;;) {
    request.size = sizeof(request);
    request.nr = static_cast<std::uint32_t>(room.size());
    request.threads = reinterpret_cast<std::uintptr_t>(room.data());
    if (const int error = file_->ioctl(PERFCTR_IOC_READ_THREADS, &request); error != 0) {
      return device_call_error(error, "read the counters of each thread");
    }
    if (request.nr <= room.size()) break;
    room.assign(request.nr + 16, perfctr_thread{});
  }
  std::vector<ThreadReading> threads;
  for (std::uint32_t i = 0; i < request.nr; ++i) {
    const perfctr_thread& record = room[i];
    ThreadReading thread;
    thread.tid = record.tid;
    thread.pid = record.pid;
    thread.comm.assign(record.comm, strnlen(record.comm, sizeof(record.comm)));
    thread.reading = from_kernel(record.value, PERFCTR_MAX_COUNTERS);
    thread.reading.state = static_cast<State>(record.state);
    thread.reading.time_enabled_ns = record.time_enabled;
    thread.reading.time_running_ns = record.time_running;
    thread.reading.time_stolen_ns = record.time_stolen;
    thread.reading.nr_threads = 1;
    threads.push_back(std::move(thread));
  }
  return threads;
}

State DeviceSet::state() const noexcept {
  if (mapped_ != nullptr) return static_cast<State>(read_once(mapped_->state));
  perfctr_read request{};
  request.size = sizeof(request);
  if (file_->ioctl(PERFCTR_IOC_READ, &request) != 0) return State::kFree;
  return static_cast<State>(request.state);
}

const perfctr_slot* DeviceSet::slot() const noexcept {
  return mapped_ != nullptr ? mapped_ : BackendSet::slot();
}

void DeviceSet::read_values(std::uint64_t* values, unsigned nr) const noexcept {
  perfctr_read request{};
  request.size = sizeof(request);
  request.flags = PERFCTR_READ_TARGET;
  const bool ok = file_->ioctl(PERFCTR_IOC_READ, &request) == 0;
  for (unsigned i = 0; i < nr; ++i) {
    values[i] = ok && i < request.nr ? request.value[i] : PERFCTR_NO_VALUE;
  }
}

std::uint64_t DeviceSet::read_value(unsigned index) const noexcept {
  std::uint64_t values[PERFCTR_MAX_COUNTERS]{};
  read_values(values, index + 1);
  return values[index];
}

std::uint64_t DeviceSet::time_ticks() const noexcept {
  perfctr_read request{};
  request.size = sizeof(request);
  request.flags = PERFCTR_READ_TARGET;
  if (info_.tsc_khz == 0 || file_->ioctl(PERFCTR_IOC_READ, &request) != 0) return PERFCTR_NO_VALUE;
  const std::uint64_t own_ns = request.time_running - request.time_stolen;
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(own_ns) * info_.tsc_khz /
                                    1000000);
}

}  // namespace perfctr
