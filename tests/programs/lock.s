# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Locked and other atomic instructions.
#
# Each round: LOCK INC, LOCK XADD, XCHG, MOV, LOCK CMPXCHG, LOCK BTS, MFENCE,
# PAUSE, DEC, JNZ = 10.
#
# PARAM  N=120000
# CHECK  N=200
# EXPECT instructions=4+10*N cond=N far=1

	.include "common.inc"
_start:
	mov	ecx, N
1:	lock inc qword ptr [cell]
	lock xadd [cell], rbx
	xchg	[cell], rdx
	mov	eax, 5
	lock cmpxchg [cell], edx
	lock bts qword ptr [cell], 7
	mfence
	pause
	dec	ecx
	jnz	1b
	finish

	.bss
	.balign	64
cell:	.skip	64
