/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain.c
 *
 * What domains and VCPUs have for counters: created and destroyed.
 */

#include <xen/xmalloc.h>

#include <asm/hvm/nestedhvm.h>

#include "private.h"

int perfctr_domain_create(struct domain *d)
{
    struct perfctr_domain *pd;

    /*
     * The guests of a guest that is a hypervisor itself would count as it, and
     * could use RDPMC whenever it may.
     */
    if ( !perfctr_enabled ||
         (is_hvm_domain(d) &&
          (!perfctr_hvm_supported() || nestedhvm_enabled(d))) ||
         (!is_hvm_domain(d) && !is_pv_domain(d)) )
        return 0;

    pd = xzalloc(struct perfctr_domain);
    if ( !pd )
        return -ENOMEM;

    spin_lock_init(&pd->lock);
    pd->hvm = is_hvm_domain(d);
    pd->policy = perfctr_default_policy;
    d->arch.perfctr = pd;

    return 0;
}

void perfctr_domain_destroy(struct domain *d)
{
    if ( d->arch.perfctr )
        xfree(d->arch.perfctr->entries);
    XFREE(d->arch.perfctr);
}

/* The pages have been released, and no CPU can refer to the context. */
void perfctr_vcpu_destroy(struct vcpu *v)
{
    ASSERT(!v->arch.perfctr || !v->arch.perfctr->page);
    XFREE(v->arch.perfctr);
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
