// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/counter_set.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace perfctr {

// What a piece of a program did, summed over its visits.  One per thread.
template <std::size_t N>
struct RegionTotals {
  std::uint64_t visits = 0;
  std::array<std::uint64_t, N> counts{};
};

// Adds what its scope counts to the totals:
//
//   RegionTotals<2> parse;
//   { Region region(reader, parse); ... }
//
// Precondition: in the thread that the reader's set counts.
template <std::size_t N>
class Region final {
 public:
  [[gnu::always_inline]] Region(Reader reader, RegionTotals<N>& totals) noexcept
      : reader_(reader), totals_(totals), begin_(reader.read_all<N>()) {}
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  [[gnu::always_inline]] ~Region() {
    const auto end = reader_.read_all<N>();
    for (std::size_t i = 0; i < N; ++i) totals_.counts[i] += end[i] - begin_[i];
    ++totals_.visits;
  }

 private:
  Reader reader_;
  RegionTotals<N>& totals_;
  std::array<std::uint64_t, N> begin_;
};

// Lets a set count while in scope; the values stay readable afterwards.
class ScopedCount final {
 public:
  explicit ScopedCount(CounterSet& set) : set_(set), started_(set.start()) {}
  ScopedCount(const ScopedCount&) = delete;
  ScopedCount& operator=(const ScopedCount&) = delete;
  ~ScopedCount() {
    if (started_.ok()) static_cast<void>(set_.stop().ok());
  }
  // Whether counting began; look before trusting a value.
  [[nodiscard]] const Result<void>& started() const noexcept { return started_; }

 private:
  CounterSet& set_;
  Result<void> started_;
};

}  // namespace perfctr
