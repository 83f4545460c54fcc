# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Page faults: P pages, given back and touched again N times.  The instruction
# that faults is restarted and counts once.
#
# Each round: MADV_DONTNEED 5, LEA and MOV 2, four instructions per page, loop 2.
#
# PARAM  N=20 P=200
# CHECK  N=3 P=20
# EXPECT instructions=4+N*(9+4*P) cond=N*(P+1) far=N+1

	.include "common.inc"
_start:
	mov	ebx, N
1:	lea	rdi, [area]
	mov	esi, P * 4096
	mov	edx, MADV_DONTNEED
	mov	eax, SYS_madvise
	syscall
	lea	rdi, [area + 64]
	mov	ecx, P
2:	inc	qword ptr [rdi]
	add	rdi, 4096
	dec	ecx
	jnz	2b
	dec	ebx
	jnz	1b
	finish

	.bss
	.balign	4096
area:	.skip	P * 4096
