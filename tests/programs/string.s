# SPDX-License-Identifier: LGPL-2.1-or-later
#
# String instructions: a REP string instruction is one instruction, however
# often it repeats, and also when it repeats zero times.
#
# One round: MOVSB 4, STOSQ 4, SCASB 4, LODSQ 3, CMPSB 4, a REP with count 0
# (2), two without a prefix (2), end of the loop 2: 25.  SCASB never finds its
# byte and CMPSB compares equal, so both run through.
#
# PARAM  N=800
# CHECK  N=2
# EXPECT instructions=5+25*N cond=N far=1

	.include "common.inc"
_start:
	cld
	mov	ebx, N
1:	lea	rsi, [source]
	lea	rdi, [target]
	mov	ecx, 1000
	rep movsb

	lea	rdi, [target]
	mov	ecx, 500
	xor	eax, eax
	rep stosq

	lea	rdi, [target]
	mov	ecx, 4000
	mov	al, 1
	repne scasb

	lea	rsi, [source]
	mov	ecx, 300
	rep lodsq

	lea	rsi, [source]
	lea	rdi, [source]
	mov	ecx, 1000
	repe cmpsb

	xor	ecx, ecx
	rep movsb

	movsb
	stosq

	dec	ebx
	jnz	1b
	finish

	.bss
	.balign	4096
source:	.skip	4096
target:	.skip	4096
