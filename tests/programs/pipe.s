# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two processes that hand one byte to and fro through two pipes, N times: each
# hand-over is a thread switch.
#
# Before: two pipe 3 each, fork 2, TEST, JZ = 10; the child TEST, JZ.
# A write or read is 5 instructions; each side has MOV before the loop and,
# each round, a write, a read, DEC, JNZ = 12.
# After: the child 3, the parent wait4 6 and 3.
#
# PARAM  N=400
# CHECK  N=20
# EXPECT instructions=26+24*N cond=2+2*N far=6+4*N

	.include "common.inc"
	.macro	move number, end
	mov	edi, [\end]
	lea	rsi, [token]
	mov	edx, 1
	mov	eax, \number
	syscall
	.endm

_start:
	lea	rdi, [ping]
	mov	eax, SYS_pipe
	syscall
	lea	rdi, [pong]
	mov	eax, SYS_pipe
	syscall
	mov	eax, SYS_fork
	syscall
	test	eax, eax
	jz	child
	mov	ebx, N
1:	move	SYS_write, ping+4
	move	SYS_read, pong
	dec	ebx
	jnz	1b
	mov	edi, -1
	xor	esi, esi
	xor	edx, edx
	xor	r10d, r10d
	mov	eax, SYS_wait4
	syscall
	finish

child:	mov	ebx, N
2:	move	SYS_read, ping
	move	SYS_write, pong+4
	dec	ebx
	jnz	2b
	finish

	.bss
	.balign	8
ping:	.skip	8
pong:	.skip	8
token:	.skip	8
