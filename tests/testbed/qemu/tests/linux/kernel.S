/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page faults, system calls, CPUID and INT3: 3 + 256 * 4 + 1 + 500 * 4 + 2 + 100 * 5 + 3 instructions.
 * The page faults of the first loop start its stores again; each counts once.
 */
        .globl _start
_start: lea area(%rip), %rdi
        mov $256, %ecx
        xor %eax, %eax
1:      mov %al, (%rdi)
        add $4096, %rdi
        dec %ecx
        jnz 1b
        mov $500, %ebp
2:      mov $39, %eax
        syscall
        dec %ebp
        jnz 2b
        mov $100, %ebp
        nop
3:      xor %eax, %eax
        xor %ecx, %ecx
        cpuid
        dec %ebp
        jnz 3b
        mov $60, %eax
        xor %edi, %edi
        syscall
        .bss
area:   .skip 256 * 4096
        .section .note.GNU-stack, "", @progbits
