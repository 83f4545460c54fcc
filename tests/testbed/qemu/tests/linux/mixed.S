/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 1 + 1000 * 17 + 11 instructions; 1000 * (2 calls, 2 returns, 1 conditional) + SYSCALL;
 * loads: 1000 * 2 * 4 + 100 + 2; stores: 1000 * 2 * 4 + 100 + 2
 */
        .globl _start
_start: mov $1000, %ebx
1:      call f
        lea f(%rip), %rax
        call *%rax
        dec %ebx
        jnz 1b
        lea from(%rip), %rsi
        lea to(%rip), %rdi
        mov $100, %ecx
        rep movsb
        xor %ecx, %ecx
        rep stosb
        lock incl from(%rip)
        xchg %eax, from(%rip)
        mov $60, %eax
        xor %edi, %edi
        syscall
f:      mov from(%rip), %ecx
        mov %ecx, to(%rip)
        addl $1, from(%rip)
        push %rcx
        pop %rcx
        ret
        .bss
from:   .skip 4096
to:     .skip 4096
        .section .note.GNU-stack, "", @progbits
