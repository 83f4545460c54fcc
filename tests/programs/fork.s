# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Children: C of them, one after the other, each waited for.
#
# Each round in the parent: fork 2, TEST, JZ, wait4 6, DEC, JNZ = 12; in the
# child: TEST, JZ, MOV, N rounds of 2, the end 3 = 6 + 2 * N.
#
# PARAM  C=20 N=60000
# CHECK  C=3 N=40
# EXPECT instructions=4+C*(18+2*N) cond=C*(3+N) far=1+3*C

	.include "common.inc"
_start:
	mov	ebx, C
1:	mov	eax, SYS_fork
	syscall
	test	eax, eax
	jz	child
	mov	edi, -1
	xor	esi, esi
	xor	edx, edx
	xor	r10d, r10d
	mov	eax, SYS_wait4
	syscall
	dec	ebx
	jnz	1b
	finish

child:	mov	ecx, N
2:	dec	ecx
	jnz	2b
	finish
