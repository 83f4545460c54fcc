// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The ring buffer of a perf_event descriptor.
#pragma once

#include "record_ring.hpp"
#include "scoped_mmap.hpp"

#include <linux/perf_event.h>
#include <unistd.h>

#include <cstddef>

namespace perfctr {

class PerfBuffer final {
 public:
  PerfBuffer() = default;
  // `pages` is a power of two.  Unmapped on failure: error() has the errno.
  PerfBuffer(int fd, unsigned pages) noexcept {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    mapping_ = ScopedMmap::for_writing(fd, (1 + std::size_t{pages}) * page, 0);
    if (mapping_.get() == nullptr) return;
    auto* header = static_cast<perf_event_mmap_page*>(mapping_.writable());
    ring_ = RecordRing(static_cast<const std::byte*>(mapping_.get()) + page, pages * page,
                       reinterpret_cast<std::uint64_t*>(&header->data_head),
                       reinterpret_cast<std::uint64_t*>(&header->data_tail));
  }

  [[nodiscard]] int error() const noexcept { return mapping_.error(); }
  [[nodiscard]] RecordRing& ring() noexcept { return ring_; }

 private:
  ScopedMmap mapping_;
  RecordRing ring_;
};

}  // namespace perfctr
