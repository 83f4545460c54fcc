// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading counters from the mapped pages of perf_event, as perf_event_open(2)
// and the kernel's <linux/perf_event.h> prescribe, for several events as one
// snapshot.  Over any Pmc.
#pragma once

#include "pmc.hpp"

#include <linux/perf_event.h>

#include <cstdint>
#include <span>

namespace perfctr {

// False when some event is not on a hardware counter now, or the kernel does
// not let user mode read it: ask the kernel then.
template <Pmc P>
bool read_perf_pages(std::span<const perf_event_mmap_page* const> pages,
                     std::uint64_t* values) noexcept {
  for (;;) {
    // All locks first, all compared last: what changes in between is seen.
    constexpr std::size_t kMost = 16;
    std::uint32_t locks[kMost];
    if (pages.size() > kMost) return false;
    for (std::size_t i = 0; i < pages.size(); ++i) locks[i] = read_once(pages[i]->lock);
    compiler_barrier();
    for (std::size_t i = 0; i < pages.size(); ++i) {
      const perf_event_mmap_page& page = *pages[i];
      const std::uint32_t index = read_once(page.index);
      if (index == 0 || !page.cap_user_rdpmc) return false;
      const std::uint16_t width = read_once(page.pmc_width);
      if (width == 0 || width > 64) return false;
      // The index counts from 1; the raw counter is a signed number of `width`
      // bits, relative to the offset.
      values[i] = static_cast<std::uint64_t>(read_once(page.offset)) +
                  static_cast<std::uint64_t>(sign_extend(P::rdpmc(index - 1), width));
    }
    compiler_barrier();
    bool same = true;
    for (std::size_t i = 0; i < pages.size(); ++i) same &= read_once(pages[i]->lock) == locks[i];
    if (same) return true;
  }
}

}  // namespace perfctr
