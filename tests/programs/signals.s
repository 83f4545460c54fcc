# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Signals: the process sends itself SIGUSR1 N times.  A signal that a single
# threaded process sends to itself is delivered before kill() returns.
#
# Before the loop: rt_sigaction 6, getpid 2, two MOV.  Each round: kill 4, loop
# 2, handler 2 (INC, RET), restorer 2: 10, with two SYSCALL and one RET.
#
# PARAM  N=1500
# CHECK  N=20
# EXPECT instructions=13+10*N cond=N ret=N far=2*N+3

	.include "common.inc"
_start:
	mov	edi, 10
	lea	rsi, [action]
	xor	edx, edx
	mov	r10d, 8
	mov	eax, SYS_rt_sigaction
	syscall
	mov	eax, SYS_getpid
	syscall
	mov	r12d, eax
	mov	ebx, N
1:	mov	edi, r12d
	mov	esi, 10
	mov	eax, SYS_kill
	syscall
	dec	ebx
	jnz	1b
	finish

handler:
	inc	dword ptr [count]
	ret
restore:
	mov	eax, SYS_rt_sigreturn
	syscall

	.section .rodata
	.balign	8
action:	.quad	handler, 0x04000000, restore, 0
	.bss
	.balign	8
count:	.skip	8
