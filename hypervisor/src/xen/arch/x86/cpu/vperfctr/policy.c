/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.c
 *
 * What the control domain decides and sees.
 */

#include <xen/event.h>

#include "private.h"

int perfctr_policy_get(struct domain *d, struct xen_perfctr_policy *policy)
{
    if ( !d->arch.perfctr )
        return -EOPNOTSUPP;

    /* Another tool may be changing it. */
    spin_lock(&d->arch.perfctr->lock);
    *policy = d->arch.perfctr->policy;
    spin_unlock(&d->arch.perfctr->lock);
    policy->size = sizeof(*policy);
    policy->domid = d->domain_id;

    return 0;
}

/*
 * Stop the VCPU's counters.  They keep their values, and its user mode keeps
 * RDPMC, until its kernel has told whoever reads them and asks for something
 * else.  The VCPU is paused, its domain is, or it is current.
 */
static void freeze(struct vperfctr *p)
{
    unsigned long flags;

    local_irq_save(flags);

    p->revoked = true;
    p->status = -EPERM;
    if ( p->vcpu == current )
    {
        struct perfctr_cpu *pc = &this_cpu(perfctr_cpu);

        vperfctr_enable(p, pc);
        vperfctr_account(p, pc, NULL);
        vperfctr_charge(p, pc);
    }
    vperfctr_publish(p);

    local_irq_restore(flags);

    send_guest_vcpu_virq(p->vcpu, XEN_PERFCTR_VIRQ);
}

int perfctr_policy_set(struct domain *d, struct xen_perfctr_policy *policy)
{
    struct perfctr_domain *pd = d->arch.perfctr;
    struct vcpu *v;
    int rc;

    if ( !pd || is_pv_32bit_domain(d) )
        return -EOPNOTSUPP;

    rc = perfctr_policy_check(&perfctr_model, policy);
    if ( rc )
        return rc;

    /* So that nothing is validated against one policy and applied under another. */
    rc = domain_pause_except_self(d);
    if ( rc )
        return rc;

    spin_lock(&pd->lock);

    pd->policy = policy->flags & XEN_PERFCTR_POLICY_DEFAULT
                 ? perfctr_default_policy : *policy;
    pd->policy_nr++;
    perfctr_handle_judge(pd);

    for_each_vcpu ( d, v )
    {
        struct vperfctr *p = v->arch.perfctr;

        if ( !p )
            continue;

        vperfctr_publish_policy(p);
        if ( p->img && !p->revoked && p->img->denied )
            freeze(p);
    }

    spin_unlock(&pd->lock);

    domain_unpause_except_self(d);

    return 0;
}

int perfctr_vcpu_stats(struct domain *d, struct xen_perfctr_vcpu_stats *stats)
{
    uint32_t domid = d->domain_id, vcpu = stats->vcpu;
    const struct vcpu *v = domain_vcpu(d, vcpu);
    const struct vperfctr *p;

    if ( !d->arch.perfctr )
        return -EOPNOTSUPP;

    if ( !v )
        return -ENOENT;

    *stats = (struct xen_perfctr_vcpu_stats){
        .size = sizeof(*stats),
        .domid = domid,
        .vcpu = vcpu,
    };

    /*
     * The VCPU may run and count on: each number is a recent one.  The context
     * stays until the domain goes, which the caller holds.
     */
    p = ACCESS_ONCE(v->arch.perfctr);
    if ( !p )
        return 0;

    stats->flags = (p->page ? XEN_PERFCTR_STAT_REGISTERED : 0) |
                   (p->img ? XEN_PERFCTR_STAT_APPLIED : 0);
    stats->hypercalls_perfctr = p->hypercalls_perfctr;
    stats->hypercalls_other = p->hypercalls_other;
    stats->applies = p->applies;
    stats->apply_errors = p->apply_errors;
    stats->restores = p->restores;
    stats->resumes = p->resumes;
    stats->msr_writes = p->msr_writes;
    stats->pmis = p->pmis;
    stats->spurious = p->spurious;
    stats->samples = p->samples;
    stats->missed = p->missed_sum;
    stats->throttled = p->throttles;

    return 0;
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
