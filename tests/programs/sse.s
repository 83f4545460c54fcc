# SPDX-License-Identifier: LGPL-2.1-or-later
#
# SSE and SSE2: packed and scalar arithmetic, conversions, shuffles, moves.
#
# 3 instructions before the loop, 12 in each round (two of them the loop's).
#
# PARAM  N=150000
# CHECK  N=200
# EXPECT instructions=6+12*N cond=N far=1

	.include "common.inc"
_start:
	movaps	xmm0, [one]
	movapd	xmm4, [two]
	mov	ecx, N
1:	movaps	xmm1, xmm0
	addps	xmm1, xmm0
	mulps	xmm1, [one]
	sqrtps	xmm2, xmm1
	shufps	xmm2, xmm2, 0x1b
	cvttss2si eax, xmm2
	cvtsi2sd xmm3, ecx
	divsd	xmm3, xmm4
	paddd	xmm5, xmm1
	movaps	[room], xmm5
	dec	ecx
	jnz	1b
	finish

	.section .rodata
	.balign	16
one:	.float	1.0, 1.0, 1.0, 1.0
two:	.double	2.0, 2.0
	.bss
	.balign	16
room:	.skip	16
