# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Threads: three of them beside the first, which ends before them.
#
# No thread waits for another, so the sum does not depend on their order.
# For each thread the first one executes LEA and ADD (the stack), clone 6, TEST,
# JZ, SUB, DEC, JNZ = 13; the new one starts behind the SYSCALL: TEST, JZ.
# Each of the four then runs MOV and N rounds of 3, and ends with exit, 3.
#
# instructions = 2 + 3 * 13 + 3 * 2 + 4 * (1 + 3 * N + 3)
#
# PARAM  N=400000
# CHECK  N=300
# EXPECT instructions=63+12*N cond=9+4*N far=7

	.include "common.inc"
_start:
	mov	ebx, 3
	mov	r12d, 65536
1:	lea	rsi, [stacks]
	add	rsi, r12
	mov	edi, 0x50f00		# VM FS FILES SIGHAND THREAD SYSVSEM
	xor	edx, edx
	xor	r10d, r10d
	xor	r8d, r8d
	mov	eax, SYS_clone
	syscall
	test	eax, eax
	jz	work
	sub	r12d, 16384
	dec	ebx
	jnz	1b

work:	mov	ecx, N
2:	add	rax, rcx
	dec	ecx
	jnz	2b
	xor	edi, edi
	mov	eax, SYS_exit
	syscall

	.bss
	.balign	4096
stacks:	.skip	65536
