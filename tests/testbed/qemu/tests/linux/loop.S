/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 1 + 2 * 1000000 + 3 instructions; 1000000 conditional branches, one not taken, and SYSCALL */
        .globl _start
_start: mov $1000000, %ecx
1:      dec %ecx
        jnz 1b
        mov $60, %eax
        xor %edi, %edi
        syscall
        .section .note.GNU-stack, "", @progbits
