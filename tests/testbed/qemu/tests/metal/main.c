/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pmu.h"

struct pmu pmu;

void pmu_detect(void)
{
    u32 a, b, c, d;

    cpuid(0xa, &a, &b, &c, &d);
    pmu.version = a & 0xff;
    pmu.counters = a >> 8 & 0xff;
    pmu.width = a >> 16 & 0xff;
    pmu.fixed = pmu.version > 1 ? d & 0x1f : 0;
    pmu.mask = (1ull << pmu.width) - 1;
    cpuid(1, &a, &b, &c, &d);
    pmu.full_width = (c & 1u << 15) && (rdmsr(PERF_CAP) & 1u << 13);
}

void pmu_off(void)
{
    if (pmu.version > 1) {
        wrmsr(GLOBAL_CTRL, 0);
        wrmsr(FIXED_CTRL, 0);
        wrmsr(DEBUGCTL, 0);
        wrmsr(STATUS_RESET, rdmsr(GLOBAL_STATUS));
    }
    for (unsigned i = 0; i < pmu.counters; i++) {
        wrmsr(EVTSEL(i), 0);
        wrmsr(PMC(i), 0);
    }
    for (unsigned i = 0; i < pmu.fixed; i++) {
        wrmsr(FIXED(i), 0);
    }
}

void pmu_program(const u32 *events, unsigned n, u32 modes)
{
    u32 fixed = (modes & OS ? 1 : 0) | (modes & USR ? 2 : 0);

    pmu_off();
    for (unsigned i = 0; i < n && i < pmu.counters; i++) {
        wrmsr(EVTSEL(i), events[i] | modes | EN);
    }
    wrmsr(FIXED_CTRL, fixed * 0x111);
}

void main(void);
void main(void)
{
    machine_init();
    pmu_detect();
    print("version %d, %d counters of %d bits, %d fixed\n",
          (u64)pmu.version, (u64)pmu.counters, (u64)pmu.width,
          (u64)pmu.fixed);
    test_registers();
    if (pmu.version >= 4 && pmu.counters == 8) {
        test_counts();
        test_modes();
        if (pmu.full_width) {
            test_overflow();
        }
    }
    finish();
}
