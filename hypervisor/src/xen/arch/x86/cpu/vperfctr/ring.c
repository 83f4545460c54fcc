/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.c
 *
 * Registration of a VCPU's sample ring.
 *
 * Its frames are held like the VCPU's page, see pages.c, and go with it.  The
 * guest may give a frame to several rings, or as page and ring: it would
 * overwrite its own samples.
 */

#include <xen/err.h>
#include <xen/mm.h>

#include "private.h"

/* The domain's lock is held, the VCPU is paused or current. */
static void install(struct vperfctr *p, void *const *page, unsigned int nr)
{
    unsigned long flags;
    unsigned int i;

    local_irq_save(flags);
    for ( i = 0; i < nr; i++ )
        p->ring.page[i] = page[i];
    p->ring.nr = nr;
    p->ring.head = 0;
    p->ring.alerted = false;
    vperfctr_publish_samples(p, 0);
    local_irq_restore(flags);
}

/* As before, and on the VCPU's way out also when there is no ring. */
void perfctr_ring_release(struct vperfctr *p)
{
    unsigned int nr = p->ring.nr, i;

    if ( !nr )
        return;

    install(p, NULL, 0);
    /* No overflow interrupt finds them any more. */
    for ( i = 0; i < nr; i++ )
    {
        perfctr_unmap_frame(p->ring.page[i]);
        p->ring.page[i] = NULL;
    }
}

static int map_all(struct domain *d, const struct xen_perfctr_ring *ring,
                   void **page)
{
    unsigned int i;

    for ( i = 0; i < ring->nr_pages; i++ )
    {
        page[i] = perfctr_map_frame(d, ring->gfn[i]);
        if ( IS_ERR(page[i]) )
        {
            int rc = PTR_ERR(page[i]);

            while ( i-- )
                perfctr_unmap_frame(page[i]);

            return rc;
        }
    }

    for ( i = 0; i < ring->nr_pages; i++ )
        clear_page(page[i]);

    return 0;
}

int perfctr_ring(struct domain *d, const struct xen_perfctr_ring *ring)
{
    struct perfctr_domain *pd = d->arch.perfctr;
    struct vcpu *v = domain_vcpu(d, ring->vcpu);
    void *page[XEN_PERFCTR_MAX_RING_PAGES];
    struct vperfctr *p;
    int rc;

    BUILD_BUG_ON(sizeof(struct xen_perfctr_sample) *
                 XEN_PERFCTR_RECORDS_PER_PAGE != PAGE_SIZE);

    if ( !v )
        return -ENOENT;

    if ( ring->zero || ring->nr_pages > XEN_PERFCTR_MAX_RING_PAGES ||
         (ring->nr_pages & (ring->nr_pages - 1)) )
        return -EINVAL;

    rc = perfctr_pause(d, v);
    if ( rc )
        return rc;

    spin_lock(&pd->lock);

    p = v->arch.perfctr;
    if ( !p || !p->page )
        rc = -ENOENT;
    else if ( !ring->nr_pages )
    {
        if ( p->ring.nr )
            perfctr_ring_release(p);
        else
            rc = -ENOENT;
    }
    else if ( p->ring.nr )
        rc = -EEXIST;
    else if ( d->is_dying )
        rc = -EINVAL;
    else
    {
        rc = map_all(d, ring, page);
        if ( !rc )
            install(p, page, ring->nr_pages);
    }

    spin_unlock(&pd->lock);
    perfctr_unpause(v);

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
