/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * private.h
 *
 * Paravirtual performance counters: what the files of this folder share.
 */
#ifndef VPERFCTR_PRIVATE_H
#define VPERFCTR_PRIVATE_H

#include <xen/percpu.h>
#include <xen/sched.h>
#include <xen/spinlock.h>
#include <xen/time.h>

#include <asm/hvm/hvm.h>
#include <asm/perfctr.h>
#include <asm/time.h>

#include "config.h"

/*
 * A handle's entry.  refs: 0 free, 1 created, 1 + n applied on n VCPUs.  The
 * image is written only while refs is 0, under the domain's lock, and is
 * constant as long as refs is not 0; except for `denied`, which is written when
 * the policy is.
 */
struct perfctr_entry {
    unsigned int refs;
    struct perfctr_image img;
};

struct perfctr_domain {
    bool hvm;
    /*
     * Protects entries (creation), and the registration of the domain's VCPUs
     * (v->arch.perfctr becoming non-NULL, the pages).
     */
    spinlock_t lock;
    /* Changes only while no VCPU of the domain runs but the caller's. */
    struct xen_perfctr_policy policy;
    uint32_t policy_nr;                 /* how often it has been set */
    struct perfctr_entry *entries;      /* XEN_PERFCTR_MAX_CONFIGS, or NULL */
};

/*
 * The PMU context of a VCPU.  All of it is private to Xen; the page is a
 * place to publish, and only its request line is read.
 *
 * Everything here is accessed with interrupts off on the CPU on which the VCPU
 * is current, or by another CPU while the VCPU is not running (down and paused,
 * or its domain paused), which the scheduler's locks order.
 */
struct vperfctr {
    struct vcpu *vcpu;

    struct xen_perfctr_vcpu_page *page; /* mapping, or NULL */
    struct xen_perfctr_time *time;      /* mapping, or NULL */

    /* The sample ring; nr is 0 when there is none. */
    struct {
        struct xen_perfctr_sample *page[XEN_PERFCTR_MAX_RING_PAGES];
        uint32_t nr;                    /* pages, a power of two */
        uint32_t head;
        bool alerted;                   /* with the tail at alert_tail */
        uint32_t alert_tail;
        uint64_t full;
    } ring;

    /* The applied configuration; img is NULL when there is none. */
    const struct perfctr_image *img;
    uint32_t handle, seq;
    uint64_t cookie;
    int status;
    uint32_t overflow;                  /* by counter of the configuration */
    /*
     * Counters which have not crossed zero since they were started below it:
     * tells a counter's own overflow from a stale or foreign interrupt.
     */
    uint32_t negative;
    bool user;                          /* guest is in user mode */
    bool revoked;                       /* frozen by a change of policy */
    bool refused;                       /* last request was, see apply.c */
    bool emulating;                     /* see emulated.c */
    bool counted;                       /* the present hypercall, see op.c */

    /* HVM: what the VMCB or VMCS holds, see hvm.c. */
    struct {
        bool rdpmc;                     /* allowed, and PCE set */
        bool in_guest;                  /* guest registers are there only */
        uint64_t guest_ctrl, host_ctrl;
    } hvm;

    /*
     * Sampling, by counter: what is published, and what a sampling counter's
     * value plus reload_sum was zero at.
     */
    uint64_t reload_sum[XEN_PERFCTR_MAX_COUNTERS];
    uint64_t missed[XEN_PERFCTR_MAX_COUNTERS];
    uint64_t base[XEN_PERFCTR_MAX_COUNTERS];
    /* Samples that may still be taken until the window ends; in this CPU's TSC. */
    uint32_t tokens;
    uint64_t window_begin, window_length;
    bool throttled;                     /* periods were taken in advance */

    /* Values at the last switch-out or apply, by counter. */
    uint64_t count[XEN_PERFCTR_MAX_COUNTERS];
    /*
     * Which CPU's counters hold these values, unless somebody else has loaded
     * that CPU meanwhile: then its number has moved on.  Numbers are not
     * reused, so there is no owner to be cleared when a VCPU goes away.
     */
    unsigned int loaded_cpu;
    uint64_t loaded_nr;

    uint32_t version;                   /* of the page's published part */
    uint64_t off_since;                 /* guest TSC at switch-out */
    uint64_t stolen;
    uint32_t time_version;

    uint64_t hypercalls_perfctr, hypercalls_other;
    uint64_t applies, apply_errors, restores, resumes, msr_writes;
    uint64_t pmis, spurious;
    uint64_t samples, missed_sum, throttles;
};

/* What one CPU's counters hold; accessed by that CPU with interrupts off. */
struct perfctr_cpu {
    struct vperfctr *owner;             /* context of the current VCPU */
    uint64_t loaded_nr;                 /* see vperfctr.loaded_nr */
    uint64_t dirty;                     /* counters that may be non-zero */
    unsigned int writes;                /* MSR writes not accounted for yet */
    /* The registers' contents, so as not to write what is there already. */
    uint64_t enabled;
    uint64_t select[PERFCTR_MAX_GP];
    uint64_t fixed_ctrl;
    /* What select is to hold while enabled, where there is no other control. */
    uint64_t event[PERFCTR_MAX_GP];
};

DECLARE_PER_CPU(struct perfctr_cpu, perfctr_cpu);

/* The vendor's part.  Called with interrupts off. */
struct perfctr_ops {
    /* Zero and stop all counters of this CPU. */
    void (*reset)(struct perfctr_cpu *pc);
    /* Enable exactly these counters. */
    void (*enable)(struct perfctr_cpu *pc, uint64_t mask);
    /* Select the events, and zero the dirty counters that stay unused. */
    void (*program)(struct perfctr_cpu *pc, const struct perfctr_image *img);
    void (*write)(struct perfctr_cpu *pc, const struct perfctr_image *img,
                  const uint64_t *count);
    void (*write_one)(struct perfctr_cpu *pc, unsigned int hw, uint64_t count);
    /* Counters that have overflowed; their status is cleared. */
    uint64_t (*overflowed)(struct perfctr_cpu *pc);
};

/* Copied from the vendor's table before calls are patched. */
extern struct perfctr_ops perfctr_ops;
extern struct perfctr_model perfctr_model;
extern struct xen_perfctr_policy perfctr_default_policy;

const struct perfctr_ops *perfctr_intel_init(struct perfctr_model *model);
const struct perfctr_ops *perfctr_amd_init(struct perfctr_model *model);

#define PERFCTR_COUNT_MASK ((1ull << PERFCTR_WIDTH) - 1)
#define PERFCTR_COUNT_SIGN (1ull << (PERFCTR_WIDTH - 1))

/* handles.c */
int perfctr_handle_create(struct perfctr_domain *pd,
                          struct xen_perfctr_config *cfg);
int perfctr_handle_destroy(struct perfctr_domain *pd, uint32_t handle);
void perfctr_handle_forget_all(struct perfctr_domain *pd);
const struct perfctr_image *perfctr_handle_get(struct perfctr_domain *pd,
                                               uint32_t handle);
void perfctr_handle_put(struct perfctr_domain *pd, uint32_t handle);
void perfctr_handle_judge(struct perfctr_domain *pd);

/* frames.c */
void *perfctr_map_frame(struct domain *d, uint64_t gfn);
void perfctr_unmap_frame(void *va);
int perfctr_pause(struct domain *d, struct vcpu *v);
void perfctr_unpause(struct vcpu *v);

/* pages.c */
int perfctr_register(struct domain *d, const struct xen_perfctr_register *reg);
int perfctr_unregister(struct domain *d,
                       const struct xen_perfctr_register *reg);

/* ring.c */
int perfctr_ring(struct domain *d, const struct xen_perfctr_ring *ring);
void perfctr_ring_release(struct vperfctr *p);

/* publish.c */
void vperfctr_publish_start(struct vperfctr *p);
void vperfctr_publish(struct vperfctr *p);
void vperfctr_publish_policy(struct vperfctr *p);
void vperfctr_publish_samples(struct vperfctr *p, uint32_t counters);
void vperfctr_publish_time(struct vperfctr *p);

/* switch.c */
void vperfctr_charge(struct vperfctr *p, struct perfctr_cpu *pc);
void vperfctr_enable(struct vperfctr *p, struct perfctr_cpu *pc);
void vperfctr_scrub(struct perfctr_cpu *pc);
void vperfctr_sync_pce(const struct vperfctr *p);
void vperfctr_save(struct vperfctr *p, struct perfctr_cpu *pc);

/* hvm.c */
bool perfctr_hvm_supported(void);
uint64_t vperfctr_hvm_ip(const struct vperfctr *p);
bool vperfctr_hvm_syscall(const struct vperfctr *p, uint64_t *ip);

/* apply.c */
bool vperfctr_requested(const struct vperfctr *p);
int vperfctr_apply(struct vperfctr *p, struct perfctr_cpu *pc);
void vperfctr_drop(struct vperfctr *p, struct perfctr_cpu *pc);

/* pmi.c */
void vperfctr_overflow(struct vperfctr *p, uint32_t counters);

/* sample.c */
bool vperfctr_account(struct vperfctr *p, struct perfctr_cpu *pc,
                      const struct cpu_user_regs *regs);
void vperfctr_refold(struct vperfctr *p, struct perfctr_cpu *pc);
void vperfctr_settle(struct vperfctr *p, bool loaded);
bool vperfctr_start_allowed(const struct perfctr_image *img, unsigned int i,
                            uint64_t start);

/* record.c */
struct xen_perfctr_sample *vperfctr_record(struct vperfctr *p, bool *alert);

/* policy.c */
int perfctr_policy_get(struct domain *d, struct xen_perfctr_policy *policy);
int perfctr_policy_set(struct domain *d, struct xen_perfctr_policy *policy);
int perfctr_vcpu_stats(struct domain *d, struct xen_perfctr_vcpu_stats *stats);

/* The TSC as the guest sees it. */
static inline uint64_t vperfctr_guest_tsc(const struct vperfctr *p)
{
    struct domain *d = p->vcpu->domain;

    if ( is_hvm_domain(d) )
        return hvm_get_guest_tsc(p->vcpu);

    return d->arch.vtsc ? gtime_to_gtsc(d, get_s_time()) : rdtsc();
}

/* Is the guest in its user mode? */
static inline bool vperfctr_in_user(const struct vperfctr *p)
{
    return is_hvm_vcpu(p->vcpu) ? hvm_get_cpl(p->vcpu) == 3 : p->user;
}

/* A counter's raw value as a signed number. */
static inline int64_t perfctr_value(uint64_t raw)
{
    unsigned int shift = 64 - PERFCTR_WIDTH;

    return (int64_t)(raw << shift) >> shift;
}

static inline uint64_t perfctr_rdpmc(unsigned int hw)
{
    uint32_t lo, hi;

    asm volatile ( "rdpmc" : "=a" (lo), "=d" (hi)
                           : "c" (perfctr_rdpmc_index(hw)) );

    return ((uint64_t)hi << 32) | lo;
}

#endif /* VPERFCTR_PRIVATE_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
