/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pmu.h"

struct pmu pmu;
u32 pmu_global_ctrl, pmu_global_status, pmu_status_reset;
u64 pmu_all;
u32 pmu_insn_index, pmu_insn_msr;

static void detect_amd(void)
{
    u32 a, b, c, d;

    cpuid(0x80000000, &a, &b, &c, &d);
    if (a >= 0x80000022) {
        cpuid(0x80000022, &a, &b, &c, &d);
        pmu.version = 1 + (a & 1);
        pmu.counters = b & 0xf;
    } else {
        pmu.version = 1;
    }
    cpuid(0x80000001, &a, &b, &c, &d);
    pmu.core = c >> 23 & 1;
    pmu.evtsel = pmu.core ? CORE_CTL(0) : K7_CTL(0);
    pmu.pmc = pmu.core ? CORE_CTR(0) : K7_CTR(0);
    pmu.step = pmu.core ? 2 : 1;
    if (pmu.version > 1) {
        pmu_global_ctrl = AMD_GLOBAL_CTL;
        pmu_global_status = AMD_STATUS;
        pmu_status_reset = AMD_STATUS_CLR;
    } else {
        pmu.counters = pmu.core ? 6 : 4;
    }
    pmu_all = (1u << pmu.counters) - 1;
    pmu.width = 48;
    pmu.full_width = true;
    pmu.mask = (1ull << pmu.width) - 1;
}

void pmu_detect(void)
{
    u32 a, b, c, d;

    cpuid(0, &a, &b, &c, &d);
    pmu.amd = b == 0x68747541;  /* "Auth" */
    if (pmu.amd) {
        detect_amd();
        return;
    }
    cpuid(0xa, &a, &b, &c, &d);
    pmu.version = a & 0xff;
    pmu.counters = a >> 8 & 0xff;
    pmu.width = a >> 16 & 0xff;
    pmu.fixed = pmu.version > 1 ? d & 0x1f : 0;
    pmu.mask = (1ull << pmu.width) - 1;
    pmu.evtsel = 0x186;
    pmu.pmc = 0xc1;
    pmu.step = 1;
    pmu_global_ctrl = GLOBAL_CTRL;
    pmu_global_status = GLOBAL_STATUS;
    pmu_status_reset = STATUS_RESET;
    pmu_all = 0x7000000ff;
    cpuid(1, &a, &b, &c, &d);
    pmu.full_width = (c & 1u << 15) && (rdmsr(PERF_CAP) & 1u << 13);
}

void pmu_off(void)
{
    if (pmu.version > 1) {
        wrmsr(pmu_global_ctrl, 0);
        if (!pmu.amd) {
            wrmsr(FIXED_CTRL, 0);
            wrmsr(DEBUGCTL, 0);
        }
        wrmsr(pmu_status_reset, rdmsr(pmu_global_status));
    }
    for (unsigned i = 0; i < pmu.counters; i++) {
        wrmsr(EVTSEL(i), 0);
        wrmsr(PMC(i), 0);
    }
    for (unsigned i = 0; i < pmu.fixed; i++) {
        wrmsr(FIXED(i), 0);
    }
}

void pmu_program(const u64 *events, unsigned n, u32 modes)
{
    u32 fixed = (modes & OS ? 1 : 0) | (modes & USR ? 2 : 0);

    pmu_off();
    for (unsigned i = 0; i < n && i < pmu.counters; i++) {
        wrmsr(EVTSEL(i), events[i] | modes | EN);
    }
    if (pmu.amd) {
        wrmsr(EVTSEL(n), EV_INSN | modes | EN);
        pmu_insn_index = n;
        pmu_insn_msr = PMC(n);
    } else {
        wrmsr(FIXED_CTRL, fixed * 0x111);
        pmu_insn_index = 1u << 30;
        pmu_insn_msr = FIXED(0);
    }
}

u64 pmu_insns(void)
{
    return rdmsr(pmu_insn_msr);
}

void main(void);
void main(void)
{
    machine_init();
    pmu_detect();
    print("%sversion %d, %d counters of %d bits, %d fixed\n",
          pmu.amd ? "AMD " : "", (u64)pmu.version, (u64)pmu.counters, (u64)pmu.width,
          (u64)pmu.fixed);
    if (pmu.amd) {
        test_amd_registers();
    } else {
        test_registers();
    }
    if (pmu.version) {
        test_selectors();
    }
    if (pmu.amd ? pmu.version >= 2 : pmu.version >= 4 && pmu.counters == 8) {
        test_counts();
        test_modes();
        if (pmu.full_width) {
            test_overflow();
        }
    }
    if (pmu.amd && pmu.version > 1) {
        test_svm();
    }
    test_fpu();
    test_flags();
    finish();
}
