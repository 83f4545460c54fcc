/* SPDX-License-Identifier: MIT */
/*
 * perfctr.h
 *
 * Paravirtual performance counters: hypercall, VCPU page and policy.
 *
 * This header is the specification of the interface between Xen and a guest
 * kernel, and between Xen and the control domain's tools.  Xen, the guest
 * kernel module, the tools and the tests include it unchanged.  Every structure
 * has the same layout for 32-bit and 64-bit callers; doc/abi.md in the
 * perfctr-xen tree lists each operation with its errors.
 *
 * A domain's kernel
 *   1. asks for the capabilities (XEN_PERFCTR_OP_query),
 *   2. registers one page of its own memory per VCPU (.._register),
 *   3. registers configurations, which Xen checks and turns into small handles
 *      (.._config_create),
 *   4. names the handle that it wants applied, with start values, in the
 *      request line of the VCPU's page.  Xen applies it at the next return of
 *      that VCPU to user mode (64-bit PV: in the IRET hypercall), or at once on
 *      XEN_PERFCTR_OP_apply.
 * While a configuration is applied RDPMC works in the VCPU's user mode and
 * kernel; the counters hold values of this VCPU only, all others read zero.
 */

#ifndef __XEN_PUBLIC_PERFCTR_H__
#define __XEN_PUBLIC_PERFCTR_H__

#if defined(__XEN__) || defined(__XEN_TOOLS__)
#include "xen.h"
#endif

/*
 * ` enum neg_errnoval
 * ` HYPERVISOR_perfctr_op(enum xen_perfctr_op cmd, void *arg);
 *
 * The hypercall number is architecture specific; on x86 it is
 * __HYPERVISOR_arch_2 (50).
 */
#define XEN_PERFCTR_HYPERCALL         50

/* Changes when an old guest could misread a structure; 0 is never used. */
#define XEN_PERFCTR_ABI               2

/* Per-VCPU VIRQ (VIRQ_ARCH_1) raised on overflow, failed apply, revocation. */
#define XEN_PERFCTR_VIRQ              17

/* Most counters in one configuration: 8 general + 3 fixed, and one spare. */
#define XEN_PERFCTR_MAX_COUNTERS      12

/* Configurations that one domain may hold at a time. */
#define XEN_PERFCTR_MAX_CONFIGS       128

/* Events that the allow list of a policy has at most. */
#define XEN_PERFCTR_MAX_EVENTS        64

/* Pages of one VCPU's sample ring, and records in each. */
#define XEN_PERFCTR_MAX_RING_PAGES    16
#define XEN_PERFCTR_RECORDS_PER_PAGE  64

/* ` enum xen_perfctr_op { */
#define XEN_PERFCTR_OP_query          0 /* struct xen_perfctr_query       */
#define XEN_PERFCTR_OP_register       1 /* struct xen_perfctr_register    */
#define XEN_PERFCTR_OP_unregister     2 /* struct xen_perfctr_register    */
#define XEN_PERFCTR_OP_config_create  3 /* struct xen_perfctr_config      */
#define XEN_PERFCTR_OP_config_destroy 4 /* struct xen_perfctr_config      */
#define XEN_PERFCTR_OP_apply          5 /* NULL: acts on the calling VCPU */
#define XEN_PERFCTR_OP_policy_get     6 /* struct xen_perfctr_policy      */
#define XEN_PERFCTR_OP_policy_set     7 /* struct xen_perfctr_policy      */
#define XEN_PERFCTR_OP_vcpu_stats     8 /* struct xen_perfctr_vcpu_stats  */
#define XEN_PERFCTR_OP_ring           9 /* struct xen_perfctr_ring        */
/* ` } */

/*
 * Every argument structure starts with its own size, as the caller's header
 * knows it.  Xen accepts exactly the size that it knows (-EINVAL otherwise);
 * fields marked zero must be zero.
 */

/* XEN_PERFCTR_OP_query: any domain; -ENODEV when perfctr is off for it. */
struct xen_perfctr_query {
    uint32_t size;              /* IN                                   0x00 */
    uint32_t abi;               /* OUT: XEN_PERFCTR_ABI                 0x04 */
    uint32_t vendor;            /* OUT: XEN_PERFCTR_VENDOR_*            0x08 */
    uint32_t pmu_version;       /* OUT: of the PMU, AMD: 1 or 2         0x0c */
    uint32_t nr_gp;             /* OUT: general counters usable         0x10 */
    uint32_t nr_fixed;          /* OUT: fixed counters usable           0x14 */
    uint32_t width;             /* OUT: counter width in bits           0x18 */
    uint32_t flags;             /* OUT: XEN_PERFCTR_CAP_*               0x1c */
    uint32_t tier;              /* OUT: XEN_PERFCTR_TIER_* granted      0x20 */
    uint32_t max_configs;       /* OUT: XEN_PERFCTR_MAX_CONFIGS         0x24 */
    uint64_t min_period;        /* OUT: least sampling period, 0: none  0x28 */
};
#define XEN_PERFCTR_VENDOR_INTEL      1
#define XEN_PERFCTR_VENDOR_AMD        2
/* A request is applied by Xen at IRET: no hypercall per switch is needed. */
#define XEN_PERFCTR_CAP_IRET_APPLY    (1u << 0)
/* Guest-kernel counting (DOM_KERNEL) is granted by the domain's policy. */
#define XEN_PERFCTR_CAP_KERNEL        (1u << 1)
/* Counting of Xen's work for the VCPU (DOM_HYP) is granted. */
#define XEN_PERFCTR_CAP_HYP           (1u << 2)
/* Sampling configurations are supported. */
#define XEN_PERFCTR_CAP_SAMPLE        (1u << 3)

/*
 * XEN_PERFCTR_OP_register / _unregister: a VCPU of the calling domain, which is
 * the caller itself or is down.  The frames are plain RAM owned by the domain.
 * Xen zeroes the page, holds a typed reference to it until it is unregistered,
 * the domain is destroyed or soft-reset, and never believes what it reads from
 * it twice.  The time record is a 64-byte aligned piece of another page, which
 * the guest may map read-only into its processes; records of several VCPUs may
 * share that page.  Unregister ignores the frames.
 */
struct xen_perfctr_register {
    uint32_t size;              /* IN                                   0x00 */
    uint32_t vcpu;              /* IN                                   0x04 */
    uint64_t gfn;               /* IN: frame of the VCPU page           0x08 */
    uint64_t time_gfn;          /* IN: frame of the record, or ~0: none 0x10 */
    uint32_t time_offset;       /* IN: its offset in that frame         0x18 */
    uint32_t zero;              /* IN: 0                                0x1c */
};

/*
 * XEN_PERFCTR_OP_ring: the sample ring of a VCPU whose page is registered (the
 * caller itself, or one that is down); it ends with that registration.  The
 * frames are plain RAM owned by the domain, zeroed and held like the page.
 * nr_pages is a power of two; 0 takes the ring away.  -EEXIST when there is
 * one.  Without a ring every overflow of a sampling counter is a missed one.
 *
 * The ring's records number from 0: record n lies in frame
 * gfn[(n / RECORDS_PER_PAGE) % nr_pages] at n % RECORDS_PER_PAGE.  Xen writes
 * record n and then publishes ring_head = n + 1; the guest has consumed all
 * below ring_tail.  Indexes are free-running 32-bit numbers.  A tail that is
 * not between head - size and head counts as a full ring.
 */
struct xen_perfctr_ring {
    uint32_t size;              /* IN                                   0x00 */
    uint32_t vcpu;              /* IN                                   0x04 */
    uint32_t nr_pages;          /* IN: 0, 1, 2, 4, 8 or 16              0x08 */
    uint32_t zero;              /* IN: 0                                0x0c */
    uint64_t gfn[XEN_PERFCTR_MAX_RING_PAGES]; /* IN                     0x10 */
};                              /*                                      0x90 */

/*
 * A sample: one or more counters overflowed on the same instruction, or in the
 * same stretch without interrupts.
 *
 * `ip` is the address of the instruction that would have come next.  When the
 * overflowing instruction itself entered the guest's kernel or Xen (a system
 * call, a fault that retired it, an emulated instruction), ENTERED is set and
 * `ip` is the address to which it returns.  mode HYP: the overflow was noticed
 * in Xen by a counter that counts Xen's work; `ip` lies in Xen, and is 0 unless
 * the domain's policy has POLICY_HYP.
 *
 * In HVM guests the hardware takes the guest into its kernel, and Xen learns of
 * it afterwards.  A counter of user mode that overflows on such an instruction
 * gives a record of mode USER with ENTERED if that was SYSCALL; otherwise mode is
 * KERNEL and `ip` the kernel's entry.
 *
 * `count` is the value of the counter named by the lowest bit of `counters`,
 * since its request was applied: count = raw - start + reloads.
 */
struct xen_perfctr_sample {
    uint64_t ip;                /*                                      0x00 */
    uint64_t tsc;               /* as the guest sees it                 0x08 */
    uint64_t cookie;            /* of the applied request               0x10 */
    uint32_t counters;          /* bit i: counter i overflowed          0x18 */
    uint32_t handle;            /* applied configuration                0x1c */
    uint16_t vcpu;              /*                                      0x20 */
    uint8_t  mode;              /* XEN_PERFCTR_IN_*                     0x22 */
    uint8_t  flags;             /* XEN_PERFCTR_SAMPLE_*                 0x23 */
    uint32_t seq;               /* of the applied request               0x24 */
    uint64_t count;             /*                                      0x28 */
    uint64_t pad[2];            /* 0                                    0x30 */
};                              /*                                      0x40 */
#define XEN_PERFCTR_IN_KERNEL         1 /* the guest's kernel               */
#define XEN_PERFCTR_IN_USER           2 /* the guest's user mode            */
#define XEN_PERFCTR_IN_HYP            3 /* Xen                              */
/* The overflowing instruction left the mode; ip is where it returns to. */
#define XEN_PERFCTR_SAMPLE_ENTERED    (1u << 0)

/*
 * One counter of a configuration.
 *
 * `event` is event select in bits 7:0 and unit mask in bits 15:8, with the
 * modifiers EDGE (18), INV (23) and CMASK (31:24); AMD adds event bits 35:32.
 * All other bits belong to Xen and must be zero.  Intel's pseudo encoding
 * 0x0300 (reference cycles at the TSC's rate) is accepted.
 */
struct xen_perfctr_counter {
    uint64_t event;             /* IN                                   0x00 */
    uint32_t domain;            /* IN: XEN_PERFCTR_DOM_*                0x08 */
    uint32_t mode;              /* IN: XEN_PERFCTR_MODE_*               0x0c */
    uint64_t period;            /* IN: sampling period, or 0            0x10 */
    uint32_t rdpmc;             /* OUT: ECX for RDPMC                   0x18 */
    uint32_t zero;              /* IN: 0                                0x1c */
};
#define XEN_PERFCTR_DOM_USER          (1u << 0) /* the guest's user mode    */
#define XEN_PERFCTR_DOM_KERNEL        (1u << 1) /* the guest's kernel       */
#define XEN_PERFCTR_DOM_HYP           (1u << 2) /* Xen, for this VCPU       */
/* Counts from a start value below zero; the VIRQ comes when it passes zero. */
#define XEN_PERFCTR_MODE_ACCUMULATE   0
/*
 * Passes zero once per period: Xen takes a sample and takes the period (or
 * several, see below) off the counter, so that nothing is lost or counted twice:
 *
 *     count = raw - start + (reload_sum - reload_sum when it was applied)
 *
 * The start value lies between -period and -1.  min_period <= period < 2^46.
 *
 * An overflow for which no record is written (ring full, no ring, more overflow
 * interrupts than the policy's pmi_rate allows) is a missed one.  Above the rate
 * Xen takes many periods off at once, and adds them to `missed` in advance; of
 * these (-raw - 1) / period have not happened yet:
 *
 *     overflows = records + missed - (-raw - 1) / period
 *
 * They may be given back on the way to user mode, when no request waits.
 */
#define XEN_PERFCTR_MODE_SAMPLE       1

/*
 * XEN_PERFCTR_OP_config_create / _config_destroy.  On failure `bad_counter`
 * and `bad_field` name the offending part and nothing has changed.  A
 * configuration that is applied on some VCPU cannot be destroyed (-EBUSY).
 */
struct xen_perfctr_config {
    uint32_t size;              /* IN                                   0x00 */
    uint32_t handle;            /* create: OUT, > 0; destroy: IN        0x04 */
    uint32_t nr;                /* IN: 1 .. XEN_PERFCTR_MAX_COUNTERS    0x08 */
    uint32_t flags;             /* IN: XEN_PERFCTR_CONFIG_*             0x0c */
    uint32_t bad_counter;       /* OUT: index, when bad_field is >= 16  0x10 */
    uint32_t bad_field;         /* OUT: XEN_PERFCTR_BAD_*               0x14 */
    struct xen_perfctr_counter counter[XEN_PERFCTR_MAX_COUNTERS];    /* 0x18 */
};
/*
 * Raise the VIRQ whenever a reload_sum has changed, that is with every sample:
 * the guest gets it before the next instruction of its user mode.  Otherwise it
 * is raised when the ring becomes half full.
 */
#define XEN_PERFCTR_CONFIG_NOTIFY     (1u << 0)
#define XEN_PERFCTR_BAD_NONE          0
#define XEN_PERFCTR_BAD_SIZE          1 /* size field                       */
#define XEN_PERFCTR_BAD_NR            2 /* number of counters               */
#define XEN_PERFCTR_BAD_FLAGS         3 /* flags                            */
#define XEN_PERFCTR_BAD_TABLE         4 /* no free handle                   */
#define XEN_PERFCTR_BAD_EVENT         16 /* reserved event bits              */
#define XEN_PERFCTR_BAD_UNKNOWN       17 /* event not in the model's table   */
#define XEN_PERFCTR_BAD_TIER          18 /* event outside the policy's tier  */
#define XEN_PERFCTR_BAD_DOMAIN        19 /* domain bits unknown or refused   */
#define XEN_PERFCTR_BAD_MODE          20 /* unknown or unsupported mode      */
#define XEN_PERFCTR_BAD_PERIOD        21 /* period                           */
#define XEN_PERFCTR_BAD_ZERO          22 /* a field that must be zero        */
#define XEN_PERFCTR_BAD_FIT           23 /* no hardware counter left for it  */
#define XEN_PERFCTR_BAD_ALLOW         24 /* not in the policy's list         */
#define XEN_PERFCTR_BAD_BUDGET        25 /* beyond the policy's max_counters */

/*
 * The VCPU page.
 *
 * The request and the ring's tail are the only guest-written lines.  The guest
 * writes handle, cookie and start values first and `seq` last; the VCPU itself
 * is the only writer, so program order is enough.  Xen acts when `seq` differs from `applied_seq`: it
 * copies the line once, checks the copy, programs the counters and publishes.
 * Handle 0 stops counting and takes RDPMC away.  Start values are masked to the
 * counter width; counter i of the configuration starts at start[i].
 *
 * The published part is written by Xen only, on the CPU where the VCPU runs (or
 * while it does not run), so the VCPU itself reads it without a protocol; other
 * readers retry while `version` is odd or has changed.
 */
struct xen_perfctr_request {
    uint32_t handle;            /* wanted configuration, 0: none        0x00 */
    uint32_t seq;               /* changed to make Xen look             0x04 */
    uint64_t cookie;            /* returned in samples, opaque to Xen   0x08 */
    uint64_t start[XEN_PERFCTR_MAX_COUNTERS]; /*                        0x10 */
    uint64_t pad[2];            /*                                      0x70 */
};                              /*                                      0x80 */

struct xen_perfctr_published {
    uint32_t version;           /* odd while Xen writes                 0x00 */
    int32_t  status;            /* 0, or -errno of the last apply       0x04 */
    uint32_t applied_handle;    /* what the hardware counts, 0: nothing 0x08 */
    uint32_t applied_seq;       /* seq of the last request looked at    0x0c */
    uint64_t applied_cookie;    /*                                      0x10 */
    uint32_t flags;             /* XEN_PERFCTR_PUB_*                    0x18 */
    uint32_t overflow;          /* bit i: counter i crossed zero        0x1c */
    uint64_t hypercalls_perfctr; /* perfctr_op by this VCPU             0x20 */
    uint64_t hypercalls_other;  /* all others, IRET excepted            0x28 */
    uint32_t ring_head;         /* records written to the ring          0x30 */
    uint32_t policy;            /* another number when it has been set  0x34 */
    uint64_t ring_full;         /* records not written: ring full       0x38 */
    /* By counter; they go on for as long as the page is registered. */
    uint64_t reload_sum[XEN_PERFCTR_MAX_COUNTERS]; /* taken off         0x40 */
    uint64_t missed[XEN_PERFCTR_MAX_COUNTERS]; /* overflows, no record  0xa0 */
};                              /*                                     0x100 */
/* The domain's policy was withdrawn: counters are frozen, values stay. */
#define XEN_PERFCTR_PUB_REVOKED       (1u << 0)

struct xen_perfctr_vcpu_page {
    uint32_t magic;             /* XEN_PERFCTR_MAGIC                   0x000 */
    uint32_t abi;               /* XEN_PERFCTR_ABI                     0x004 */
    uint32_t size;              /* of this structure                   0x008 */
    uint32_t vcpu;              /* the VCPU's id                       0x00c */
    uint64_t pad0[6];           /*                                     0x010 */
    struct xen_perfctr_request request;     /*                         0x040 */
    uint32_t ring_tail;         /* guest-written                       0x0c0 */
    uint32_t pad1[15];          /*                                     0x0c4 */
    struct xen_perfctr_published pub;       /*                         0x100 */
};                              /*                                     0x200 */
#define XEN_PERFCTR_MAGIC             0x50435658u /* "XVCP" */

/*
 * The VCPU's time record, for user mode.  `stolen` is the sum of TSC ticks
 * during which the VCPU was not running on a CPU since registration (blocked
 * time included).  It changes only while the VCPU is off the CPU; a reader on
 * that VCPU takes version, RDTSC, stolen, version.
 */
struct xen_perfctr_time {
    uint32_t version;           /* odd while Xen writes                 0x00 */
    uint32_t zero;              /*                                      0x04 */
    uint64_t stolen;            /* TSC ticks off the CPU                0x08 */
    uint64_t pad[6];            /*                                      0x10 */
};                              /*                                      0x40 */

/*
 * XEN_PERFCTR_OP_policy_get / _set: control domain only, subject to XSM.
 * Acts on any domain, at once: a VCPU that is counting what the new policy
 * refuses is frozen, told so by PUB_REVOKED, and gets the VIRQ.  On failure of
 * policy_set `bad_field` and `bad_event` name the offending part and nothing has
 * changed.
 *
 * An event is counted if the tier and the list both allow it.  The list's
 * entries are events as in xen_perfctr_counter, modifiers included: they allow
 * exactly what they name.  nr_events 0 is no list: what the tier allows.
 */
struct xen_perfctr_policy {
    uint32_t size;              /* IN                                   0x00 */
    uint32_t domid;             /* IN: a domain, or DOMID_SELF          0x04 */
    uint32_t tier;              /* set: IN, get: OUT: XEN_PERFCTR_TIER_* 0x08 */
    uint32_t flags;             /* likewise: XEN_PERFCTR_POLICY_*       0x0c */
    uint32_t max_counters;      /* hardware counters at once, 0: all    0x10 */
    uint32_t zero;              /* 0                                    0x14 */
    uint64_t min_period;        /* least sampling period                0x18 */
    uint64_t pmi_rate;          /* most samples a second and VCPU       0x20 */
    uint32_t bad_field;         /* set: OUT: XEN_PERFCTR_POLICY_BAD_*   0x28 */
    uint32_t bad_event;         /* set: OUT: index, with .._BAD_EVENT*  0x2c */
    uint32_t nr_events;         /* 0 .. XEN_PERFCTR_MAX_EVENTS          0x30 */
    uint32_t pad[3];            /* 0                                    0x34 */
    uint64_t event[XEN_PERFCTR_MAX_EVENTS]; /* 0 from nr_events on      0x40 */
};                              /*                                     0x240 */
#define XEN_PERFCTR_TIER_OFF          0 /* nothing                          */
#define XEN_PERFCTR_TIER_IPC          1 /* cycles, instructions, ref cycles */
#define XEN_PERFCTR_TIER_ARCH         2 /* + the other architectural events */
#define XEN_PERFCTR_TIER_FULL         3 /* all that the model table allows  */
#define XEN_PERFCTR_POLICY_KERNEL     (1u << 0) /* DOM_KERNEL allowed       */
#define XEN_PERFCTR_POLICY_HYP        (1u << 1) /* DOM_HYP allowed          */
/* set only: what Xen's command line says; all other fields are 0. */
#define XEN_PERFCTR_POLICY_DEFAULT    (1u << 31)
#define XEN_PERFCTR_POLICY_BAD_NONE     0
#define XEN_PERFCTR_POLICY_BAD_TIER     1 /* tier unknown                   */
#define XEN_PERFCTR_POLICY_BAD_FLAGS    2 /* flag unknown                   */
#define XEN_PERFCTR_POLICY_BAD_COUNTERS 3 /* max_counters > MAX_COUNTERS    */
#define XEN_PERFCTR_POLICY_BAD_PERIOD   4 /* min_period >= 2^46             */
#define XEN_PERFCTR_POLICY_BAD_RATE     5 /* pmi_rate > 10^9                */
#define XEN_PERFCTR_POLICY_BAD_NR       6 /* nr_events > MAX_EVENTS         */
#define XEN_PERFCTR_POLICY_BAD_ZERO     7 /* a field that must be zero      */
#define XEN_PERFCTR_POLICY_BAD_EVENT    8 /* reserved bits of an event      */
#define XEN_PERFCTR_POLICY_BAD_UNKNOWN  9 /* event not in the model's table */
#define XEN_PERFCTR_POLICY_BAD_OUTSIDE 10 /* event outside the policy's tier */

/*
 * XEN_PERFCTR_OP_vcpu_stats: the calling domain's own VCPUs, or any domain's
 * for the control domain.  Counts since its first registration.
 */
struct xen_perfctr_vcpu_stats {
    uint32_t size;              /* IN                                   0x00 */
    uint32_t domid;             /* IN: a domain, or DOMID_SELF          0x04 */
    uint32_t vcpu;              /* IN                                   0x08 */
    uint32_t flags;             /* OUT: XEN_PERFCTR_STAT_*              0x0c */
    uint64_t hypercalls_perfctr; /* OUT                                 0x10 */
    uint64_t hypercalls_other;  /* OUT: IRET excepted                   0x18 */
    uint64_t applies;           /* OUT: requests applied                0x20 */
    uint64_t apply_errors;      /* OUT: requests refused                0x28 */
    uint64_t restores;          /* OUT: full restores at VCPU switch    0x30 */
    uint64_t resumes;           /* OUT: one-write resumes               0x38 */
    uint64_t msr_writes;        /* OUT: PMU MSR writes for this VCPU    0x40 */
    uint64_t pmis;              /* OUT: overflow interrupts accounted   0x48 */
    uint64_t spurious;          /* OUT: overflow interrupts ignored     0x50 */
    uint64_t samples;           /* OUT: records written                 0x58 */
    uint64_t missed;            /* OUT: overflows without a record      0x60 */
    uint64_t throttled;         /* OUT: times that pmi_rate was reached 0x68 */
    uint64_t pad[2];            /* OUT: 0                               0x70 */
};                              /*                                      0x80 */
#define XEN_PERFCTR_STAT_REGISTERED   (1u << 0)
#define XEN_PERFCTR_STAT_APPLIED      (1u << 1)

#endif /* __XEN_PUBLIC_PERFCTR_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
