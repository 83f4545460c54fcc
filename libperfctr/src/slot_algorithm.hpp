// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The algorithms of <linux/perfctr.h> in plain C++, over any Pmc.  The inlined
// reads of slot_read.h and reader_asm.hpp do the same in fewer instructions for
// sets that count; these also serve stopped sets and other counter widths.
//
// Memory order: no fence, for the reason given in slot_read.h; volatile loads
// keep the compiler from reordering what the processor will not.
#pragma once

#include "pmc.hpp"

#include <linux/perfctr.h>

#include <cstdint>

namespace perfctr {

template <Pmc P>
std::uint64_t read_slot_counter(const perfctr_slot_counter& counter, unsigned width) noexcept {
  const std::uint32_t index = read_once(counter.index);
  const std::uint64_t offset = read_once(counter.offset);
  // Not counting now: the offset is the whole value.
  if ((index & PERFCTR_NO_RDPMC) != 0) return offset;
  return offset + static_cast<std::uint64_t>(sign_extend(P::rdpmc(index), width));
}

// Counters 0 .. nr-1 as one snapshot.
template <Pmc P>
void read_slot_all(const perfctr_slot& slot, std::uint64_t* values, unsigned nr,
                   unsigned width) noexcept {
  std::uint32_t epoch;
  do {
    epoch = read_once(slot.epoch);
    compiler_barrier();
    for (unsigned i = 0; i < nr; ++i) values[i] = read_slot_counter<P>(slot.counter[i], width);
    compiler_barrier();
  } while (read_once(slot.epoch) != epoch);
}

template <Pmc P>
std::uint64_t read_slot(const perfctr_slot& slot, unsigned index, unsigned width) noexcept {
  std::uint64_t value;
  std::uint32_t epoch;
  do {
    epoch = read_once(slot.epoch);
    compiler_barrier();
    value = read_slot_counter<P>(slot.counter[index], width);
    compiler_barrier();
  } while (read_once(slot.epoch) != epoch);
  return value;
}

// Time on a CPU in TSC ticks.  The record of another virtual CPU takes its place
// when the thread moves; the epoch tells.
template <Pmc P>
std::uint64_t read_slot_time(const perfctr_slot& slot) noexcept {
  std::uint64_t time;
  std::uint32_t epoch;
  std::uint32_t version;
  const perfctr_time_record* record;
  do {
    epoch = read_once(slot.epoch);
    compiler_barrier();
    const std::uint32_t place = read_once(slot.time_record);
    if (place == 0) {
      // Not on a CPU, or no record: what was summed up so far.
      time = read_once(slot.time_offset);
      record = nullptr;
      version = 0;
      compiler_barrier();
      continue;
    }
    record = reinterpret_cast<const perfctr_time_record*>(
        reinterpret_cast<const unsigned char*>(&slot) + place);
    version = read_once(record->version);
    time = read_once(slot.time_offset) + P::rdtsc() - read_once(record->stolen);
    compiler_barrier();
  } while (read_once(slot.epoch) != epoch ||
           (record != nullptr && read_once(record->version) != version));
  return time;
}

}  // namespace perfctr
