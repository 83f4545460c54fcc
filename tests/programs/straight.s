# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Straight line: N instructions without a branch, then the end.
#
# PARAM  N=100000
# CHECK  N=2000
# EXPECT instructions=N+3 far=1

	.include "common.inc"
_start:
	.rept	N / 4
	add	rax, 1
	xor	rbx, rax
	lea	rcx, [rax + rbx * 2 + 5]
	ror	rcx, 3
	.endr
	finish
