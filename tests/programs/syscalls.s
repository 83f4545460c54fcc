# SPDX-License-Identifier: LGPL-2.1-or-later
#
# System calls: the SYSCALL instruction begins in user mode and counts there,
# once, also when the kernel refuses the number.
#
# Each round: four calls of MOV, SYSCALL, and DEC, JNZ = 10.
#
# PARAM  N=3000
# CHECK  N=50
# EXPECT instructions=4+10*N cond=N far=4*N+1

	.include "common.inc"
_start:
	mov	ebx, N
1:	mov	eax, SYS_getpid
	syscall
	mov	eax, SYS_getppid
	syscall
	mov	eax, SYS_getuid
	syscall
	mov	eax, 100000		# no such call: -ENOSYS
	syscall
	dec	ebx
	jnz	1b
	finish
