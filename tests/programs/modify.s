# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Self-modifying code: each round writes the immediate of an instruction and
# executes it; the program ends with status 1 unless the sum is right.
#
# One MOV, XOR and LEA before the loop; each round: MOV (store), JMP, MOV
# (modified), ADD, DEC, JNZ = 6; the sum of 1..N is compared: MOV, CMP, JNE.
#
# PARAM  N=6000
# CHECK  N=100
# EXPECT instructions=9+6*N cond=N+1 jmp=N far=1

	.include "common.inc"
	.section .modified, "awx"
_start:
	mov	ecx, N
	xor	ebx, ebx
	lea	rdx, [patch + 1]
1:	mov	[rdx], ecx
	jmp	patch
patch:	mov	eax, 0x12345678
	add	rbx, rax
	dec	ecx
	jnz	1b
	mov	rax, N * (N + 1) / 2
	cmp	rax, rbx
	jne	fail
	finish

fail:	mov	edi, 1
	mov	eax, SYS_exit_group
	syscall
