# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Three nested loops: N times 50 times 20.
#
# inner body  3 instructions, 20 rounds       = 60
# middle      1 + 60 + 2 = 63, 50 rounds      = 3150
# outer       1 + 3150 + 2 = 3153, N rounds
# Branches: one at the end of each round of each loop: 20 * 50 + 50 + 1 = 1051.
#
# PARAM  N=1500
# CHECK  N=3
# EXPECT instructions=4+3153*N cond=1051*N far=1

	.include "common.inc"
_start:
	mov	esi, N
1:	mov	edx, 50
2:	mov	ecx, 20
3:	add	rax, rcx
	dec	ecx
	jnz	3b
	dec	edx
	jnz	2b
	dec	esi
	jnz	1b
	finish
