/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every PMU MSR of Intel's takes, gives and refuses. */
#include "pmu.h"

#define GP 13

void msr_refused(u32 msr, u64 val)
{
    check(wrmsr_safe(msr, val) == GP, "write of %x to MSR %x is refused", val,
          (u64)msr);
}

void msr_takes(u32 msr, u64 val, u64 want)
{
    u64 got = ~0ull;

    check(wrmsr_safe(msr, val) == -1, "write of %x to MSR %x", val, (u64)msr);
    check(rdmsr_safe(msr, &got) == -1 && got == want,
          "MSR %x: %x, expected %x", (u64)msr, got, want);
}

void msr_absent(u32 msr)
{
    u64 val;

    check(rdmsr_safe(msr, &val) == GP, "MSR %x cannot be read", (u64)msr);
    check(wrmsr_safe(msr, 0) == GP, "MSR %x cannot be written", (u64)msr);
}

static void bits(u32 msr, u64 writable)
{
    for (int bit = 0; bit < 64; bit++) {
        u64 val = 1ull << bit;

        if (writable & val) {
            msr_takes(msr, val, val);
        } else {
            msr_refused(msr, val);
        }
    }
    wrmsr(msr, 0);
}

static void test_cpuid(void)
{
    u32 a, b, c, d;

    cpuid(0xa, &a, &b, &c, &d);
    EXPECT("length of the event bit vector", a >> 24, 7);
    EXPECT("missing architectural events", b, 0);
    if (pmu.version > 1) {
        EXPECT("fixed counters", d & 0x1f, 3);
        EXPECT("their width", d >> 5 & 0xff, pmu.width);
        EXPECT("no AnyThread", d >> 15 & 1, 1);
    }
    EXPECT("MISC_ENABLE: monitoring, no BTS, no PEBS",
           rdmsr(MISC_ENABLE) & 0x1880, 0x1880);
    wrmsr(MISC_ENABLE, rdmsr(MISC_ENABLE) & ~0x1880ull);
    EXPECT("MISC_ENABLE keeps them", rdmsr(MISC_ENABLE) & 0x1880, 0x1880);
    msr_refused(PERF_CAP, rdmsr(PERF_CAP));
}

static void test_general(void)
{
    u64 val;

    for (unsigned i = 0; i < 8; i++) {
        if (i >= pmu.counters) {
            msr_absent(PMC(i));
            msr_absent(EVTSEL(i));
            msr_absent(FW_PMC(i));
            check(rdpmc_safe(i, &val) == GP, "rdpmc %d is refused", (u64)i);
            continue;
        }
        msr_takes(PMC(i), 0x12345678, 0x12345678);
        msr_takes(PMC(i), 0x80000000, pmu.mask & ~0x7fffffffull);
        msr_takes(PMC(i), 0xabcd00000001, 1);
        if (pmu.full_width) {
            msr_takes(FW_PMC(i), pmu.mask, pmu.mask);
            EXPECT("legacy alias", rdmsr(PMC(i)), pmu.mask);
            EXPECT("rdpmc", rdpmc(i), pmu.mask);
            msr_refused(FW_PMC(i), pmu.mask + 1);
            msr_refused(FW_PMC(i), ~0ull);
        } else {
            msr_absent(FW_PMC(i));
        }
        wrmsr(PMC(i), 0);
    }
    wrmsr(EVTSEL(0), 0);
    bits(EVTSEL(0), 0xffffffffull & ~(1ull << 19 | 1ull << 21));
    check(rdpmc_safe(pmu.counters, &val) == GP, "rdpmc past the end");
    check(rdpmc_safe(1u << 31, &val) == GP, "rdpmc bit 31");
    check(rdpmc_safe(1u << 29, &val) == GP, "rdpmc bit 29");
    check(rdpmc_safe(1u << 30 | pmu.fixed, &val) == GP, "rdpmc fixed");
}

static void test_fixed_and_global(void)
{
    static const u32 all[] = {
        FIXED_CTRL, GLOBAL_STATUS, GLOBAL_CTRL, STATUS_RESET,
    };
    u64 counters = ((1ull << pmu.counters) - 1) | 7ull << 32;
    u64 status = counters | 1ull << 58 | 1ull << 59 | 1ull << 61 | 1ull << 62;
    u64 val;

    msr_absent(FIXED(3));
    if (pmu.version < 2) {
        for (int i = 0; i < 4; i++) {
            msr_absent(all[i]);
        }
        msr_absent(FIXED(0));
        return;
    }
    for (int i = 0; i < 3; i++) {
        msr_takes(FIXED(i), pmu.mask, pmu.mask);
        EXPECT("rdpmc of a fixed counter", rdpmc(1u << 30 | i), pmu.mask);
        msr_refused(FIXED(i), pmu.mask + 1);
        wrmsr(FIXED(i), 0);
    }
    bits(FIXED_CTRL, 0xbbb);
    /* Nothing is enabled below this, so nothing counts. */
    bits(GLOBAL_CTRL, counters);
    msr_refused(GLOBAL_STATUS, 0);
    if (pmu.version < 4) {
        msr_absent(STATUS_SET);
        msr_absent(INUSE);
        return;
    }
    for (int bit = 0; bit < 64; bit++) {
        if (status & 1ull << bit) {
            wrmsr(STATUS_SET, 1ull << bit);
            EXPECT("status set", rdmsr(GLOBAL_STATUS), 1ull << bit);
            wrmsr(STATUS_RESET, 1ull << bit);
            EXPECT("status reset", rdmsr(GLOBAL_STATUS), 0);
        } else {
            msr_refused(STATUS_SET, 1ull << bit);
            if (bit != 63) {
                msr_refused(STATUS_RESET, 1ull << bit);
            }
        }
    }
    bits(DEBUGCTL, 0x1803);
    wrmsr(EVTSEL(2), EV_INSN);
    wrmsr(FIXED_CTRL, 0x0b0);
    EXPECT("in use", rdmsr(INUSE), 1ull << 2 | 1ull << 33 | 1ull << 63);
    wrmsr(EVTSEL(2), 0);
    wrmsr(FIXED_CTRL, 0);
    check(rdmsr_safe(INUSE, &val) == -1 && val == 0, "in use, nothing");
    msr_refused(INUSE, 0);
}

void test_registers(void)
{
    static const u32 lacking[] = {
        0x1a6, 0x1a7, 0x1c8, 0x1c9, 0x3f1, 0x3f6, 0x3f7, 0x600, 0x680, 0x6c0,
    };

    if (pmu.version > 1) {
        EXPECT("GLOBAL_CTRL after reset", rdmsr(GLOBAL_CTRL),
               (1ull << pmu.counters) - 1);
    }
    pmu_off();
    test_cpuid();
    test_general();
    test_fixed_and_global();
    for (unsigned i = 0; i < sizeof(lacking) / sizeof(*lacking); i++) {
        msr_absent(lacking[i]);
    }
    pmu_off();
}
