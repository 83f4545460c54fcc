# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Conditional branches, taken in patterns, and what only looks like one.
#
# N is a multiple of 8; in eight rounds:
#   bit 0:   TEST, JZ 16, INC when it is set                         + 4 = 20
#   bit 1:   TEST, JNZ 16, two INC when it is clear                  + 8 = 24
#   JRCXZ:   MOV, AND, JRCXZ 24, INC in all rounds but one           + 7 = 31
#   CMP, CMOVZ, SETZ (no branches)                                       = 24
#   LOOP:    MOV 8, three LOOP each                                 + 24 = 32
#   DEC, JNZ                                                             = 16
# = 147; branches: JZ 8, JNZ 8, JRCXZ 8, LOOP 24, JNZ 8 = 56.
#
# PARAM  N=200000
# CHECK  N=80
# EXPECT instructions=4+147*N//8 cond=7*N far=1

	.include "common.inc"
_start:
	mov	ebx, N
1:	test	ebx, 1
	jz	2f
	inc	r8
2:	test	ebx, 2
	jnz	3f
	inc	r9
	inc	r9
3:	mov	ecx, ebx
	and	ecx, 7
	jrcxz	4f
	inc	r10
4:	cmp	r8, r9
	cmovz	r11, r8
	setz	al
	mov	ecx, 3
5:	loop	5b
	dec	ebx
	jnz	1b
	finish
