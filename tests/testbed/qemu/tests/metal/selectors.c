/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting that a selector alone turns on and off, as a PMU without global
 * registers must be used; with these, it is the same.
 */
#include "pmu.h"

#define LVTPC  (*(volatile u32 *)0xfee00340)
#define EOI    (*(volatile u32 *)0xfee000b0)
#define VECTOR 0xf0

#define OFF  (EV_INSN | OS)
#define ON   (EV_INSN | OS | EN)

static void prepare(void)
{
    pmu_off();
    wrmsr(EVTSEL(0), OFF);
    if (pmu.version > 1) {
        wrmsr(pmu_global_ctrl, 1);
    }
}

/* The instruction that disables is counted, the one that enables is not. */
static void test_boundaries(void)
{
    u32 low = ON;

    prepare();
    asm volatile("wrmsr\n\tnop\n\tnop\n\tmov %1, %%eax\n\twrmsr\n\tnop"
                 : "+a"(low) : "i"(OFF), "c"(EVTSEL(0)), "d"(0));
    EXPECT("nop, nop, mov, wrmsr", rdmsr(PMC(0)), 4);

    prepare();
    low = ON;
    asm volatile("mov %2, %%ecx\n\twrmsr\n\tnop\n\tmov %3, %%ecx\n\t"
                 "mov $1000, %%eax\n\twrmsr\n\tnop\n\tmov %2, %%ecx\n\t"
                 "mov %1, %%eax\n\twrmsr\n\tnop"
                 : "+a"(low) : "i"(OFF), "r"(EVTSEL(0)), "r"(PMC(0)), "d"(0)
                 : "rcx");
    EXPECT("a write while counting, then nop, mov, mov, wrmsr",
           rdmsr(PMC(0)), 1004);
}

static struct {
    unsigned taken;
    u64 rip, value;
} pmi;

static void on_pmi(struct frame *f)
{
    pmi.value = rdpmc(0);
    pmi.taken++;
    pmi.rip = f->rip;
    wrmsr(EVTSEL(0), OFF);
    EOI = 0;
}

extern char selector_nops[];

static __attribute__((noinline, noclone)) void run(void)
{
    asm volatile("sti\n\twrmsr\n"
                 ".globl selector_nops\nselector_nops:\n\t"
                 ".rept 100\n\tnop\n\t.endr\n\tcli"
                 : : "a"(ON | INT), "c"(EVTSEL(0)), "d"(0) : "memory");
}

static void test_overflow_position(void)
{
    void (*saved)(struct frame *) = handler;
    u64 late = 0;

    *(volatile u32 *)0xfee000f0 = 0x1ff;
    LVTPC = VECTOR;
    handler = on_pmi;
    for (u64 k = 1; k < 80; k++) {
        prepare();
        pmi.taken = 0;
        wrmsr(PMC(0), -k & pmu.mask);
        run();
        EXPECT("one interrupt", pmi.taken, 1);
        EXPECT("nops before it", pmi.rip - (u64)selector_nops, k);
        late = late ? late : pmi.value;
        EXPECT("the counter went on from zero", pmi.value, late);
        LVTPC = VECTOR;
    }
    check(late && late < 100, "instructions of the handler: %d", late);
    handler = saved;
    pmu_off();
}

void test_selectors(void)
{
    test_boundaries();
    test_overflow_position();
}
