/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A multiboot program in 64-bit mode with the first 4 GiB mapped one to one
 * in pages of 2 MiB, except for one that is mapped page by page
 * (page_table), so that tests can take pages away.
 */
#define PAGE_PRESENT 1
#define PAGE_RW      2
#define PAGE_USER    4
#define PAGE_HUGE    0x80

        .section .multiboot, "a"
        .align 4
        .long 0x1badb002, 0, -0x1badb002

        .code32
        .text
        .globl _start
_start:
        cld
        mov $stack_top, %esp
        /* page directories: 4 x 512 x 2 MiB */
        mov $page_directories, %edi
        mov $(PAGE_PRESENT | PAGE_RW | PAGE_USER | PAGE_HUGE), %eax
        mov $2048, %ecx
1:      mov %eax, (%edi)
        movl $0, 4(%edi)
        add $0x200000, %eax
        add $8, %edi
        loop 1b
        mov $page_directory_pointers, %edi
        mov $(page_directories + (PAGE_PRESENT | PAGE_RW | PAGE_USER)), %eax
        mov $4, %ecx
1:      mov %eax, (%edi)
        add $0x1000, %eax
        add $8, %edi
        loop 1b
        movl $(page_directory_pointers + (PAGE_PRESENT | PAGE_RW | PAGE_USER)), page_map
        /* 16 MiB to 18 MiB in small pages */
        movl $(page_table + (PAGE_PRESENT | PAGE_RW | PAGE_USER)), page_directories + 8 * 8
        mov $page_table, %edi
        mov $(0x1000000 | PAGE_PRESENT | PAGE_RW | PAGE_USER), %eax
        mov $512, %ecx
1:      mov %eax, (%edi)
        add $0x1000, %eax
        add $8, %edi
        loop 1b

        mov $page_map, %eax
        mov %eax, %cr3
        mov %cr4, %eax
        or $0x620, %eax                 /* PAE, OSFXSR, OSXMMEXCPT */
        mov %eax, %cr4
        mov $0xc0000080, %ecx
        rdmsr
        or $0x901, %eax                 /* SCE, LME, NXE */
        wrmsr
        mov %cr0, %eax
        or $0x80010000, %eax            /* PG, WP */
        and $~4, %eax                   /* EM */
        or $2, %eax                     /* MP */
        mov %eax, %cr0
        lgdt gdt_pointer
        ljmp $0x08, $start64

        .code64
start64:
        mov $0x10, %eax
        mov %eax, %ss
        mov %eax, %ds
        mov %eax, %es
        mov $stack_top, %rsp
        call main
1:      hlt
        jmp 1b

/* Interrupts: vector, error code, then struct frame of lib.h */
        .macro gate n
        .if \n == 8 || (\n >= 10 && \n <= 14) || \n == 17
        .else
        push $0
        .endif
        push $\n
        jmp common
        .align 16
        .endm

        .align 16
        .globl gates
gates:
        .set i, 0
        .rept 256
        .align 16
        gate i
        .set i, i + 1
        .endr

common:
        push %r11
        push %r10
        push %r9
        push %r8
        push %rdi
        push %rsi
        push %rdx
        push %rcx
        push %rax
        mov %rsp, %rdi
        call interrupt
        pop %rax
        pop %rcx
        pop %rdx
        pop %rsi
        pop %rdi
        pop %r8
        pop %r9
        pop %r10
        pop %r11
        add $16, %rsp
        iretq

        .data
        .align 16
gdt:    .quad 0
        .quad 0x00af9b000000ffff        /* 08: code 64 */
        .quad 0x00cf93000000ffff        /* 10: data */
        .quad 0x00cff3000000ffff        /* 18: user data */
        .quad 0x00affb000000ffff        /* 20: user code 64 */
        .globl gdt_tss
gdt_tss: .quad 0, 0                     /* 28: TSS */
gdt_pointer:
        .word gdt_pointer - gdt - 1
        .quad gdt

        .bss
        .align 4096
page_map: .skip 4096
page_directory_pointers: .skip 4096
page_directories: .skip 4 * 4096
        .globl page_table
page_table: .skip 4096
        .skip 65536
        .globl stack_top
stack_top:
        .skip 65536
        .globl interrupt_stack_top
interrupt_stack_top:
        .skip 65536
        .globl user_stack_top
user_stack_top:
