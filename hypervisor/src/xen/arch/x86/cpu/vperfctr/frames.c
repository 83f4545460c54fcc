/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames.c
 *
 * Guest frames that Xen keeps mapped, and the VCPUs that must stand still while
 * the mappings change.
 */

#include <xen/domain_page.h>
#include <xen/err.h>
#include <xen/mm.h>
#include <xen/sched.h>

#include <asm/p2m.h>

#include "private.h"

/*
 * Plain RAM of the domain only; the typed reference keeps it that until
 * perfctr_unmap_frame().
 */
void *perfctr_map_frame(struct domain *d, uint64_t gfn)
{
    struct page_info *page;
    p2m_type_t p2mt;
    void *va;

    if ( gfn > PFN_DOWN(~0ull) )
        return ERR_PTR(-EINVAL);

    page = get_page_from_gfn(d, gfn, &p2mt, P2M_UNSHARE);
    if ( !page )
        return ERR_PTR(-EINVAL);

    /*
     * Not a grant or foreign page, and nothing that Xen shares with guests.
     * While a domain is migrated all its RAM is of the other type.
     */
    if ( (p2mt != p2m_ram_rw && p2mt != p2m_ram_logdirty) ||
         page_get_owner(page) != d ||
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
void perfctr_unmap_frame(void *va)
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
int perfctr_pause(struct domain *d, struct vcpu *v)
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

void perfctr_unpause(struct vcpu *v)
{
    if ( v != current )
        vcpu_unpause(v);
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
