/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h
 *
 * Configurations: what a guest asks for, and what the hardware gets.
 *
 * This header, config.c and the tables of events depend on nothing of Xen
 * beyond the few names below, so that they can be compiled and tested in user
 * space; the test supplies these names in emul.h.
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
#define PERFCTR_EV_HIGH       (0xfull << 32) /* AMD: event select 11:8 */
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
#define PERFCTR_SEL_GUEST     (1ull << 40) /* AMD: not outside a guest */
#define PERFCTR_SEL_HOST      (1ull << 41) /* AMD: not inside a guest */

/* Bits of every counter: a CPU with others is refused at boot. */
#define PERFCTR_WIDTH         48

/* One field of the fixed counters' control register. */
#define PERFCTR_FIXED_OS      (1u << 0)
#define PERFCTR_FIXED_USR     (1u << 1)
#define PERFCTR_FIXED_PMI     (1u << 3)
#define PERFCTR_FIXED_SHIFT   4

/* An event of a CPU model.  Tables are sorted by code, without duplicates. */
struct perfctr_event {
    uint32_t code;              /* see perfctr_event_code() */
    uint8_t umasks;             /* unit mask bits that may be added at will */
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
    uint32_t absent;            /* Intel: architectural events not available */
    uint32_t insns, branches;   /* codes of all instructions and branches */
    /* AMD: selectors and not VMCS tell guests and host apart. */
    bool select_guest;
    bool no_status;             /* overflows show in the values only */
    const struct perfctr_event *events;
    unsigned int nr_events;
};

/* A checked configuration, ready for the hardware. */
struct perfctr_image {
    uint8_t nr;
    uint8_t tier;               /* least tier that allows it */
    bool denied;                /* by a policy that came later, see policy.c */
    uint8_t policy;             /* XEN_PERFCTR_POLICY_* that it needs */
    uint8_t hw[XEN_PERFCTR_MAX_COUNTERS]; /* counter i's global bit */
    uint64_t used;              /* all counters in use */
    uint64_t user, kernel;      /* those enabled in each guest mode */
    uint64_t guest, host;       /* HVM: those that count in and for the guest */
    uint64_t select[PERFCTR_MAX_GP];
    uint64_t fixed_ctrl;
    /* Sets of counters of the configuration, not of the hardware. */
    uint32_t sample;            /* those that sample */
    uint32_t hyp;               /* those that count Xen's work */
    uint32_t insns, branches;   /* those that count all of them, ... */
    uint32_t dom_user, dom_kernel; /* ... and in which of the guest's modes */
    bool notify;                /* XEN_PERFCTR_CONFIG_NOTIFY */
    uint64_t min_period;        /* the shortest of the periods */
    uint64_t period[XEN_PERFCTR_MAX_COUNTERS];
    uint64_t event[XEN_PERFCTR_MAX_COUNTERS]; /* as the guest named it */
};

/*
 * An event's code: bits 15:0 are those of the event, bits 19:16 its bits 35:32.
 */
static inline uint32_t perfctr_event_code(uint64_t event)
{
    return (event & PERFCTR_EV_CODE) | ((event & PERFCTR_EV_HIGH) >> 16);
}

/*
 * Check @cfg against the CPU model and the policy and assign counters.  On
 * success fills in @img and cfg->counter[].rdpmc.  Otherwise returns -errno
 * and names the culprit in cfg->bad_field and cfg->bad_counter.  @hvm: for a
 * guest that the hardware tells apart from Xen, and its user mode from its kernel.
 */
int perfctr_config_check(const struct perfctr_model *model,
                         const struct xen_perfctr_policy *policy, bool hvm,
                         struct xen_perfctr_config *cfg,
                         struct perfctr_image *img);

/* Samples a second and VCPU that a policy can allow at most. */
#define PERFCTR_MAX_RATE      1000000000u

/* May these be in a policy?  A rate of 0 stands for the default. */
static inline bool perfctr_limits_valid(uint64_t min_period, uint64_t pmi_rate)
{
    return min_period < PERFCTR_PERIOD_END && pmi_rate <= PERFCTR_MAX_RATE;
}

/*
 * Check a policy that is to be set.  Returns -errno and names the culprit in
 * bad_field and bad_event, or 0 with both of them 0.
 */
int perfctr_policy_check(const struct perfctr_model *model,
                         struct xen_perfctr_policy *policy);

/* Does the policy (still) allow what the image counts? */
bool perfctr_image_allowed(const struct xen_perfctr_policy *policy,
                           const struct perfctr_image *img);

const struct perfctr_event *perfctr_find_event(
    const struct perfctr_model *model, uint32_t code);

/* Choose the event table of an Intel family 6 model. */
void perfctr_intel_events(struct perfctr_model *model, unsigned int cpu_model);

/* Choose the event table of an AMD family from 17h on. */
void perfctr_amd_events(struct perfctr_model *model, unsigned int family);

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
