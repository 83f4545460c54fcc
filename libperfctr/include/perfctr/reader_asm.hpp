// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The snapshots of Reader as asm blocks: per counter a load of the index, RDPMC,
// three instructions to join and sign-extend its halves, and the offset added
// from memory, all of it between one load of the epoch and one comparison.
// slot_read.h says why that is enough.  Included by reader.hpp only.
#pragma once

#include <cstddef>

namespace perfctr {

static_assert(offsetof(perfctr_slot, epoch) == 0x00);
static_assert(offsetof(perfctr_slot, counter) == 0x10);
static_assert(offsetof(perfctr_slot_counter, offset) == 0x00);
static_assert(offsetof(perfctr_slot_counter, index) == 0x08);
static_assert(sizeof(perfctr_slot_counter) == 0x10);

// clang-format off
#define PERFCTR_ASM_COUNTER(value, index, offset) \
  "	movl	" index "(%[slot]), %%ecx\n" \
  "	rdpmc\n" \
  "	movswq	%%dx, %[" value "]\n" \
  "	shlq	$32, %[" value "]\n" \
  "	orq	%%rax, %[" value "]\n" \
  "	addq	" offset "(%[slot]), %[" value "]\n"

#define PERFCTR_ASM_COUNTERS_1 PERFCTR_ASM_COUNTER("v0", "0x18", "0x10")
#define PERFCTR_ASM_COUNTERS_2 PERFCTR_ASM_COUNTERS_1 PERFCTR_ASM_COUNTER("v1", "0x28", "0x20")
#define PERFCTR_ASM_COUNTERS_3 PERFCTR_ASM_COUNTERS_2 PERFCTR_ASM_COUNTER("v2", "0x38", "0x30")
#define PERFCTR_ASM_COUNTERS_4 PERFCTR_ASM_COUNTERS_3 PERFCTR_ASM_COUNTER("v3", "0x48", "0x40")
#define PERFCTR_ASM_COUNTERS_5 PERFCTR_ASM_COUNTERS_4 PERFCTR_ASM_COUNTER("v4", "0x58", "0x50")
#define PERFCTR_ASM_COUNTERS_6 PERFCTR_ASM_COUNTERS_5 PERFCTR_ASM_COUNTER("v5", "0x68", "0x60")
#define PERFCTR_ASM_COUNTERS_7 PERFCTR_ASM_COUNTERS_6 PERFCTR_ASM_COUNTER("v6", "0x78", "0x70")
#define PERFCTR_ASM_COUNTERS_8 PERFCTR_ASM_COUNTERS_7 PERFCTR_ASM_COUNTER("v7", "0x88", "0x80")

#define PERFCTR_ASM_VALUES_1 [v0] "=&r"(v0)
#define PERFCTR_ASM_VALUES_2 PERFCTR_ASM_VALUES_1, [v1] "=&r"(v1)
#define PERFCTR_ASM_VALUES_3 PERFCTR_ASM_VALUES_2, [v2] "=&r"(v2)
#define PERFCTR_ASM_VALUES_4 PERFCTR_ASM_VALUES_3, [v3] "=&r"(v3)
#define PERFCTR_ASM_VALUES_5 PERFCTR_ASM_VALUES_4, [v4] "=&r"(v4)
#define PERFCTR_ASM_VALUES_6 PERFCTR_ASM_VALUES_5, [v5] "=&r"(v5)
#define PERFCTR_ASM_VALUES_7 PERFCTR_ASM_VALUES_6, [v6] "=&r"(v6)
#define PERFCTR_ASM_VALUES_8 PERFCTR_ASM_VALUES_7, [v7] "=&r"(v7)

#define PERFCTR_ASM_SNAPSHOT(n)                                          \
  __asm__ volatile("1:	movl	(%[slot]), %[epoch]\n"                     \
                   PERFCTR_ASM_COUNTERS_##n                              \
                   "	cmpl	(%[slot]), %[epoch]\n"                       \
                   "	jne	1b\n"                                        \
                   : [epoch] "=&r"(epoch), PERFCTR_ASM_VALUES_##n        \
                   : [slot] "r"(slot_)                                   \
                   : "rax", "rcx", "rdx", "cc", "memory")

// A set counts as a whole: the first index speaks for all.
#define PERFCTR_ASM_SNAPSHOT_CHECKED(n)                                  \
  __asm__ volatile goto("1:	movl	(%[slot]), %[epoch]\n"                         \
               "	cmpl	$0, 0x18(%[slot])\n"                             \
               "	js	%l[slow]\n"                                      \
               PERFCTR_ASM_COUNTERS_##n                                  \
               "	cmpl	(%[slot]), %[epoch]\n"                           \
               "	jne	1b\n"                                            \
               : [epoch] "=&r"(epoch), PERFCTR_ASM_VALUES_##n            \
               : [slot] "r"(slot_)                                       \
               : "rax", "rcx", "rdx", "cc", "memory"                     \
               : slow)
// clang-format on

template <std::size_t N>
inline std::array<std::uint64_t, N> Reader::read_all_unchecked() const noexcept {
  static_assert(N >= 1 && N <= 8, "use read_all(values, nr) for more than 8 counters");
  // Not an array: the values are to stay in registers.
  std::uint64_t v0, v1, v2, v3, v4, v5, v6, v7;
  std::uint32_t epoch;

  if constexpr (N == 1) {
    PERFCTR_ASM_SNAPSHOT(1);
    return {v0};
  } else if constexpr (N == 2) {
    PERFCTR_ASM_SNAPSHOT(2);
    return {v0, v1};
  } else if constexpr (N == 3) {
    PERFCTR_ASM_SNAPSHOT(3);
    return {v0, v1, v2};
  } else if constexpr (N == 4) {
    PERFCTR_ASM_SNAPSHOT(4);
    return {v0, v1, v2, v3};
  } else if constexpr (N == 5) {
    PERFCTR_ASM_SNAPSHOT(5);
    return {v0, v1, v2, v3, v4};
  } else if constexpr (N == 6) {
    PERFCTR_ASM_SNAPSHOT(6);
    return {v0, v1, v2, v3, v4, v5};
  } else if constexpr (N == 7) {
    PERFCTR_ASM_SNAPSHOT(7);
    return {v0, v1, v2, v3, v4, v5, v6};
  } else if constexpr (N == 8) {
    PERFCTR_ASM_SNAPSHOT(8);
    return {v0, v1, v2, v3, v4, v5, v6, v7};
  }
}

template <std::size_t N>
inline std::array<std::uint64_t, N> Reader::read_all() const noexcept {
  static_assert(N >= 1 && N <= 8, "use read_all(values, nr) for more than 8 counters");
  // No instruction.  GCC 12 stops with an internal error when it makes vectors of
  // values that asm goto defines.
  const auto plain = [](std::uint64_t value) {
    __asm__("" : "+r"(value));
    return value;
  };
  std::uint64_t v0, v1, v2, v3, v4, v5, v6, v7;
  std::uint32_t epoch;

  if constexpr (N == 1) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(1);
    return {plain(v0)};
  } else if constexpr (N == 2) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(2);
    return {plain(v0), plain(v1)};
  } else if constexpr (N == 3) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(3);
    return {plain(v0), plain(v1), plain(v2)};
  } else if constexpr (N == 4) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(4);
    return {plain(v0), plain(v1), plain(v2), plain(v3)};
  } else if constexpr (N == 5) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(5);
    return {plain(v0), plain(v1), plain(v2), plain(v3), plain(v4)};
  } else if constexpr (N == 6) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(6);
    return {plain(v0), plain(v1), plain(v2), plain(v3), plain(v4), plain(v5)};
  } else if constexpr (N == 7) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(7);
    return {plain(v0), plain(v1), plain(v2), plain(v3), plain(v4), plain(v5), plain(v6)};
  } else if constexpr (N == 8) {
    PERFCTR_ASM_SNAPSHOT_CHECKED(8);
    return {plain(v0), plain(v1), plain(v2), plain(v3), plain(v4), plain(v5), plain(v6), plain(v7)};
  }
slow:
  std::array<std::uint64_t, N> values;
  perfctr_slot_read_all_slow(slot_, values.data(), N);
  return values;
}

#undef PERFCTR_ASM_SNAPSHOT_CHECKED
#undef PERFCTR_ASM_SNAPSHOT
#undef PERFCTR_ASM_COUNTER
#undef PERFCTR_ASM_COUNTERS_1
#undef PERFCTR_ASM_VALUES_1
#undef PERFCTR_ASM_COUNTERS_2
#undef PERFCTR_ASM_VALUES_2
#undef PERFCTR_ASM_COUNTERS_3
#undef PERFCTR_ASM_VALUES_3
#undef PERFCTR_ASM_COUNTERS_4
#undef PERFCTR_ASM_VALUES_4
#undef PERFCTR_ASM_COUNTERS_5
#undef PERFCTR_ASM_VALUES_5
#undef PERFCTR_ASM_COUNTERS_6
#undef PERFCTR_ASM_VALUES_6
#undef PERFCTR_ASM_COUNTERS_7
#undef PERFCTR_ASM_VALUES_7
#undef PERFCTR_ASM_COUNTERS_8
#undef PERFCTR_ASM_VALUES_8

}  // namespace perfctr
