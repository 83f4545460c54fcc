# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Calls and returns: a binary recursion of depth D, N times.
#
# A call at depth 0 executes 3 instructions (TEST, JZ, RET), any other 7.
# The tree has 2^D leaves and 2^D - 1 inner nodes: 3 * 2^D + 7 * (2^D - 1) =
# 10 * 2^D - 7 instructions, 2^(D+1) - 1 calls, returns and JZ.  Each of the N
# rounds adds MOV, CALL, DEC, JNZ.
#
# PARAM  N=400 D=10
# CHECK  N=3 D=5
# EXPECT instructions=4+N*(10*2**D-3) cond=N*2**(D+1) call=N*(2**(D+1)-1) ret=N*(2**(D+1)-1) far=1

	.include "common.inc"
_start:
	mov	ebx, N
1:	mov	edi, D
	call	walk
	dec	ebx
	jnz	1b
	finish

walk:	test	edi, edi
	jz	9f
	dec	edi
	call	walk
	call	walk
	inc	edi
9:	ret
