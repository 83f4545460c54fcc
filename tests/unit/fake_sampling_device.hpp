// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A descriptor of a module that samples: a test puts records into its buffer.
#pragma once

#include "device_file.hpp"

#include <linux/perfctr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

namespace perfctr::test {

struct FakeSample {
  std::uint64_t ip = 0;
  std::uint64_t time = 0;
  std::uint32_t pid = 0, tid = 0, cpu = 0;
  std::uint32_t counters = 1;
  std::uint64_t period = 0, count = 0;
  std::uint32_t flags = 0;
  std::uint16_t mode = PERFCTR_IN_USER;
};

class FakeSamplingDevice final : public DeviceFile {
 public:
  FakeSamplingDevice() {
    info.size = sizeof(info);
    info.abi = PERFCTR_ABI_VERSION;
    info.flags = PERFCTR_INFO_SAMPLE;
    info.min_period = 1000;
  }

  int ioctl(unsigned long request, void* argument) override {
    if (const auto failing = errors.find(request); failing != errors.end()) {
      if (request == PERFCTR_IOC_CONFIGURE) {
        static_cast<perfctr_config*>(argument)->bad_field = bad_field;
      }
      return failing->second;
    }
    switch (request) {
      case PERFCTR_IOC_INFO:
        *static_cast<perfctr_info*>(argument) = info;
        return 0;
      case PERFCTR_IOC_CONFIGURE:
        config = *static_cast<perfctr_config*>(argument);
        return config.size == sizeof(config) ? 0 : EINVAL;
      case PERFCTR_IOC_READ: {
        auto& out = *static_cast<perfctr_read*>(argument);
        if (out.size != sizeof(out)) return EINVAL;
        read.size = out.size;
        out = read;
        return 0;
      }
      case PERFCTR_IOC_PERIOD:
        periods.push_back(*static_cast<perfctr_period*>(argument));
        return 0;
      default:
        return 0;
    }
  }
  const void* map(std::size_t, int* error) override {
    *error = ENODEV;
    return nullptr;
  }
  void* map_buffer(std::size_t size, int* error) override {
    *error = map_error;
    if (map_error != 0) return nullptr;
    // The kernel's pages are aligned; these need only be so for their header.
    memory.assign(size / sizeof(std::uint64_t), 0);
    const auto page = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
    header().abi = PERFCTR_ABI_VERSION;
    header().data_offset = page;
    header().data_size = size - page;
    header().data_head = header().data_tail = start;
    head = start;
    return memory.data();
  }
  int fd() const noexcept override { return -1; }

  perfctr_buffer& header() { return *reinterpret_cast<perfctr_buffer*>(memory.data()); }

  // As the kernel does: a record may wrap.
  void put(const void* record, std::size_t size) {
    auto* data = reinterpret_cast<char*>(memory.data()) + header().data_offset;
    for (std::size_t i = 0; i < size; ++i) {
      data[(head + i) % header().data_size] = static_cast<const char*>(record)[i];
    }
    head += size;
    header().data_head = head;
  }
  void put_sample(const FakeSample& from, const std::vector<std::uint64_t>& chain = {}) {
    const std::size_t chain_size = chain.size() * sizeof(chain[0]);
    perfctr_record_sample sample{};
    sample.record.type = PERFCTR_RECORD_SAMPLE;
    sample.record.mode = from.mode;
    sample.record.size = static_cast<std::uint16_t>(sizeof(sample) + chain_size);
    sample.ip = from.ip;
    sample.time = from.time;
    sample.pid = from.pid;
    sample.tid = from.tid;
    sample.cpu = from.cpu;
    sample.counters = from.counters;
    sample.period = from.period;
    sample.count = from.count;
    sample.flags = from.flags;
    sample.nr_chain = static_cast<std::uint32_t>(chain.size());
    std::vector<char> bytes(sizeof(sample) + chain_size);
    std::memcpy(bytes.data(), &sample, sizeof(sample));
    if (!chain.empty()) std::memcpy(bytes.data() + sizeof(sample), chain.data(), chain_size);
    put(bytes.data(), bytes.size());
  }
  void put_lost(std::uint64_t nr, std::uint64_t time, std::uint32_t tid, std::uint32_t counter,
                std::uint32_t why) {
    perfctr_record_lost lost{};
    lost.record.type = PERFCTR_RECORD_LOST;
    lost.record.size = sizeof(lost);
    lost.lost = nr;
    lost.time = time;
    lost.pid = lost.tid = tid;
    lost.counter = counter;
    lost.why = why;
    put(&lost, sizeof(lost));
  }

  perfctr_info info{};
  perfctr_config config{};
  perfctr_read read{};
  std::vector<perfctr_period> periods;
  std::map<unsigned long, int> errors;
  std::uint32_t bad_field = 0;
  std::vector<std::uint64_t> memory;
  std::uint64_t head = 0;
  std::uint64_t start = 0;  // of the free-running counts
  int map_error = 0;
};

}  // namespace perfctr::test
