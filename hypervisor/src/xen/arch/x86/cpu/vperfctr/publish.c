/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * publish.c
 *
 * What Xen tells the guest.
 *
 * The guest can write these pages as well.  That harms nobody else: Xen never
 * reads back what it has written, the versions included.
 *
 * Racing agents: the VCPU itself cannot run meanwhile, so it sees all of a
 * publication or nothing.  Another VCPU of the guest may read at any time; it
 * sees an odd version, or a version that has changed, and tries again.
 */

#include <xen/string.h>

#include "private.h"

static void write_begin(uint32_t *shared, uint32_t *version)
{
    write_atomic(shared, ++*version);
    smp_wmb();
}

static void write_end(uint32_t *shared, uint32_t *version)
{
    smp_wmb();
    write_atomic(shared, ++*version);
}

/* The page is fresh: fill in what will not change. */
void vperfctr_publish_start(struct vperfctr *p)
{
    struct xen_perfctr_vcpu_page *page = p->page;

    page->magic = XEN_PERFCTR_MAGIC;
    page->abi = XEN_PERFCTR_ABI;
    page->size = sizeof(*page);
    page->vcpu = p->vcpu->vcpu_id;
    p->version = 0;
    vperfctr_publish_policy(p);
    vperfctr_publish(p);
}

/* One word, which nobody needs together with others. */
void vperfctr_publish_policy(struct vperfctr *p)
{
    if ( p->page )
        write_atomic(&p->page->pub.policy,
                     p->vcpu->domain->arch.perfctr->policy_nr);
}

void vperfctr_publish(struct vperfctr *p)
{
    struct xen_perfctr_published *pub = p->page ? &p->page->pub : NULL;

    if ( !pub )
        return;

    write_begin(&pub->version, &p->version);

    write_atomic(&pub->status, p->status);
    write_atomic(&pub->applied_handle, p->img ? p->handle : 0);
    write_atomic(&pub->applied_seq, p->seq);
    write_atomic(&pub->applied_cookie, p->cookie);
    write_atomic(&pub->flags, p->revoked ? XEN_PERFCTR_PUB_REVOKED : 0);
    write_atomic(&pub->overflow, p->overflow);
    write_atomic(&pub->hypercalls_perfctr, p->hypercalls_perfctr);
    write_atomic(&pub->hypercalls_other, p->hypercalls_other);

    write_end(&pub->version, &p->version);
}

/*
 * After samples.  These numbers are published only here: all others change
 * more often, and most configurations do not sample.
 */
void vperfctr_publish_samples(struct vperfctr *p, uint32_t counters)
{
    struct xen_perfctr_published *pub = p->page ? &p->page->pub : NULL;

    if ( !pub )
        return;

    /* Orders the records as well: they are there before the new head. */
    write_begin(&pub->version, &p->version);

    write_atomic(&pub->ring_head, p->ring.head);
    write_atomic(&pub->ring_full, p->ring.full);
    for ( ; counters; counters &= counters - 1 )
    {
        unsigned int i = ffs(counters) - 1;

        write_atomic(&pub->reload_sum[i], p->reload_sum[i]);
        write_atomic(&pub->missed[i], p->missed[i]);
    }

    write_end(&pub->version, &p->version);
}

void vperfctr_publish_time(struct vperfctr *p)
{
    struct xen_perfctr_time *time = p->time;

    if ( !time )
        return;

    write_begin(&time->version, &p->time_version);
    write_atomic(&time->stolen, p->stolen);
    write_end(&time->version, &p->time_version);
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
