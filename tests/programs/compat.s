# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A 32-bit program: calls in a loop, a system call by INT 0x80 in every round.
#
# One to set the loop up. Each of N rounds: CALL, LEA, RET, MOV, INT, DEC, JNZ.
# At the end XOR, MOV, INT.
#
# BITS   32
# PARAM  N=20000
# CHECK  N=100
# EXPECT instructions=4+7*N cond=N call=N ret=N far=N+1

	.intel_syntax noprefix
	.text
	.globl	_start

	.set	SYS_exit, 1
	.set	SYS_getpid, 20

add1:	lea	esi, [esi + 1]
	ret

_start:	mov	ebp, N
1:	call	add1
	mov	eax, SYS_getpid
	int	0x80
	dec	ebp
	jnz	1b
	xor	ebx, ebx
	mov	eax, SYS_exit
	int	0x80
