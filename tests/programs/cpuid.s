# SPDX-License-Identifier: LGPL-2.1-or-later
#
# CPUID and RDTSC, which a hypervisor may take over: they count as if the CPU
# itself had executed them.
#
# Each round: XOR, CPUID, MOV, XOR, CPUID, RDTSC, DEC, JNZ = 8.
#
# PARAM  N=20000
# CHECK  N=200
# EXPECT instructions=4+8*N cond=N far=1

	.include "common.inc"
_start:
	mov	r12d, N
1:	xor	eax, eax
	cpuid
	mov	eax, 7
	xor	ecx, ecx
	cpuid
	rdtsc
	dec	r12d
	jnz	1b
	finish
