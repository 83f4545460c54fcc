// SPDX-License-Identifier: LGPL-2.1-or-later
#include "side_band.hpp"

#include "cpu_list.hpp"
#include "perf_open.hpp"

#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace perfctr::cli {
namespace {

constexpr unsigned kPages = 16;

perf_event_attr attribute() {
  perf_event_attr attr{};
  attr.size = sizeof(attr);
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.sample_type = kSideBandType;
  attr.sample_id_all = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.inherit = 1;
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = 1;
  attr.watermark = 1;
  attr.wakeup_watermark = ~0u;
  return attr;
}

}  // namespace

int SideBand::add_on_cpu(pid_t tid, int cpu) {
  perf_event_attr attr = attribute();
  ScopedFd fd(perf_event_open(&attr, tid, cpu, -1));
  if (!fd.is_open()) return errno == ENODEV ? 0 : errno;
  if (const auto shared = buffers_.find(cpu); shared != buffers_.end()) {
    if (::ioctl(fd.get(), PERF_EVENT_IOC_SET_OUTPUT, shared->second.fd) < 0) return errno;
  } else {
    Buffer buffer{fd.get(), PerfBuffer(fd.get(), kPages)};
    if (buffer.pages.error() != 0) return buffer.pages.error();
    buffers_.emplace(cpu, std::move(buffer));
  }
  fds_.push_back(std::move(fd));
  return 0;
}

int SideBand::add_thread(pid_t tid) {
  for (const int cpu : online_cpus()) {
    if (const int error = add_on_cpu(tid, cpu); error != 0) return error;
  }
  return buffers_.empty() ? ENODEV : 0;
}

void SideBand::drain(PerfDataWriter& writer) {
  for (auto& [cpu, buffer] : buffers_) {
    RecordRing& ring = buffer.pages.ring();
    while (ring.next() == RecordRing::Next::kRecord) {
      RecordBytes record(ring.record().begin(), ring.record().end());
      perf_event_header header{};
      std::memcpy(&header, record.data(), sizeof(header));
      std::uint64_t time_ns = 0;
      switch (header.type) {
        case PERF_RECORD_COMM:
        case PERF_RECORD_FORK:
        case PERF_RECORD_EXIT:
        case PERF_RECORD_MMAP:
        case PERF_RECORD_MMAP2:
          if (adopt_record(record, &time_ns)) writer.add(time_ns, std::move(record));
          break;
        case PERF_RECORD_LOST: {
          std::uint64_t lost = 0;
          if (record.size() < 24) break;
          std::memcpy(&lost, record.data() + 16, sizeof(lost));
          lost_ += lost;
          break;
        }
      }
    }
  }
}

}  // namespace perfctr::cli
