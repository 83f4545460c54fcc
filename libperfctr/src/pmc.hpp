// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <concepts>
#include <cstdint>

namespace perfctr {

// What the read algorithms need of a processor; tests put a fake in its place.
template <class P>
concept Pmc = requires(std::uint32_t index) {
  { P::rdpmc(index) }
  noexcept->std::same_as<std::uint64_t>;
  { P::rdtsc() }
  noexcept->std::same_as<std::uint64_t>;
};

struct HardwarePmc final {
  static std::uint64_t rdpmc(std::uint32_t index) noexcept {
    std::uint32_t low, high;
    __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index) : "memory");
    return low | std::uint64_t{high} << 32;
  }
  static std::uint64_t rdtsc() noexcept {
    std::uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low | std::uint64_t{high} << 32;
  }
};

// The signed number in the low `width` bits (1 .. 64).
constexpr std::int64_t sign_extend(std::uint64_t raw, unsigned width) noexcept {
  const unsigned unused = 64 - width;
  return static_cast<std::int64_t>(raw << unused) >> unused;
}

// A load that the compiler neither repeats nor moves across another such load.
template <class T>
T read_once(const T& place) noexcept {
  return *const_cast<const volatile T*>(&place);
}

inline void compiler_barrier() noexcept { __asm__ volatile("" : : : "memory"); }

}  // namespace perfctr
