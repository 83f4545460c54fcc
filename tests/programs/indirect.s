# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Indirect jumps and calls: N rounds through a table of four targets.
#
# N is a multiple of 4 and the two low bits of the round choose the target, so
# each target is taken N / 4 times.  A round has MOV, AND, JMP, DEC, JNZ = 5,
# and its target 2 (INC, JMP), 3 (INC, INC, JMP), 4 (CALL, INC, RET, JMP) or
# 4 (LEA, CALL, INC, RET): 4 * 5 + 13 = 33 in four rounds.
# Jumps: one indirect in each round, one direct in three of four targets.
#
# PARAM  N=400000
# CHECK  N=400
# EXPECT instructions=4+33*N//4 cond=N jmp=7*N//4 call=N//2 ret=N//2 far=1

	.include "common.inc"
_start:
	mov	ebx, N
next:	mov	eax, ebx
	and	eax, 3
	jmp	[table + rax * 8]
t0:	inc	r8
	jmp	again
t1:	inc	r9
	inc	r9
	jmp	again
t2:	call	[callee]
	jmp	again
t3:	lea	rdx, [rip + leaf]
	call	rdx
again:	dec	ebx
	jnz	next
	finish

leaf:	inc	r10
	ret

	.section .rodata
	.balign	8
table:	.quad	t0, t1, t2, t3
callee:	.quad	leaf
