/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every PMU MSR of AMD's takes, gives and refuses. */
#include "pmu.h"

#define GP 13
#define SELECTOR (0xffffffffull - (1u << 19) - (1u << 21) + (0xfull << 32) + \
                  GUEST_ONLY + HOST_ONLY)

static void test_cpuid(void)
{
    u32 a, b, c, d;

    cpuid(0xa, &a, &b, &c, &d);
    EXPECT("no leaf 0xa", a | b | c | d, 0);
    cpuid(1, &a, &b, &c, &d);
    EXPECT("no PDCM", c >> 15 & 1, 0);
    cpuid(0x80000000, &a, &b, &c, &d);
    EXPECT("leaf 0x80000022 with PerfMonV2", a >= 0x80000022,
           pmu.version > 1);
    if (pmu.version > 1) {
        cpuid(0x80000022, &a, &b, &c, &d);
        EXPECT("PerfMonV2, no LBR, no freezing", a, 1);
        EXPECT("core counters, nothing else", b, 6);
        EXPECT("the rest of it", c | d, 0);
        EXPECT("it needs the core extension", pmu.core, 1);
    }
    EXPECT("counters", pmu.counters, pmu.core ? 6 : 4);
}

/* Nothing is refused: bits that a register lacks are dropped. */
static void test_selector(u32 msr)
{
    for (int bit = 0; bit < 64; bit++) {
        msr_takes(msr, 1ull << bit, 1ull << bit & SELECTOR);
    }
    wrmsr(msr, 0);
}

static void test_counter(unsigned i)
{
    u64 all = ~0ull;

    msr_takes(PMC(i), pmu.mask, pmu.mask);
    EXPECT("rdpmc", rdpmc(i), pmu.mask);
    msr_takes(PMC(i), all, pmu.mask);
    msr_takes(PMC(i), 0x1234567890ab, 0x1234567890ab);
    EXPECT("rdpmc", rdpmc(i), 0x1234567890ab);
    test_selector(EVTSEL(i));
    if (i < 4) {
        /* Two names of the same registers */
        EXPECT("K7's counter", rdmsr(K7_CTR(i)), 0x1234567890ab);
        wrmsr(K7_CTR(i), 0xba0987654321);
        EXPECT("written by its K7 name", rdmsr(PMC(i)), 0xba0987654321);
        wrmsr(EVTSEL(i), EV_INSN | HOST_ONLY);
        EXPECT("K7's selector", rdmsr(K7_CTL(i)), EV_INSN | HOST_ONLY);
        test_selector(K7_CTL(i));
        EXPECT("cleared by its K7 name", rdmsr(EVTSEL(i)), 0);
    }
    wrmsr(PMC(i), 0);
}

static void test_global(void)
{
    static const u32 global[] = {
        AMD_STATUS, AMD_GLOBAL_CTL, AMD_STATUS_CLR, AMD_STATUS_SET,
    };

    if (pmu.version < 2) {
        for (int i = 0; i < 4; i++) {
            msr_absent(global[i]);
        }
        return;
    }
    for (int bit = 0; bit < 64; bit++) {
        u64 val = 1ull << bit, kept = val & pmu_all;

        msr_takes(AMD_GLOBAL_CTL, val, kept);
        msr_takes(AMD_STATUS_SET, val, 0);
        EXPECT("status set", rdmsr(AMD_STATUS), kept);
        msr_takes(AMD_STATUS_CLR, ~val, 0);
        EXPECT("others cleared", rdmsr(AMD_STATUS), kept);
        msr_takes(AMD_STATUS_CLR, val, 0);
        EXPECT("status cleared", rdmsr(AMD_STATUS), 0);
        msr_refused(AMD_STATUS, val);
    }
    wrmsr(AMD_GLOBAL_CTL, 0);
    msr_refused(AMD_STATUS, 0);
}

static void test_absent(void)
{
    static const u32 lacking[] = {
        0xc0010230, 0xc0010231, 0xc0010240, 0xc0010247, 0xc0011030, 0xc001103d,
        0xc1, 0x186, 0x309, 0x345, 0x38d, 0x38e, 0x38f, 0x390,
    };
    u64 val;

    for (unsigned i = 0; i < sizeof(lacking) / sizeof(*lacking); i++) {
        msr_absent(lacking[i]);
    }
    for (unsigned i = 0; !pmu.core && i < 6; i++) {
        msr_absent(CORE_CTL(i));
        msr_absent(CORE_CTR(i));
    }
    for (u32 i = pmu.counters; i < 40; i++) {
        check(rdpmc_safe(i, &val) == GP, "rdpmc %d is refused", (u64)i);
    }
    check(rdpmc_safe(1u << 30, &val) == GP, "rdpmc bit 30");
    check(rdpmc_safe(1u << 31, &val) == GP, "rdpmc bit 31");
}

/* Two nops on counter 0; the two instructions that end it count, too. */
static u64 two_nops(u64 selector)
{
    wrmsr(PMC(0), 0);
    wrmsr(EVTSEL(0), selector | EV_INSN | OS | EN);
    asm volatile("nop\n\tnop\n\txor %%eax, %%eax\n\txor %%edx, %%edx\n\twrmsr"
                 : : "c"(EVTSEL(0)) : "rax", "rdx");
    return rdmsr(PMC(0));
}

/* A counter for guest or host counts nothing while EFER.SVME is clear. */
static void test_svme(void)
{
    static const u64 selectors[4] = {
        0, HOST_ONLY, GUEST_ONLY, HOST_ONLY | GUEST_ONLY,
    };
    u64 efer = rdmsr(EFER), base;

    if (pmu.version > 1) {
        wrmsr(pmu_global_ctrl, pmu_all);
    }
    base = two_nops(0);
    check(base >= 5 && base < 10, "two nops: %d", base);
    for (int i = 1; i < 4; i++) {
        EXPECT("no SVME", two_nops(selectors[i]), 0);
    }
    wrmsr(EFER, efer | SVME);
    EXPECT("SVME, every mode", two_nops(0), base);
    EXPECT("SVME, host", two_nops(HOST_ONLY), base);
    EXPECT("SVME, guest", two_nops(GUEST_ONLY), 0);
    EXPECT("SVME, both", two_nops(HOST_ONLY | GUEST_ONLY), base);
    wrmsr(EFER, efer);

    /* The write that sets it does not count, the one that clears it does. */
    pmu_off();
    if (pmu.version > 1) {
        wrmsr(pmu_global_ctrl, pmu_all);
    }
    wrmsr(EVTSEL(0), HOST_ONLY | EV_INSN | OS | EN);
    asm volatile("or %1, %%eax\n\twrmsr\n\tnop\n\tnop\n\txor %1, %%eax\n\t"
                 "wrmsr\n\tnop"
                 : : "c"(EFER), "i"(SVME), "a"((u32)efer),
                 "d"((u32)(efer >> 32)));
    EXPECT("nop, nop, xor, wrmsr", rdmsr(PMC(0)), 4);
    pmu_off();
}

void test_amd_registers(void)
{
    if (pmu.version > 1) {
        EXPECT("PerfCntrGlobalCtl after reset", rdmsr(AMD_GLOBAL_CTL), 0x3f);
    }
    pmu_off();
    test_cpuid();
    for (unsigned i = 0; i < pmu.counters; i++) {
        test_counter(i);
    }
    test_global();
    test_absent();
    test_svme();
}
