/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entry points.  PV: 64-bit, paging on, %rsi = start info (virtual).  PVH: 32-bit,
 * paging off, %ebx = start info (physical); four gigabytes are mapped where they are, and
 * VIRT_BASE is 0: so both see the same addresses.
 */
#define __ASSEMBLY__
#include <xen/elfnote.h>

#define CR0_PE_PG	0x80000001
#define CR4_PAE		0x20
#define EFER		0xc0000080
#define EFER_LME	0x100
#define KERNEL_CS	8

.macro note type, values:vararg
	.pushsection .note.xen, "a", @note
	.align 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	\values
2:	.align 4
	.popsection
.endm

	note XEN_ELFNOTE_GUEST_OS, .asciz "tinyguest"
	note XEN_ELFNOTE_LOADER, .asciz "generic"
	note XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note XEN_ELFNOTE_VIRT_BASE, .quad 0
	note XEN_ELFNOTE_PADDR_OFFSET, .quad 0
	note XEN_ELFNOTE_ENTRY, .quad start_pv
	note XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page
	note XEN_ELFNOTE_PHYS32_ENTRY, .long start_pvh

	.text
	.code64
	.globl start_pv
start_pv:
	cld
	lea	stack_end(%rip), %rsp
	xor	%ebp, %ebp
	mov	%rsi, %rdi
	xor	%esi, %esi
	call	kernel
	ud2

	.code32
	.globl start_pvh
start_pvh:
	cld
	mov	$level4, %eax
	mov	%eax, %cr3
	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	mov	$CR0_PE_PG, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$KERNEL_CS, $1f
	.code64
1:	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	lea	stack_end(%rip), %rsp
	xor	%ebp, %ebp
	mov	%ebx, %edi
	mov	$1, %esi
	call	kernel
	ud2

/*
 * Faults: the handler takes the address at which to go on from `resume`, which the
 * code that may fault has set; it clears it.  None set: `fault` says where it was.
 */
	.globl on_fault_pv, on_fault_code_hvm, on_fault_hvm
on_fault_pv:				/* rcx, r11, code, rip, cs, rflags, rsp, ss */
	mov	(%rsp), %rcx
	mov	8(%rsp), %r11
	add	$24, %rsp
	orl	$3, 8(%rsp)		/* Xen has taken the ring off it */
	jmp	on_fault_hvm
on_fault_code_hvm:			/* code, rip, cs, rflags, rsp, ss */
	add	$8, %rsp
on_fault_hvm:
	push	%rax
	mov	8(%rsp), %rax
	mov	%rax, fault_ip(%rip)
	xor	%eax, %eax
	xchg	%rax, resume(%rip)
	test	%rax, %rax
	jz	no_resume
	mov	%rax, 8(%rsp)
	pop	%rax
	iretq
no_resume:
	call	stray_fault
	ud2

/* int rdpmc(uint32_t index, uint64_t *value): 0, or -1 if it faults */
	.globl rdpmc
rdpmc:	mov	%rsi, %r8
	mov	%edi, %ecx
	lea	1f(%rip), %rax
	mov	%rax, resume(%rip)
	rdpmc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%r8)
	movq	$0, resume(%rip)
	xor	%eax, %eax
	ret
1:	mov	$-1, %eax
	ret

/* int wrmsr(uint32_t index, uint64_t value): 0, or -1 if it faults */
	.globl wrmsr
wrmsr:	mov	%edi, %ecx
	mov	%rsi, %rdx
	shr	$32, %rdx
	lea	1f(%rip), %rax
	mov	%rax, resume(%rip)
	mov	%esi, %eax
	wrmsr
	movq	$0, resume(%rip)
	xor	%eax, %eax
	ret
1:	mov	$-1, %eax
	ret

	.data
	.globl resume, fault_ip
	.align	8
resume:		.quad 0
fault_ip:	.quad 0
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* KERNEL_CS: 64-bit */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.align	4096
	.globl hypercall_page
hypercall_page:
	.skip	4096
	/* The first four gigabytes, in pages of 2 MB: the console's page is at the end */
level2:	i = 0
	.rept	2048
	.quad	(i << 21) | 0x83
	i = i + 1
	.endr
level3:	.quad	level2 + 0x3, level2 + 0x1003, level2 + 0x2003, level2 + 0x3003
	.skip	4096 - 32
level4:	.quad	level3 + 3
	.skip	4096 - 8

	.bss
	.align	4096
	.skip	16384
stack_end:
	.section .note.GNU-stack, "", @progbits
