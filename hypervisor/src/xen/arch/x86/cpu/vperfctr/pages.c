/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pages.c
 *
 * Registration of a VCPU's page and time record.
 *
 * Both are plain RAM of the domain, of which Xen holds a typed reference while
 * it has them mapped.  The mappings are used without a lock by the CPU on which
 * the VCPU runs, so they change only on that CPU, or while the VCPU is paused.
 */

#include <xen/err.h>
#include <xen/mm.h>
#include <xen/xmalloc.h>

#include "private.h"

/* The domain's lock is held, the VCPU is paused or current. */
static struct vperfctr *get_context(struct vcpu *v)
{
    struct vperfctr *p = v->arch.perfctr;
    unsigned long flags;

    if ( p )
        return p;

    p = xzalloc(struct vperfctr);
    if ( !p )
        return NULL;

    p->vcpu = v;
    p->off_since = vperfctr_guest_tsc(p);

    /* From here on the hooks see it, at once if this is the running VCPU. */
    local_irq_save(flags);
    if ( v == current )
    {
        ASSERT(!this_cpu(perfctr_cpu).owner);
        this_cpu(perfctr_cpu).owner = p;
    }
    v->arch.perfctr = p;
    local_irq_restore(flags);

    return p;
}

int perfctr_register(struct domain *d, const struct xen_perfctr_register *reg)
{
    struct perfctr_domain *pd = d->arch.perfctr;
    struct vcpu *v = domain_vcpu(d, reg->vcpu);
    bool has_time = ~reg->time_gfn;
    struct vperfctr *p;
    void *page, *time = NULL;
    unsigned long flags;
    int rc;

    if ( !v )
        return -ENOENT;

    if ( reg->zero || (has_time && reg->time_gfn == reg->gfn) ||
         (has_time ? reg->time_offset > PAGE_SIZE - sizeof(*p->time) ||
                     reg->time_offset % sizeof(*p->time)
                   : reg->time_offset) )
        return -EINVAL;

    rc = perfctr_pause(d, v);
    if ( rc )
        return rc;

    spin_lock(&pd->lock);

    rc = -EEXIST;
    if ( v->arch.perfctr && v->arch.perfctr->page )
        goto out;

    /* Nothing registers pages any more once they are being released. */
    rc = -EINVAL;
    if ( d->is_dying )
        goto out;

    page = perfctr_map_frame(d, reg->gfn);
    rc = PTR_ERR(page);
    if ( IS_ERR(page) )
        goto out;

    if ( has_time )
    {
        time = perfctr_map_frame(d, reg->time_gfn);
        rc = PTR_ERR(time);
        if ( IS_ERR(time) )
        {
            perfctr_unmap_frame(page);
            goto out;
        }
        time += reg->time_offset;
        memset(time, 0, sizeof(*p->time));
    }
    clear_page(page);

    rc = -ENOMEM;
    p = get_context(v);
    if ( !p )
    {
        perfctr_unmap_frame(time);
        perfctr_unmap_frame(page);
        goto out;
    }

    local_irq_save(flags);
    p->seq = 0;
    p->cookie = 0;
    p->status = 0;
    p->overflow = 0;
    p->revoked = false;
    memset(p->reload_sum, 0, sizeof(p->reload_sum));
    memset(p->missed, 0, sizeof(p->missed));
    p->ring.full = 0;
    p->stolen = 0;
    p->time_version = 0;
    p->off_since = vperfctr_guest_tsc(p);
    p->time = time;
    p->page = page;
    vperfctr_publish_start(p);
    local_irq_restore(flags);

    rc = 0;

 out:
    spin_unlock(&pd->lock);
    perfctr_unpause(v);

    return rc;
}

/* The domain's lock is held, the VCPU is paused or current. */
static void release(struct vperfctr *p)
{
    void *page, *time;
    unsigned long flags;

    local_irq_save(flags);
    vperfctr_drop(p, p->vcpu == current ? &this_cpu(perfctr_cpu) : NULL);
    page = p->page;
    p->page = NULL;
    time = p->time;
    p->time = NULL;
    local_irq_restore(flags);

    /* Without a request applied there are no samples to go there any more. */
    perfctr_ring_release(p);
    perfctr_unmap_frame(page);
    perfctr_unmap_frame(time);
}

int perfctr_unregister(struct domain *d,
                       const struct xen_perfctr_register *reg)
{
    struct perfctr_domain *pd = d->arch.perfctr;
    struct vcpu *v = domain_vcpu(d, reg->vcpu);
    int rc;

    if ( !v )
        return -ENOENT;

    if ( reg->zero )
        return -EINVAL;

    rc = perfctr_pause(d, v);
    if ( rc )
        return rc;

    spin_lock(&pd->lock);
    if ( v->arch.perfctr && v->arch.perfctr->page )
        release(v->arch.perfctr);
    else
        rc = -ENOENT;
    spin_unlock(&pd->lock);

    perfctr_unpause(v);

    return rc;
}

/*
 * The domain is being destroyed or reset, none of its VCPUs runs.  References
 * that were kept beyond this would keep the domain from going away.
 */
void perfctr_release(struct domain *d)
{
    struct perfctr_domain *pd = d->arch.perfctr;
    struct vcpu *v;

    if ( !pd )
        return;

    spin_lock(&pd->lock);
    for_each_vcpu ( d, v )
        if ( v->arch.perfctr )
            release(v->arch.perfctr);
    perfctr_handle_forget_all(pd);
    spin_unlock(&pd->lock);
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
