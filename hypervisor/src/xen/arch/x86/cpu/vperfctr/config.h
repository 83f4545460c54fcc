/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h
 *
 * Configurations: what a guest asks for, and what the hardware gets.
 *
 * This header, config.c and events_intel.c depend on nothing of Xen beyond the
 * few names below, so that they can be compiled and tested in user space; the
 * test supplies these names in emul.h.
 */
#ifndef VPERFCTR_CONFIG_H
#define VPERFCTR_CONFIG_H

#ifdef __XEN__
#include <xen/bitops.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/types.h>
#include <public/perfctr.h>
#else
#include "emul.h"
#endif

/* Most counters of each kind that are used, however many there are. */
#define PERFCTR_MAX_GP        8
#define PERFCTR_MAX_FIXED     3

/*
 * A hardware counter is named by its bit in the global control register:
 * general counters from 0, fixed counters from 32.
 */
#define PERFCTR_FIXED_BIT     32

/* ECX for RDPMC: fixed counters are selected by bit 30. */
#define PERFCTR_RDPMC_FIXED   (1u << 30)

/* Sampling periods stay below this, a quarter of what a counter can hold. */
#define PERFCTR_PERIOD_END    (1ull << 46)

/* The parts of xen_perfctr_counter.event. */
#define PERFCTR_EV_CODE       0x0000ffffu
#define PERFCTR_EV_EDGE       (1u << 18)
#define PERFCTR_EV_INV        (1u << 23)
#define PERFCTR_EV_CMASK      0xff000000u
#define PERFCTR_EV_MODIFIERS  (PERFCTR_EV_EDGE | PERFCTR_EV_INV | \
                               PERFCTR_EV_CMASK)

/* Selector bits which only Xen sets. */
#define PERFCTR_SEL_USR       (1u << 16)
#define PERFCTR_SEL_OS        (1u << 17)
#define PERFCTR_SEL_INT       (1u << 20)
#define PERFCTR_SEL_EN        (1u << 22)

/* One field of the fixed counters' control register. */
#define PERFCTR_FIXED_OS      (1u << 0)
#define PERFCTR_FIXED_USR     (1u << 1)
#define PERFCTR_FIXED_PMI     (1u << 3)
#define PERFCTR_FIXED_SHIFT   4

/* An event of a CPU model.  Tables are sorted by code, without duplicates. */
struct perfctr_event {
    uint16_t code;              /* event select, unit mask << 8 */
    uint8_t tier;               /* least XEN_PERFCTR_TIER_* */
    int8_t fixed;               /* fixed counter that counts it, or -1 */
    uint8_t gp;                 /* general counters that can count it */
};

/* What the CPUs can do. */
struct perfctr_model {
    unsigned int vendor;        /* XEN_PERFCTR_VENDOR_* */
    unsigned int version;
    unsigned int nr_gp, nr_fixed;
    unsigned int width;
    uint64_t event_mask;        /* bits that an event may have */
    uint32_t absent;            /* architectural events not available */
    const struct perfctr_event *events;
    unsigned int nr_events;
};

/* A checked configuration, ready for the hardware. */
struct perfctr_image {
    uint8_t nr;
    uint8_t tier;               /* least tier that allows it */
    uint8_t policy;             /* XEN_PERFCTR_POLICY_* that it needs */
    uint8_t hw[XEN_PERFCTR_MAX_COUNTERS]; /* counter i's global bit */
    uint64_t used;              /* all counters in use */
    uint64_t user, kernel;      /* those enabled in each guest mode */
    uint64_t select[PERFCTR_MAX_GP];
    uint64_t fixed_ctrl;
    /* Sets of counters of the configuration, not of the hardware. */
    uint32_t sample;            /* those that sample */
    uint32_t hyp;               /* those that count Xen's work */
    bool notify;                /* XEN_PERFCTR_CONFIG_NOTIFY */
    uint64_t min_period;        /* the shortest of the periods */
    uint64_t period[XEN_PERFCTR_MAX_COUNTERS];
};

/*
 * Check @cfg against the CPU model and the policy and assign counters.  On
 * success fills in @img and cfg->counter[].rdpmc.  Otherwise returns -errno
 * and names the culprit in cfg->bad_field and cfg->bad_counter.
 */
int perfctr_config_check(const struct perfctr_model *model,
                         const struct xen_perfctr_policy *policy,
                         struct xen_perfctr_config *cfg,
                         struct perfctr_image *img);

/* Does the policy (still) allow what the image counts? */
bool perfctr_image_allowed(const struct xen_perfctr_policy *policy,
                           const struct perfctr_image *img);

const struct perfctr_event *perfctr_find_event(
    const struct perfctr_model *model, uint16_t code);

/* Choose the event table of an Intel family 6 model. */
void perfctr_intel_events(struct perfctr_model *model, unsigned int cpu_model);

/* ECX for RDPMC of a hardware counter. */
static inline uint32_t perfctr_rdpmc_index(unsigned int hw)
{
    return hw < PERFCTR_FIXED_BIT
           ? hw : (hw - PERFCTR_FIXED_BIT) | PERFCTR_RDPMC_FIXED;
}

#endif /* VPERFCTR_CONFIG_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
