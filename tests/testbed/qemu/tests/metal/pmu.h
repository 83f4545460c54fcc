/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef METAL_PMU_H
#define METAL_PMU_H

#include "lib.h"

/* Selector and counter n, whoever made the processor */
#define EVTSEL(n)      (pmu.evtsel + pmu.step * (n))
#define PMC(n)         (pmu.pmc + pmu.step * (n))
/* Where a counter is written whole */
#define FW_PMC(n)      (pmu.amd ? PMC(n) : 0x4c1 + (n))

/* Intel's */
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

/* AMD's */
#define CORE_CTL(n)    (0xc0010200 + 2 * (n))
#define CORE_CTR(n)    (0xc0010201 + 2 * (n))
#define K7_CTL(n)      (0xc0010000 + (n))
#define K7_CTR(n)      (0xc0010004 + (n))
#define AMD_STATUS     0xc0000300
#define AMD_GLOBAL_CTL 0xc0000301
#define AMD_STATUS_CLR 0xc0000302
#define AMD_STATUS_SET 0xc0000303
#define EFER           0xc0000080
#define SVME           (1u << 12)
#define GUEST_ONLY     (1ull << 40)
#define HOST_ONLY      (1ull << 41)

#define USR  (1u << 16)
#define OS   (1u << 17)
#define INT  (1u << 20)
#define EN   (1u << 22)

/* Codes of Intel and AMD; 0 is none */
#define CODE(intel, amd_code)  (pmu.amd ? (amd_code) : (intel))
#define EV_INSN        0x00c0
#define EV_CYCLES      CODE(0x003c, 0x0076)
#define EV_BRANCH      CODE(0x00c4, 0x00c2)
#define EV_FAR         CODE(0x40c4, 0x00c6)
#define EV_LLC_REF     CODE(0x4f2e, 0xff60)
#define EV_LLC_MISS    CODE(0x412e, 0x0964)
#define EV_MISP        CODE(0x00c5, 0x00c3)
/* One for so many cycles */
#define EV_CLOCK       CODE(0x013c, 0x100000120)
#define CLOCK_CYCLES   CODE(64, 2)

struct pmu {
    bool amd;
    unsigned version, counters, width, fixed;
    bool full_width, core;
    u64 mask;
    u32 evtsel, pmc, step;
};
extern struct pmu pmu;

/* What turns all counters on, and has their overflows; 0 where there is none */
extern u32 pmu_global_ctrl, pmu_global_status, pmu_status_reset;
extern u64 pmu_all;
/* The RDPMC number and the MSR of the counter that pmu_insns() reads */
extern u32 pmu_insn_index, pmu_insn_msr;

void pmu_detect(void);
void pmu_off(void);

/*
 * Events on counters 0 ..., all modes in @modes.  Instructions, too: on Intel's
 * fixed counters with what else these count, on AMD's on the next counter.
 */
void pmu_program(const u64 *events, unsigned n, u32 modes);
u64 pmu_insns(void);

/* Counts from here to the matching COUNT_END, which adds 4 instructions. */
#define COUNT_BEGIN                                                 \
    "mov pmu_global_ctrl(%%rip), %%r12d\n\tmov %%r12d, %%ecx\n\t"   \
    "mov pmu_all(%%rip), %%eax\n\tmov pmu_all + 4(%%rip), %%edx\n\t" \
    "wrmsr\n\t"
#define COUNT_END                                       \
    "\n\tmov %%r12d, %%ecx\n\txor %%eax, %%eax\n\t"     \
    "xor %%edx, %%edx\n\twrmsr\n\t"
#define COUNT_OVERHEAD 4
#define COUNT(code, ...)                                                    \
    asm volatile(COUNT_BEGIN code COUNT_END : : __VA_ARGS__                 \
                 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9",    \
                   "r10", "r11", "r12", "memory", "cc")

/* What an MSR refuses, takes and keeps; that it is not there at all */
void msr_refused(u32 msr, u64 val);
void msr_takes(u32 msr, u64 val, u64 want);
void msr_absent(u32 msr);

void test_registers(void);
void test_amd_registers(void);
void test_selectors(void);
void test_svm(void);
void test_fpu(void);
void test_flags(void);
void test_counts(void);
void test_modes(void);
void test_overflow(void);

#endif
