# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Exactly 1,000,000 instructions.
#
# One to set the loop up, four in each of K rounds, three at the end:
# 4 + 4 * 249,999 = 1,000,000.
#
# PARAM  K=249999
# CHECK  K=2499
# EXPECT instructions=4+4*K cond=K far=1

	.include "common.inc"
_start:
	mov	ecx, K
1:	add	rax, rcx
	lea	rbx, [rax + rcx]
	dec	ecx
	jnz	1b
	finish
