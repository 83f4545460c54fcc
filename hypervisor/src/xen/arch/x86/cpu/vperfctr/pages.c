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

#include <xen/domain_page.h>
#include <xen/err.h>
#include <xen/mm.h>
#include <xen/xmalloc.h>

#include <asm/p2m.h>

#include "private.h"

static void *map_frame(struct domain *d, uint64_t gfn)
{
    struct page_info *page;
    p2m_type_t p2mt;
    void *va;

    if ( gfn > PFN_DOWN(~0ull) )
        return ERR_PTR(-EINVAL);

    page = get_page_from_gfn(d, gfn, &p2mt, P2M_UNSHARE);
    if ( !page )
        return ERR_PTR(-EINVAL);

    /* Not a grant or foreign page, and nothing that Xen shares with guests. */
    if ( p2mt != p2m_ram_rw || page_get_owner(page) != d ||
         is_xen_heap_page(page) || !get_page_type(page, PGT_writable_page) )
    {
        put_page(page);
        return ERR_PTR(-EINVAL);
    }

    va = __map_domain_page_global(page);
    if ( !va )
    {
        put_page_and_type(page);
        return ERR_PTR(-ENOMEM);
    }

    return va;
}

/* All users of the mapping have been stopped. */
static void unmap_frame(void *va)
{
    mfn_t mfn;

    if ( !va )
        return;

    va = (void *)((unsigned long)va & PAGE_MASK);
    mfn = domain_page_map_to_mfn(va);
    unmap_domain_page_global(va);
    put_page_and_type(mfn_to_page(mfn));
}

/*
 * Stop the VCPU, unless it is the caller.  Two VCPUs that do this to each other
 * must not wait for each other: hence the trylock, see also
 * domain_pause_except_self().
 */
static int pause(struct domain *d, struct vcpu *v)
{
    if ( v == current )
        return 0;

    if ( !(v->pause_flags & VPF_down) )
        return -EBUSY;

    if ( !spin_trylock(&d->hypercall_deadlock_mutex) )
        return -ERESTART;
    vcpu_pause(v);
    spin_unlock(&d->hypercall_deadlock_mutex);

    return 0;
}

static void unpause(struct vcpu *v)
{
    if ( v != current )
        vcpu_unpause(v);
}

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

    rc = pause(d, v);
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

    page = map_frame(d, reg->gfn);
    rc = PTR_ERR(page);
    if ( IS_ERR(page) )
        goto out;

    if ( has_time )
    {
        time = map_frame(d, reg->time_gfn);
        rc = PTR_ERR(time);
        if ( IS_ERR(time) )
        {
            unmap_frame(page);
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
        unmap_frame(time);
        unmap_frame(page);
        goto out;
    }

    local_irq_save(flags);
    p->seq = 0;
    p->cookie = 0;
    p->status = 0;
    p->overflow = 0;
    p->revoked = false;
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
    unpause(v);

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

    unmap_frame(page);
    unmap_frame(time);
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

    rc = pause(d, v);
    if ( rc )
        return rc;

    spin_lock(&pd->lock);
    if ( v->arch.perfctr && v->arch.perfctr->page )
        release(v->arch.perfctr);
    else
        rc = -ENOENT;
    spin_unlock(&pd->lock);

    unpause(v);

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
