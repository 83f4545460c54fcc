/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * op.c
 *
 * The hypercall.  Arguments are copied once, and checked in the copy.
 */

#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include <xsm/xsm.h>

#include "private.h"

static int query(const struct domain *d, struct xen_perfctr_query *q)
{
    const struct xen_perfctr_policy *policy = &d->arch.perfctr->policy;

    *q = (struct xen_perfctr_query){
        .size = sizeof(*q),
        .abi = XEN_PERFCTR_ABI,
        .vendor = perfctr_model.vendor,
        .pmu_version = perfctr_model.version,
        .nr_gp = perfctr_model.nr_gp,
        .nr_fixed = perfctr_model.nr_fixed,
        .width = perfctr_model.width,
        .flags = XEN_PERFCTR_CAP_SAMPLE |
                 (is_pv_domain(d) ? XEN_PERFCTR_CAP_IRET_APPLY : 0) |
                 (policy->flags & XEN_PERFCTR_POLICY_KERNEL
                  ? XEN_PERFCTR_CAP_KERNEL : 0) |
                 (policy->flags & XEN_PERFCTR_POLICY_HYP
                  ? XEN_PERFCTR_CAP_HYP : 0),
        .tier = policy->tier,
        .max_configs = XEN_PERFCTR_MAX_CONFIGS,
        .min_period = policy->min_period ?: 1,
    };

    return 0;
}

/* Apply the caller's request now, whether or not its number has changed. */
static int apply(struct vcpu *curr)
{
    struct vperfctr *p = curr->arch.perfctr;
    unsigned long flags;
    int rc;

    if ( !p || !p->page )
        return -ENOENT;

    local_irq_save(flags);

    /*
     * The instruction that brings an HVM guest here counts for the request that
     * ends, as the PV guest's does.  It will be noticed when it is complete.
     */
    if ( is_hvm_vcpu(curr) )
    {
        perfctr_emulated(curr, false);
        p->counted = true;
    }
    rc = vperfctr_apply(p, &this_cpu(perfctr_cpu));

    local_irq_restore(flags);

    return rc;
}

/* Operations of a domain's kernel on its own domain. */
static int guest_op(unsigned int cmd, XEN_GUEST_HANDLE_PARAM(void) arg)
{
    struct vcpu *curr = current;
    struct domain *d = curr->domain;
    union {
        struct xen_perfctr_query query;
        struct xen_perfctr_register reg;
        struct xen_perfctr_config cfg;
        struct xen_perfctr_ring ring;
    } u;
    int rc;

    if ( !d->arch.perfctr || is_pv_32bit_domain(d) )
        return -EOPNOTSUPP;

    rc = xsm_perfctr_op(XSM_OTHER, d, cmd);
    if ( rc )
        return rc;

    /* What a domain needs to get rid of what it has is always allowed. */
    switch ( cmd )
    {
    case XEN_PERFCTR_OP_query:
    case XEN_PERFCTR_OP_register:
    case XEN_PERFCTR_OP_config_create:
        if ( d->arch.perfctr->policy.tier == XEN_PERFCTR_TIER_OFF )
            return -ENODEV;
        break;
    }

    switch ( cmd )
    {
    case XEN_PERFCTR_OP_query:
        if ( copy_from_guest(&u.query, arg, 1) )
            return -EFAULT;
        if ( u.query.size != sizeof(u.query) )
            return -EINVAL;

        rc = query(d, &u.query);
        if ( !rc && copy_to_guest(arg, &u.query, 1) )
            rc = -EFAULT;
        break;

    case XEN_PERFCTR_OP_register:
    case XEN_PERFCTR_OP_unregister:
        if ( copy_from_guest(&u.reg, arg, 1) )
            return -EFAULT;
        if ( u.reg.size != sizeof(u.reg) )
            return -EINVAL;

        rc = cmd == XEN_PERFCTR_OP_register ? perfctr_register(d, &u.reg)
                                            : perfctr_unregister(d, &u.reg);
        break;

    case XEN_PERFCTR_OP_config_create:
        if ( copy_from_guest(&u.cfg, arg, 1) )
            return -EFAULT;
        if ( u.cfg.size != sizeof(u.cfg) )
            return -EINVAL;

        rc = perfctr_handle_create(d->arch.perfctr, &u.cfg);
        if ( copy_to_guest(arg, &u.cfg, 1) )
        {
            /* Nobody has been told the handle, unless by guessing it. */
            if ( !rc )
                perfctr_handle_destroy(d->arch.perfctr, u.cfg.handle);
            rc = -EFAULT;
        }
        break;

    case XEN_PERFCTR_OP_config_destroy:
        if ( copy_from_guest(&u.cfg, arg, 1) )
            return -EFAULT;
        if ( u.cfg.size != sizeof(u.cfg) )
            return -EINVAL;

        rc = perfctr_handle_destroy(d->arch.perfctr, u.cfg.handle);
        break;

    case XEN_PERFCTR_OP_apply:
        rc = apply(curr);
        break;

    case XEN_PERFCTR_OP_ring:
        if ( copy_from_guest(&u.ring, arg, 1) )
            return -EFAULT;
        if ( u.ring.size != sizeof(u.ring) )
            return -EINVAL;
        if ( u.ring.nr_pages &&
             d->arch.perfctr->policy.tier == XEN_PERFCTR_TIER_OFF )
            return -ENODEV;

        rc = perfctr_ring(d, &u.ring);
        break;

    default:
        ASSERT_UNREACHABLE();
        rc = -EOPNOTSUPP;
        break;
    }

    return rc;
}

/* Operations on any domain.  size and domid lead all their arguments. */
static int domain_op(unsigned int cmd, XEN_GUEST_HANDLE_PARAM(void) arg)
{
    union {
        struct {
            uint32_t size, domid;
        };
        struct xen_perfctr_policy policy;
        struct xen_perfctr_vcpu_stats stats;
    } u;
    struct domain *d;
    unsigned int size;
    int rc;

    if ( cmd == XEN_PERFCTR_OP_vcpu_stats )
    {
        size = sizeof(u.stats);
        if ( copy_from_guest(&u.stats, arg, 1) )
            return -EFAULT;
    }
    else
    {
        size = sizeof(u.policy);
        if ( copy_from_guest(&u.policy, arg, 1) )
            return -EFAULT;
    }

    if ( u.size != size || u.domid != (domid_t)u.domid )
        return -EINVAL;

    d = rcu_lock_domain_by_any_id(u.domid);
    if ( !d )
        return -ESRCH;

    rc = xsm_perfctr_op(XSM_OTHER, d, cmd);
    if ( rc )
        goto out;

    switch ( cmd )
    {
    case XEN_PERFCTR_OP_policy_get:
        rc = perfctr_policy_get(d, &u.policy);
        if ( !rc && copy_to_guest(arg, &u.policy, 1) )
            rc = -EFAULT;
        break;

    case XEN_PERFCTR_OP_policy_set:
        rc = perfctr_policy_set(d, &u.policy);
        /* Which field was refused; an argument that is good stays as it is. */
        if ( rc && rc != -ERESTART && u.policy.bad_field &&
             copy_to_guest(arg, &u.policy, 1) )
            rc = -EFAULT;
        break;

    case XEN_PERFCTR_OP_vcpu_stats:
        rc = perfctr_vcpu_stats(d, &u.stats);
        if ( !rc && copy_to_guest(arg, &u.stats, 1) )
            rc = -EFAULT;
        break;

    default:
        ASSERT_UNREACHABLE();
        rc = -EOPNOTSUPP;
        break;
    }

 out:
    rcu_unlock_domain(d);

    return rc;
}

long do_perfctr_op(unsigned int cmd, XEN_GUEST_HANDLE_PARAM(void) arg)
{
    long rc;

    if ( !perfctr_enabled )
        return -ENODEV;

    switch ( cmd )
    {
    case XEN_PERFCTR_OP_query:
    case XEN_PERFCTR_OP_register:
    case XEN_PERFCTR_OP_unregister:
    case XEN_PERFCTR_OP_config_create:
    case XEN_PERFCTR_OP_config_destroy:
    case XEN_PERFCTR_OP_apply:
    case XEN_PERFCTR_OP_ring:
        rc = guest_op(cmd, arg);
        break;

    case XEN_PERFCTR_OP_policy_get:
    case XEN_PERFCTR_OP_policy_set:
    case XEN_PERFCTR_OP_vcpu_stats:
        rc = domain_op(cmd, arg);
        break;

    default:
        rc = -EOPNOTSUPP;
        break;
    }

    /* Two VCPUs wanted to pause each other: let the other one go first. */
    if ( rc == -ERESTART )
        rc = hypercall_create_continuation(__HYPERVISOR_perfctr_op, "ih",
                                           cmd, arg);

    return rc;
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
