# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Work, sleep, work: the CPU goes idle, or to somebody else, M times.
#
# Each round: nanosleep 4, MOV, N rounds of 2, DEC, JNZ = 7 + 2 * N.
#
# PARAM  M=40 N=20000
# CHECK  M=4 N=30
# EXPECT instructions=4+M*(7+2*N) cond=M*(1+N) far=M+1

	.include "common.inc"
_start:
	mov	ebx, M
1:	lea	rdi, [time]
	xor	esi, esi
	mov	eax, SYS_nanosleep
	syscall
	mov	ecx, N
2:	dec	ecx
	jnz	2b
	dec	ebx
	jnz	1b
	finish

	.section .rodata
	.balign	8
time:	.quad	0, 500000		# half a millisecond
