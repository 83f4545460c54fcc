/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef METAL_PMU_H
#define METAL_PMU_H

#include "lib.h"

#define PMC(n)         (0xc1 + (n))
#define EVTSEL(n)      (0x186 + (n))
#define FW_PMC(n)      (0x4c1 + (n))
#define FIXED(n)       (0x309 + (n))
#define PERF_CAP       0x345
#define DEBUGCTL       0x1d9
#define MISC_ENABLE    0x1a0
#define FIXED_CTRL     0x38d
#define GLOBAL_STATUS  0x38e
#define GLOBAL_CTRL    0x38f
#define STATUS_RESET   0x390
#define STATUS_SET     0x391
#define INUSE          0x392

#define USR  (1u << 16)
#define OS   (1u << 17)
#define INT  (1u << 20)
#define EN   (1u << 22)

#define EV_INSN        0x00c0
#define EV_CYCLES      0x003c
#define EV_XCLK        0x013c
#define EV_BRANCH      0x00c4
#define EV_COND        0x01c4
#define EV_CALL        0x02c4
#define EV_RET         0x08c4
#define EV_NOT_TAKEN   0x10c4
#define EV_NEAR_TAKEN  0x20c4
#define EV_FAR         0x40c4
#define EV_LOADS       0x81d0
#define EV_STORES      0x82d0
#define EV_LLC_REF     0x4f2e
#define EV_LLC_MISS    0x412e
#define EV_MISP        0x00c5

struct pmu {
    unsigned version, counters, width, fixed;
    bool full_width;
    u64 mask;
};
extern struct pmu pmu;

void pmu_detect(void);
void pmu_off(void);

/* Events on counters 0 ..., all modes in @modes; all fixed counters, too. */
void pmu_program(const u32 *events, unsigned n, u32 modes);

/* Counts from here to the matching COUNT_END, which adds 4 instructions. */
#define COUNT_BEGIN                                     \
    "mov $0x38f, %%ecx\n\tmov $0xff, %%eax\n\t"         \
    "mov $7, %%edx\n\twrmsr\n\t"
#define COUNT_END                                       \
    "\n\tmov $0x38f, %%ecx\n\txor %%eax, %%eax\n\t"     \
    "xor %%edx, %%edx\n\twrmsr\n\t"
#define COUNT_OVERHEAD 4
#define COUNT(code, ...)                                                    \
    asm volatile(COUNT_BEGIN code COUNT_END : : __VA_ARGS__                 \
                 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9",    \
                   "r10", "r11", "memory", "cc")

void test_registers(void);
void test_counts(void);
void test_modes(void);
void test_overflow(void);

#endif
