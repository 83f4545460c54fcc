/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events_intel.c
 *
 * Events that a guest may count on Intel processors.
 *
 * Left out on purpose: events that need another register (OFFCORE_RESPONSE,
 * FRONTEND_RETIRED, MEM_TRANS_RETIRED), that count what other cores do (offcore
 * and uncore events, snoops) or that have the ANYTHREAD form only.
 *
 * Sorted by unit mask, then event select.
 */

#include "config.h"

#define NONE    0x00
#define ANY     0xff
/* Without hyper-threading there are 8 counters, but these know only 4. */
#define LOW4    0x0f
#define ONLY1   0x02

#define EV(sel, umask, t, f, g) \
    { .code = (sel) | ((umask) << 8), .tier = XEN_PERFCTR_TIER_ ## t, \
      .fixed = (f), .gp = (g) }

/* The architectural events: the same on all models, see CPUID leaf 0xa. */
static const struct perfctr_event arch_events[] = {
    EV(0x3c, 0x00, IPC, 1, ANY),       /* unhalted core cycles */
    EV(0xc0, 0x00, IPC, 0, ANY),       /* instructions retired */
    EV(0xc4, 0x00, ARCH, -1, ANY),     /* branches retired */
    EV(0xc5, 0x00, ARCH, -1, ANY),     /* mispredicted branches retired */
    EV(0x3c, 0x01, IPC, -1, ANY),      /* unhalted reference cycles */
    EV(0x00, 0x03, IPC, 2, NONE),      /* reference cycles at the rate of the TSC */
    EV(0x2e, 0x41, ARCH, -1, ANY),     /* last-level cache misses */
    EV(0x2e, 0x4f, ARCH, -1, ANY),     /* last-level cache references */
};

/* Skylake and its derivatives (SDM volume 3, chapter on their events). */
static const struct perfctr_event skylake_events[] = {
    EV(0x3c, 0x00, IPC, 1, ANY),       /* unhalted core cycles */
    EV(0xc0, 0x00, IPC, 0, ANY),       /* instructions retired */
    EV(0xc4, 0x00, ARCH, -1, ANY),     /* branches retired */
    EV(0xc5, 0x00, ARCH, -1, ANY),     /* mispredicted branches retired */
    EV(0x07, 0x01, FULL, -1, ANY),     /* LD_BLOCKS_PARTIAL */
    EV(0x08, 0x01, FULL, -1, ANY),     /* DTLB_LOAD_MISSES */
    EV(0x0d, 0x01, FULL, -1, ANY),     /* INT_MISC */
    EV(0x0e, 0x01, FULL, -1, ANY),     /* UOPS_ISSUED */
    EV(0x14, 0x01, FULL, -1, ANY),     /* ARITH */
    EV(0x3c, 0x01, IPC, -1, ANY),      /* unhalted reference cycles */
    EV(0x48, 0x01, FULL, -1, ANY),     /* L1D_PEND_MISS */
    EV(0x49, 0x01, FULL, -1, ANY),     /* DTLB_STORE_MISSES */
    EV(0x4c, 0x01, FULL, -1, ANY),     /* LOAD_HIT_PRE */
    EV(0x51, 0x01, FULL, -1, ANY),     /* L1D */
    EV(0x5e, 0x01, FULL, -1, ANY),     /* RS_EVENTS */
    EV(0x83, 0x01, FULL, -1, ANY),     /* ICACHE_64B */
    EV(0x85, 0x01, FULL, -1, ANY),     /* ITLB_MISSES */
    EV(0x87, 0x01, FULL, -1, ANY),     /* ILD_STALL */
    EV(0x9c, 0x01, FULL, -1, ANY),     /* IDQ_UOPS_NOT_DELIVERED */
    EV(0xa1, 0x01, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xa2, 0x01, FULL, -1, ANY),     /* RESOURCE_STALLS */
    EV(0xa3, 0x01, FULL, -1, ANY),     /* CYCLE_ACTIVITY */
    EV(0xa6, 0x01, FULL, -1, ANY),     /* EXE_ACTIVITY */
    EV(0xa8, 0x01, FULL, -1, ANY),     /* LSD */
    EV(0xae, 0x01, FULL, -1, ANY),     /* ITLB */
    EV(0xb1, 0x01, FULL, -1, ANY),     /* UOPS_EXECUTED */
    EV(0xbd, 0x01, FULL, -1, ANY),     /* TLB_FLUSH */
    EV(0xc0, 0x01, FULL, -1, ONLY1),   /* INST_RETIRED.PREC_DIST */
    EV(0xc3, 0x01, FULL, -1, ANY),     /* MACHINE_CLEARS */
    EV(0xc4, 0x01, FULL, -1, ANY),     /* BR_INST_RETIRED */
    EV(0xc5, 0x01, FULL, -1, ANY),     /* BR_MISP_RETIRED */
    EV(0xc7, 0x01, FULL, -1, ANY),     /* FP_ARITH_INST_RETIRED */
    EV(0xcb, 0x01, FULL, -1, ANY),     /* HW_INTERRUPTS */
    EV(0xd1, 0x01, FULL, -1, LOW4),    /* MEM_LOAD_RETIRED */
    EV(0xe6, 0x01, FULL, -1, ANY),     /* BACLEARS */
    EV(0xf2, 0x01, FULL, -1, ANY),     /* L2_LINES_OUT */
    EV(0x03, 0x02, FULL, -1, ANY),     /* LD_BLOCKS */
    EV(0x08, 0x02, FULL, -1, ANY),     /* DTLB_LOAD_MISSES */
    EV(0x0e, 0x02, FULL, -1, ANY),     /* UOPS_ISSUED */
    EV(0x48, 0x02, FULL, -1, ANY),     /* L1D_PEND_MISS */
    EV(0x49, 0x02, FULL, -1, ANY),     /* DTLB_STORE_MISSES */
    EV(0x83, 0x02, FULL, -1, ANY),     /* ICACHE_64B */
    EV(0x85, 0x02, FULL, -1, ANY),     /* ITLB_MISSES */
    EV(0xa1, 0x02, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xa6, 0x02, FULL, -1, ANY),     /* EXE_ACTIVITY */
    EV(0xab, 0x02, FULL, -1, ANY),     /* DSB2MITE_SWITCHES */
    EV(0xb1, 0x02, FULL, -1, ANY),     /* UOPS_EXECUTED */
    EV(0xc2, 0x02, FULL, -1, ANY),     /* UOPS_RETIRED */
    EV(0xc3, 0x02, FULL, -1, ANY),     /* MACHINE_CLEARS */
    EV(0xc4, 0x02, FULL, -1, ANY),     /* BR_INST_RETIRED */
    EV(0xc5, 0x02, FULL, -1, ANY),     /* BR_MISP_RETIRED */
    EV(0xc7, 0x02, FULL, -1, ANY),     /* FP_ARITH_INST_RETIRED */
    EV(0xd1, 0x02, FULL, -1, LOW4),    /* MEM_LOAD_RETIRED */
    EV(0xf2, 0x02, FULL, -1, ANY),     /* L2_LINES_OUT */
    EV(0x00, 0x03, IPC, 2, NONE),      /* reference cycles at the rate of the TSC */
    EV(0x08, 0x04, FULL, -1, ANY),     /* DTLB_LOAD_MISSES */
    EV(0x49, 0x04, FULL, -1, ANY),     /* DTLB_STORE_MISSES */
    EV(0x79, 0x04, FULL, -1, ANY),     /* IDQ */
    EV(0x80, 0x04, FULL, -1, ANY),     /* ICACHE_16B */
    EV(0x83, 0x04, FULL, -1, ANY),     /* ICACHE_64B */
    EV(0x85, 0x04, FULL, -1, ANY),     /* ITLB_MISSES */
    EV(0xa1, 0x04, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xa3, 0x04, FULL, -1, ANY),     /* CYCLE_ACTIVITY */
    EV(0xa6, 0x04, FULL, -1, ANY),     /* EXE_ACTIVITY */
    EV(0xc3, 0x04, FULL, -1, ANY),     /* MACHINE_CLEARS */
    EV(0xc4, 0x04, FULL, -1, ANY),     /* BR_INST_RETIRED */
    EV(0xc5, 0x04, FULL, -1, ANY),     /* BR_MISP_RETIRED */
    EV(0xc7, 0x04, FULL, -1, ANY),     /* FP_ARITH_INST_RETIRED */
    EV(0xd1, 0x04, FULL, -1, LOW4),    /* MEM_LOAD_RETIRED */
    EV(0xf2, 0x04, FULL, -1, ANY),     /* L2_LINES_OUT */
    EV(0xa3, 0x05, FULL, -1, ANY),     /* CYCLE_ACTIVITY */
    EV(0x03, 0x08, FULL, -1, ANY),     /* LD_BLOCKS */
    EV(0x08, 0x08, FULL, -1, ANY),     /* DTLB_LOAD_MISSES */
    EV(0x49, 0x08, FULL, -1, ANY),     /* DTLB_STORE_MISSES */
    EV(0x79, 0x08, FULL, -1, ANY),     /* IDQ */
    EV(0x85, 0x08, FULL, -1, ANY),     /* ITLB_MISSES */
    EV(0xa1, 0x08, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xa2, 0x08, FULL, -1, ANY),     /* RESOURCE_STALLS */
    EV(0xa3, 0x08, FULL, -1, ANY),     /* CYCLE_ACTIVITY */
    EV(0xa6, 0x08, FULL, -1, ANY),     /* EXE_ACTIVITY */
    EV(0xc4, 0x08, FULL, -1, ANY),     /* BR_INST_RETIRED */
    EV(0xc7, 0x08, FULL, -1, ANY),     /* FP_ARITH_INST_RETIRED */
    EV(0xd1, 0x08, FULL, -1, LOW4),    /* MEM_LOAD_RETIRED */
    EV(0xa3, 0x0c, FULL, -1, ANY),     /* CYCLE_ACTIVITY */
    EV(0x08, 0x0e, FULL, -1, ANY),     /* DTLB_LOAD_MISSES */
    EV(0x49, 0x0e, FULL, -1, ANY),     /* DTLB_STORE_MISSES */
    EV(0x85, 0x0e, FULL, -1, ANY),     /* ITLB_MISSES */
    EV(0x08, 0x10, FULL, -1, ANY),     /* DTLB_LOAD_MISSES */
    EV(0x49, 0x10, FULL, -1, ANY),     /* DTLB_STORE_MISSES */
    EV(0x4f, 0x10, FULL, -1, ANY),     /* EPT */
    EV(0x79, 0x10, FULL, -1, ANY),     /* IDQ */
    EV(0x85, 0x10, FULL, -1, ANY),     /* ITLB_MISSES */
    EV(0xa1, 0x10, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xa3, 0x10, FULL, -1, ANY),     /* CYCLE_ACTIVITY */
    EV(0xa6, 0x10, FULL, -1, ANY),     /* EXE_ACTIVITY */
    EV(0xb1, 0x10, FULL, -1, ANY),     /* UOPS_EXECUTED */
    EV(0xc4, 0x10, FULL, -1, ANY),     /* BR_INST_RETIRED */
    EV(0xc7, 0x10, FULL, -1, ANY),     /* FP_ARITH_INST_RETIRED */
    EV(0xd1, 0x10, FULL, -1, LOW4),    /* MEM_LOAD_RETIRED */
    EV(0xd0, 0x11, FULL, -1, LOW4),    /* MEM_INST_RETIRED */
    EV(0xd0, 0x12, FULL, -1, LOW4),    /* MEM_INST_RETIRED */
    EV(0xa3, 0x14, FULL, -1, ANY),     /* CYCLE_ACTIVITY */
    EV(0x79, 0x18, FULL, -1, ANY),     /* IDQ */
    EV(0xca, 0x1e, FULL, -1, ANY),     /* FP_ASSIST */
    EV(0xf1, 0x1f, FULL, -1, ANY),     /* L2_LINES_IN */
    EV(0x08, 0x20, FULL, -1, ANY),     /* DTLB_LOAD_MISSES */
    EV(0x0e, 0x20, FULL, -1, ANY),     /* UOPS_ISSUED */
    EV(0x49, 0x20, FULL, -1, ANY),     /* DTLB_STORE_MISSES */
    EV(0x79, 0x20, FULL, -1, ANY),     /* IDQ */
    EV(0x85, 0x20, FULL, -1, ANY),     /* ITLB_MISSES */
    EV(0xa1, 0x20, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xbd, 0x20, FULL, -1, ANY),     /* TLB_FLUSH */
    EV(0xc4, 0x20, FULL, -1, ANY),     /* BR_INST_RETIRED */
    EV(0xc5, 0x20, FULL, -1, ANY),     /* BR_MISP_RETIRED */
    EV(0xc7, 0x20, FULL, -1, ANY),     /* FP_ARITH_INST_RETIRED */
    EV(0xcc, 0x20, FULL, -1, ANY),     /* ROB_MISC_EVENTS */
    EV(0xd1, 0x20, FULL, -1, LOW4),    /* MEM_LOAD_RETIRED */
    EV(0x24, 0x21, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0xd0, 0x21, FULL, -1, LOW4),    /* MEM_INST_RETIRED */
    EV(0x24, 0x22, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0x24, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x79, 0x24, FULL, -1, ANY),     /* IDQ */
    EV(0x24, 0x27, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x79, 0x30, FULL, -1, ANY),     /* IDQ */
    EV(0x24, 0x38, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0x3f, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0xc1, 0x3f, FULL, -1, ANY),     /* OTHER_ASSISTS */
    EV(0xa1, 0x40, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xa6, 0x40, FULL, -1, ANY),     /* EXE_ACTIVITY */
    EV(0xc4, 0x40, FULL, -1, ANY),     /* BR_INST_RETIRED */
    EV(0xcc, 0x40, FULL, -1, ANY),     /* ROB_MISC_EVENTS */
    EV(0xd1, 0x40, FULL, -1, LOW4),    /* MEM_LOAD_RETIRED */
    EV(0x24, 0x41, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x2e, 0x41, ARCH, -1, ANY),     /* last-level cache misses */
    EV(0xd0, 0x41, FULL, -1, LOW4),    /* MEM_INST_RETIRED */
    EV(0x24, 0x42, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0xd0, 0x42, FULL, -1, LOW4),    /* MEM_INST_RETIRED */
    EV(0x24, 0x44, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x2e, 0x4f, ARCH, -1, ANY),     /* last-level cache references */
    EV(0x0d, 0x80, FULL, -1, ANY),     /* INT_MISC */
    EV(0xa1, 0x80, FULL, -1, ANY),     /* UOPS_DISPATCHED_PORT */
    EV(0xd0, 0x81, FULL, -1, LOW4),    /* MEM_INST_RETIRED */
    EV(0xd0, 0x82, FULL, -1, LOW4),    /* MEM_INST_RETIRED */
    EV(0x24, 0xc1, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xc2, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xc4, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xd8, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xe1, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xe2, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xe4, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xe7, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xef, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xf8, FULL, -1, ANY),     /* L2_RQSTS */
    EV(0x24, 0xff, FULL, -1, ANY),     /* L2_RQSTS */
};

void perfctr_intel_events(struct perfctr_model *model, unsigned int cpu_model)
{
    model->insns = 0x00c0;
    model->branches = 0x00c4;

    switch ( cpu_model )
    {
    case 0x4e: case 0x5e:       /* Skylake client */
    case 0x55:                  /* Skylake server, Cascade Lake */
    case 0x8e: case 0x9e:       /* Kaby Lake, Coffee Lake */
    case 0xa5: case 0xa6:       /* Comet Lake */
        model->events = skylake_events;
        model->nr_events = ARRAY_SIZE(skylake_events);
        break;

    default:
        model->events = arch_events;
        model->nr_events = ARRAY_SIZE(arch_events);
        break;
    }
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
