/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CR0.TS and the instructions that save and restore the FPU: a hypervisor that
 * switches the FPU lazily depends on their #NM (SDM volume 2, XSAVE, "Exceptions").
 */
#include "pmu.h"

#define NM 7
#define CR0_TS (1ull << 3)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXSAVE (1ull << 18)

void test_fpu(void)
{
    static const char *const names[] = { "XSAVE", "XSAVEOPT", "XRSTOR", "FXSAVE" };
    static char area[4096] __attribute__((aligned(64)));
    u64 cr0, cr4;
    u32 a, b, c, d;

    cpuid(1, &a, &b, &c, &d);
    check(c >> 26 & 1, "the CPU has XSAVE");
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSFXSR | CR4_OSXSAVE));
    for (unsigned op = XSAVE; op <= FXSAVE; op++) {
        asm volatile("mov %0, %%cr0" : : "r"(cr0 | CR0_TS));
        check(xstate_safe(op, area) == NM, "%s with CR0.TS raises #NM", (u64)names[op]);
        asm volatile("clts");
        check(xstate_safe(op, area) == -1, "%s without CR0.TS", (u64)names[op]);
    }
    asm volatile("mov %0, %%cr0" : : "r"(cr0));
    asm volatile("mov %0, %%cr4" : : "r"(cr4));
}
