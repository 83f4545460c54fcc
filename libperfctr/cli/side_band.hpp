// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "perf_buffer.hpp"
#include "perf_data_writer.hpp"
#include "scoped_fd.hpp"

#include <map>
#include <vector>

namespace perfctr::cli {

// The kernel's own records of names, maps and threads that come and go: those of
// a software event of perf_event, which counts nothing and needs no hardware.
class SideBand final {
 public:
  SideBand() = default;

  // Of a thread and all that it creates.  An errno where the kernel denies it.
  [[nodiscard]] int add_thread(pid_t tid);
  void drain(PerfDataWriter& writer);

  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  [[nodiscard]] int add_on_cpu(pid_t tid, int cpu);

  std::vector<ScopedFd> fds_;
  struct Buffer {
    int fd;  // of the first event on this CPU; the others write there as well
    PerfBuffer pages;
  };
  std::map<int, Buffer> buffers_;
  std::uint64_t lost_ = 0;
};

}  // namespace perfctr::cli
