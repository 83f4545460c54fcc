/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercalls.c
 *
 * Count a VCPU's hypercalls, so that what reading and switching counters
 * costs can be told from what the guest does anyway.  IRET is left out: there
 * is one for every way back to user mode.
 */

#include <xen/hypercall.h>

#include "private.h"

void vperfctr_count_hypercall(struct vcpu *v, unsigned long op)
{
    struct vperfctr *p = v->arch.perfctr;
    struct xen_perfctr_published *pub = p->page ? &p->page->pub : NULL;

    /* A 64-bit store each: readers need no version for a single value. */
    if ( op == __HYPERVISOR_perfctr_op )
    {
        p->hypercalls_perfctr++;
        if ( pub )
            write_atomic(&pub->hypercalls_perfctr, p->hypercalls_perfctr);
    }
    else if ( op != __HYPERVISOR_iret )
    {
        p->hypercalls_other++;
        if ( pub )
            write_atomic(&pub->hypercalls_other, p->hypercalls_other);
    }
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
