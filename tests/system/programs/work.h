// SPDX-License-Identifier: LGPL-2.1-or-later
// work.h - a piece of work of known length between two reads of a counter set
#ifndef WORK_H
#define WORK_H

#include <linux/perfctr.h>

#include "vendor.h"

#define WORK_EVENTS 4
#define WORK_ROUNDS 50000ull

// Between the two reads lie, with their system calls' instructions
//   MOV; ROUNDS times MOV from memory, MOV to memory, DEC, JNZ; MOV, MOV, SYSCALL
// The branches are those JNZ and the SYSCALL; the MOVs load and store.
static const char *const work_names[WORK_EVENTS] = { "instructions", "branches", "loads",
                                                     "stores" };
static const unsigned long long work_expected[WORK_EVENTS] = {
    1 + 4 * WORK_ROUNDS + 3, WORK_ROUNDS + 1, WORK_ROUNDS, WORK_ROUNDS
};

static inline unsigned int work_event(unsigned int i)
{
    static const unsigned int events[2][WORK_EVENTS] = {
        { INSTRUCTIONS, 0x00c4, 0x81d0, 0x82d0 }, { INSTRUCTIONS, 0x00c2, 0x0129, 0x0229 }
    };

    return events[is_amd()][i];
}

// 0, or the negative error of the second read.
static inline long work(int fd, struct perfctr_read *before, struct perfctr_read *after)
{
    volatile unsigned long long cell[2] = { 0 };
    unsigned long result = 16;              // ioctl()

    __asm__ volatile("syscall\n\t"
                     "mov   %[rounds], %%r8\n"
                     "1:\n\t"
                     "mov   %[from], %%r9\n\t"
                     "mov   %%r9, %[to]\n\t"
                     "dec   %%r8\n\t"
                     "jnz   1b\n\t"
                     "mov   $16, %%eax\n\t"
                     "mov   %[after], %%rdx\n\t"
                     "syscall"
                     : "+a"(result), "+d"(before), [to] "=m"(cell[1])
                     : "D"((long)fd), "S"(PERFCTR_IOC_READ), [after] "r"(after),
                       [rounds] "i"(WORK_ROUNDS), [from] "m"(cell[0])
                     : "rcx", "r8", "r9", "r11", "cc", "memory");
    return (long)result;
}

#endif
