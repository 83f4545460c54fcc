// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace perfctr {

// Exactly kLoopInstructions instructions and kLoopBranches branches per turn:
//
//	1:	dec	turns		1 instruction
//		jnz	1b		1 instruction, 1 conditional branch
//
// The last, untaken jump is a branch like the others.  Precondition: turns > 0.
inline constexpr std::uint64_t kLoopInstructions = 2;
inline constexpr std::uint64_t kLoopBranches = 1;

inline void known_loop(std::uint64_t turns) noexcept {
  __asm__ volatile(
      "1:	decq	%0\n"
      "	jnz	1b\n"
      : "+r"(turns)
      :
      : "cc");
}

}  // namespace perfctr
