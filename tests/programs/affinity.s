# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A thread that moves itself between CPU 0 and CPU 1 and works in between.
#
# Each of M moves: MOV, AND, INC, MOV (the mask), sched_setaffinity 5, MOV, N
# rounds of 2, DEC, JNZ = 12 + 2 * N.
#
# PARAM  M=200 N=15000
# CHECK  M=6 N=20
# EXPECT instructions=4+M*(12+2*N) cond=M*(1+N) far=M+1

	.include "common.inc"
_start:
	mov	ebx, M
1:	mov	eax, ebx
	and	eax, 1
	inc	eax
	mov	[mask], rax
	xor	edi, edi
	mov	esi, 8
	lea	rdx, [mask]
	mov	eax, SYS_sched_setaffinity
	syscall
	mov	ecx, N
2:	dec	ecx
	jnz	2b
	dec	ebx
	jnz	1b
	finish

	.bss
	.balign	8
mask:	.skip	8
