/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events_amd.c
 *
 * Events that a guest may count on AMD processors of family 17h and later.
 *
 * Left out on purpose: events that need a second counter (floating point
 * operations, which are merged) or another register (instruction based
 * sampling), that count what other cores do (answers to their bus locks), and
 * system management interrupts.
 *
 * Unit masks select kinds of an event, and may be combined.
 *
 * Sorted by bits 11:8 of the event select, unit mask, then bits 7:0.
 */

#include "config.h"

/* Any counter can count any of these. */
#define ANY     0x3f

#define EV(sel, umask, t) \
    { .code = perfctr_code(sel, umask), .tier = XEN_PERFCTR_TIER_ ## t, \
      .fixed = -1, .gp = ANY }
#define KINDS(sel, umasks_) \
    { .code = perfctr_code(sel, 0), .umasks = (umasks_), \
      .tier = XEN_PERFCTR_TIER_FULL, .fixed = -1, .gp = ANY }
#define perfctr_code(sel, umask) \
    (((sel) & 0xff) | ((umask) << 8) | (((sel) & 0xf00) << 8))

/*
 * The same on all of them, see the kernels' generic events; the last one is of
 * Zen 4 and later.
 */
static const struct perfctr_event zen_events[] = {
    KINDS(0x29, 0x07),                 /* loads, stores, both */
    EV(0x76, 0x00, IPC),               /* cycles not in halt */
    EV(0xc0, 0x00, IPC),               /* instructions retired */
    EV(0xc2, 0x00, ARCH),              /* branches retired */
    EV(0xc3, 0x00, ARCH),              /* mispredicted branches retired */
    EV(0xc4, 0x00, FULL),              /* taken branches retired */
    EV(0xc5, 0x00, FULL),              /* mispredicted taken branches */
    EV(0x64, 0x09, ARCH),              /* misses in the L2 cache */
    EV(0x60, 0xff, ARCH),              /* requests to the L2 cache */
    EV(0x120, 0x01, IPC),              /* reference cycles not in halt */
};

/* Zen and Zen 2. */
static const struct perfctr_event fam17h_events[] = {
    KINDS(0x05, 0x0f),                 /* serializing operations retired */
    KINDS(0x0e, 0x0f),                 /* floating point dispatch faults */
    KINDS(0x24, 0x02),                 /* store to load conflicts */
    KINDS(0x25, 0x0f),                 /* locks */
    EV(0x26, 0x00, FULL),              /* CLFLUSH retired */
    EV(0x27, 0x00, FULL),              /* CPUID retired */
    KINDS(0x29, 0x07),                 /* loads, stores, both */
    EV(0x2c, 0x00, FULL),              /* interrupts taken */
    EV(0x35, 0x00, FULL),              /* stores forwarded to loads */
    KINDS(0x37, 0x01),                 /* cancelled store commits */
    EV(0x40, 0x00, FULL),              /* data cache accesses */
    KINDS(0x41, 0x1f),                 /* miss buffers allocated, by pipe */
    KINDS(0x43, 0x5b),                 /* data cache fills, by source */
    KINDS(0x45, 0xff),                 /* L1 data TLB misses */
    KINDS(0x46, 0x0f),                 /* page table walks */
    EV(0x47, 0x00, FULL),              /* misaligned loads */
    KINDS(0x4b, 0x07),                 /* prefetch instructions */
    KINDS(0x52, 0x03),                 /* useless software prefetches */
    KINDS(0x59, 0x5b),                 /* fills by software prefetches */
    KINDS(0x5a, 0x5b),                 /* fills by hardware prefetches */
    KINDS(0x60, 0xff),                 /* requests to the L2 cache */
    KINDS(0x61, 0xfe),                 /* other requests to it */
    KINDS(0x64, 0xff),                 /* what became of them */
    KINDS(0x70, 0x1f),                 /* L2 prefetches that hit */
    KINDS(0x71, 0x1f),                 /* that hit in the L3 */
    KINDS(0x72, 0x1f),                 /* that missed both */
    EV(0x76, 0x00, IPC),               /* cycles not in halt */
    KINDS(0x78, 0xff),                 /* TLB flushes */
    EV(0x80, 0x00, FULL),              /* instruction cache fetches */
    EV(0x81, 0x00, FULL),              /* and misses */
    EV(0x82, 0x00, FULL),              /* refills from the L2 */
    EV(0x83, 0x00, FULL),              /* from beyond */
    EV(0x84, 0x00, FULL),              /* L1 instruction TLB misses */
    KINDS(0x85, 0x07),                 /* that missed in the L2 TLB as well */
    KINDS(0x87, 0x07),                 /* stalls of the fetch pipeline */
    EV(0x8a, 0x00, FULL),              /* L1 branch buffer corrections */
    EV(0x8b, 0x00, FULL),              /* L2 branch buffer corrections */
    EV(0x8e, 0x00, FULL),              /* dynamic indirect predictions */
    EV(0x91, 0x00, FULL),              /* decoder overrides */
    KINDS(0x94, 0x07),                 /* instruction TLB hits */
    EV(0x99, 0x00, FULL),              /* instruction TLB reloads */
    EV(0xa9, 0x00, FULL),              /* cycles with an empty queue */
    KINDS(0xaa, 0x03),                 /* operations dispatched */
    KINDS(0xae, 0xff),                 /* dispatch stalls */
    KINDS(0xaf, 0xff),                 /* dispatch stalls */
    EV(0xc0, 0x00, IPC),               /* instructions retired */
    EV(0xc1, 0x00, FULL),              /* operations retired */
    EV(0xc2, 0x00, ARCH),              /* branches retired */
    EV(0xc3, 0x00, ARCH),              /* mispredicted branches retired */
    EV(0xc4, 0x00, FULL),              /* taken branches retired */
    EV(0xc5, 0x00, FULL),              /* mispredicted taken branches */
    EV(0xc6, 0x00, FULL),              /* far control transfers */
    EV(0xc7, 0x00, FULL),              /* resyncs */
    EV(0xc8, 0x00, FULL),              /* near returns */
    EV(0xc9, 0x00, FULL),              /* mispredicted near returns */
    EV(0xca, 0x00, FULL),              /* mispredicted indirect branches */
    KINDS(0xcb, 0x07),                 /* x87, MMX, SSE instructions */
    EV(0xd1, 0x00, FULL),              /* conditional branches retired */
    EV(0xd2, 0x00, FULL),              /* mispredicted conditional branches */
    EV(0xd3, 0x00, FULL),              /* cycles of the divider */
    EV(0xd4, 0x00, FULL),              /* divisions */
    EV(0x64, 0x09, ARCH),              /* misses in the L2 cache */
    EV(0x60, 0xff, ARCH),              /* requests to the L2 cache */
    EV(0x1d0, 0x00, FULL),             /* fused branches retired */
};

void perfctr_amd_events(struct perfctr_model *model, unsigned int family)
{
    model->insns = 0x00c0;
    model->branches = 0x00c2;

    if ( family == 0x17 || family == 0x18 )
    {
        model->events = fam17h_events;
        model->nr_events = ARRAY_SIZE(fam17h_events);
    }
    else
    {
        model->events = zen_events;
        model->nr_events = ARRAY_SIZE(zen_events) - (model->version < 2);
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
