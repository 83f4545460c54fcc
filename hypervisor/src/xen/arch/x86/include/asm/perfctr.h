/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * asm/perfctr.h
 *
 * Paravirtual performance counters: the hooks that the rest of Xen calls.
 *
 * v->arch.perfctr is NULL until the VCPU registers a page, and from then on it
 * points to the same context until the VCPU is destroyed.  So each hook costs
 * one test on a VCPU that has never asked for counters.
 */
#ifndef __ASM_X86_PERFCTR_H__
#define __ASM_X86_PERFCTR_H__

#include <xen/sched.h>

#include <public/perfctr.h>

struct cpu_user_regs;

/* Set at boot when Xen owns the counters on behalf of this code. */
extern bool perfctr_enabled;

int perfctr_domain_create(struct domain *d);
void perfctr_domain_destroy(struct domain *d);
void perfctr_release(struct domain *d);
void perfctr_vcpu_destroy(struct vcpu *v);

void perfctr_resume(void);
void perfctr_pmi(const struct cpu_user_regs *regs);

void vperfctr_switch_from(struct vcpu *v);
void vperfctr_switch_to(struct vcpu *v);
void vperfctr_toggle(struct vcpu *v);
bool vperfctr_rdpmc_allowed(const struct vcpu *v);
void vperfctr_count_hypercall(struct vcpu *v, unsigned long op);
void vperfctr_emulated(struct vcpu *v, bool branch);
void vperfctr_emulated_from(struct vcpu *v, unsigned long ip,
                            unsigned int opcode);
void vperfctr_vmenter(struct vcpu *v);
void vperfctr_vmexit(struct vcpu *v);

/* The VCPU is about to leave this CPU, if only for the idle VCPU. */
static inline void perfctr_switch_from(struct vcpu *v)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_switch_from(v);
}

/* The VCPU is current, and about to enter the guest. */
static inline void perfctr_switch_to(struct vcpu *v)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_switch_to(v);
}

/* A 64-bit PV VCPU has crossed between its kernel and its user mode. */
static inline void perfctr_toggle(struct vcpu *v)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_toggle(v);
}

/*
 * May the VCPU use RDPMC?  Then it needs CR4.PCE, and no intercept in an HVM
 * guest.
 */
static inline bool perfctr_rdpmc_allowed(const struct vcpu *v)
{
    return unlikely(v->arch.perfctr) && vperfctr_rdpmc_allowed(v);
}

static inline void perfctr_count_hypercall(struct vcpu *v, unsigned long op)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_count_hypercall(v, op);
}

/* Xen has executed an instruction of the guest, and set its registers. */
static inline void perfctr_emulated(struct vcpu *v, bool branch)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_emulated(v, branch);
}

/*
 * Likewise by x86_emulate(), which has succeeded.  The instruction was at ip; if
 * it still is there then only some iterations of a REP have been done.
 */
static inline void perfctr_emulated_from(struct vcpu *v, unsigned long ip,
                                         unsigned int opcode)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_emulated_from(v, ip, opcode);
}

/* An HVM VCPU is about to enter the guest, interrupts are off. */
static inline void perfctr_vmenter(struct vcpu *v)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_vmenter(v);
}

/* An HVM VCPU has left the guest, guest_cpu_user_regs() are complete. */
static inline void perfctr_vmexit(struct vcpu *v)
{
    if ( unlikely(v->arch.perfctr) )
        vperfctr_vmexit(v);
}

#endif /* __ASM_X86_PERFCTR_H__ */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
