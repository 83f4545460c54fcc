# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A program that executes itself: it is given its own path A times, and each
# time executes its second argument with one argument less.
#
# Every start: N rounds of 2 and MOV, then MOV, DEC, JZ = 4 + 2 * N.
# Each of the A executions: MOV, LEA, XOR, MOV, SYSCALL = 5.  The end: 3.
#
# PARAM  A=20 N=20000
# CHECK  A=3 N=30
# ARGS   A
# EXPECT instructions=(A+1)*(4+2*N)+5*A+3 cond=(A+1)*(N+1) far=A+1

	.include "common.inc"
_start:
	mov	ecx, N
1:	dec	ecx
	jnz	1b
	mov	rax, [rsp]		# argc
	dec	rax
	jz	last
	mov	rdi, [rsp + 16]		# argv[1]
	lea	rsi, [rsp + 16]
	xor	edx, edx
	mov	eax, SYS_execve
	syscall
last:	finish
