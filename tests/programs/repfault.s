# SPDX-License-Identifier: LGPL-2.1-or-later
#
# REP string instructions that take page faults in the middle: each is
# interrupted and resumed P times and is still one instruction.
#
# One round: MADV_DONTNEED 5, STOSQ over P pages 4 (a write fault on each),
# MADV_DONTNEED 5, SCASD over P pages 4 (a read fault on each), loop 2: 20.
#
# PARAM  N=24 P=48
# CHECK  N=2 P=3
# EXPECT instructions=4+20*N cond=N far=2*N+1

	.include "common.inc"
	.macro	discard
	lea	rdi, [area]
	mov	esi, P * 4096
	mov	edx, MADV_DONTNEED
	mov	eax, SYS_madvise
	syscall
	.endm

_start:
	mov	ebx, N
1:	discard
	lea	rdi, [area]
	mov	ecx, P * 512
	xor	eax, eax
	rep stosq

	discard
	lea	rdi, [area]
	mov	ecx, P * 1024
	mov	eax, 1
	repne scasd

	dec	ebx
	jnz	1b
	finish

	.bss
	.balign	4096
area:	.skip	P * 4096
