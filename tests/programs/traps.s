# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Exceptions that become signals.  INT3 is a trap: it is executed, and counts.
# UD2, a division by zero and a load from an unmapped address are faults: they
# never retire and do not count; the handler steps over them (2 bytes each).
#
# Before the loop: four times rt_sigaction 6, one MOV: 25.
# Each round:                   MOV EBX, XOR 2, DEC, JNZ          = 5
#   INT3                        INT3, handler RET, restorer 2     = 4
#   UD2, DIV, MOV: each         handler ADD, RET, restorer 2      = 4
# = 5 + 4 * 4 = 21; far: INT3 and four SYSCALL.
#
# PARAM  N=400
# CHECK  N=10
# EXPECT instructions=28+21*N cond=N ret=4*N far=5*N+5

	.include "common.inc"
	.macro	catch signal, action
	mov	edi, \signal
	lea	rsi, [\action]
	xor	edx, edx
	mov	r10d, 8
	mov	eax, SYS_rt_sigaction
	syscall
	.endm

_start:
	catch	5, trap			# SIGTRAP
	catch	4, fault		# SIGILL
	catch	8, fault		# SIGFPE
	catch	11, fault		# SIGSEGV
	mov	r12d, N
1:	mov	ebx, 16
	int3
	ud2
	xor	ecx, ecx
	div	ecx
	xor	eax, eax
	mov	eax, [rax]
	dec	r12d
	jnz	1b
	finish

skip:	add	qword ptr [rdx + 168], 2	# ucontext: RIP
	ret
stay:	ret
restore:
	mov	eax, SYS_rt_sigreturn
	syscall

	.section .rodata
	.balign	8
trap:	.quad	stay, 0x44000004, restore, 0
fault:	.quad	skip, 0x44000004, restore, 0
