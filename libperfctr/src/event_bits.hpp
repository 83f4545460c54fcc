// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

namespace perfctr {

// An event's part of the event select register: select 7:0, unit mask 15:8,
// edge 18, invert 23, counter mask 31:24; AMD adds event select 35:32.  All
// other bits belong to the kernel.
inline constexpr std::uint64_t kEventBits = 0xff84ffff;
inline constexpr std::uint64_t kAmdEventBits = kEventBits | 0xf00000000;
inline constexpr std::uint64_t kUserBit = 1u << 16;
inline constexpr std::uint64_t kOsBit = 1u << 17;
inline constexpr std::uint64_t kEdgeBit = 1u << 18;
inline constexpr std::uint64_t kPinBit = 1u << 19;
inline constexpr std::uint64_t kInterruptBit = 1u << 20;
inline constexpr std::uint64_t kAnyThreadBit = 1u << 21;
inline constexpr std::uint64_t kEnableBit = 1u << 22;
inline constexpr std::uint64_t kInvertBit = 1u << 23;
// What libpfm4, rr and old perfctr put around a code, and the kernel sets itself.
inline constexpr std::uint64_t kKernelBits = kUserBit | kOsBit | kInterruptBit | kEnableBit;

[[nodiscard]] std::string hex(std::uint64_t number);

}  // namespace perfctr
