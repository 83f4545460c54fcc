# SPDX-License-Identifier: LGPL-2.1-or-later
#
# x87: arithmetic, transcendental functions, control word, an explicit FWAIT.
#
# FNINIT and MOV before the loop; each round: FLD1, FLDPI, FADDP, FSQRT, FSIN,
# FNSTCW, FLDCW, FNSTSW, FSTP, FWAIT (an instruction of its own), DEC, JNZ = 12.
#
# PARAM  N=40000
# CHECK  N=200
# EXPECT instructions=5+12*N cond=N far=1

	.include "common.inc"
_start:
	fninit
	mov	ecx, N
1:	fld1
	fldpi
	faddp
	fsqrt
	fsin
	fnstcw	[cell]
	fldcw	[cell]
	fnstsw	ax
	fstp	qword ptr [room]
	fwait
	dec	ecx
	jnz	1b
	finish

	.bss
	.balign	16
cell:	.skip	16
room:	.skip	16
