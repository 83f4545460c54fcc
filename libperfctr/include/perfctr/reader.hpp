// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/slot_read.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace perfctr {

// Reads the counters of one set from the thread that the set counts, in user
// mode.  A small value: keep a copy in a local variable, so that the slot's
// address stays in a register; valid as long as its set.  No member throws,
// allocates, stores outside its result, or enters the kernel while the set
// counts (on the perf_event backend too, when the kernel allows RDPMC).
//
//   instructions per call           unchecked   checked
//   read                             9           11
//   read_all<N>, N <= 8              6N + 3      6N + 5
//
// The unchecked forms need direct() and a set that is counting now.
class Reader final {
 public:
  explicit Reader(const perfctr_slot* slot) noexcept : slot_(slot) {}

  // The value of counter `index`, whatever the state of the set.
  [[gnu::always_inline]] std::uint64_t read(unsigned index) const noexcept {
    return perfctr_slot_read(slot_, index);
  }

  [[gnu::always_inline]] std::uint64_t read_unchecked(unsigned index) const noexcept {
    return perfctr_slot_read_unchecked(slot_, index);
  }

  // Counters 0 .. N-1 as one snapshot: no thread switch and no switch of the
  // virtual CPU lies between them.
  template <std::size_t N>
  [[gnu::always_inline]] std::array<std::uint64_t, N> read_all() const noexcept;

  template <std::size_t N>
  [[gnu::always_inline]] std::array<std::uint64_t, N> read_all_unchecked() const noexcept;

  // The same for a number of counters known only at run time.
  void read_all(std::uint64_t* values, unsigned nr) const noexcept {
    perfctr_slot_read_all_slow(slot_, values, nr);
  }

  // Time of this thread on a CPU, in TSC ticks, without what Xen stole.
  [[nodiscard]] std::uint64_t time_ticks() const noexcept { return perfctr_slot_time(slot_); }

  // Whether reads go straight to the hardware, and the unchecked forms may be
  // used while the set counts.
  [[nodiscard]] bool direct() const noexcept { return perfctr_slot_is_direct(slot_) != 0; }

  [[nodiscard]] const perfctr_slot* slot() const noexcept { return slot_; }

 private:
  const perfctr_slot* slot_;
};

}  // namespace perfctr

#include <perfctr/reader_asm.hpp>
