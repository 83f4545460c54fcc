/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pmi.c
 *
 * Overflow interrupts.
 *
 * The interrupt may come late: when its counter has been saved, belongs to
 * another VCPU, or has been started again.  So an overflow is believed only of
 * a counter that was started below zero by the VCPU that runs now, and is not
 * below zero any more.  Everything else is acknowledged, counted and ignored.
 *
 * Sampling counters have files of their own, see sample.c.
 */

#include <xen/event.h>

#include <asm/apic.h>

#include <irq_vectors.h>

#include "private.h"

/* More passes than counters can overflow for good reasons. */
#define MAX_PASSES 16

/*
 * Only counters that count Xen overflow while it looks for those that have.
 * All others stand still: one pass has seen them.
 */
static bool runs_in_xen(const struct vperfctr *p)
{
    return p->img && p->img->hyp;
}

void vperfctr_overflow(struct vperfctr *p, uint32_t counters)
{
    p->negative &= ~counters;
    p->overflow |= counters;
    vperfctr_publish(p);
    send_guest_vcpu_virq(p->vcpu, XEN_PERFCTR_VIRQ);
}

static bool account(struct vperfctr *p, uint64_t status)
{
    const struct perfctr_image *img = p->img;
    uint32_t left, crossed = 0;

    if ( !img )
        return false;

    for ( left = p->negative; left; left &= left - 1 )
    {
        unsigned int i = ffs(left) - 1;

        if ( (status & (1ull << img->hw[i])) &&
             !(perfctr_rdpmc(img->hw[i]) & PERFCTR_COUNT_SIGN) )
            crossed |= 1u << i;
    }

    if ( crossed )
        vperfctr_overflow(p, crossed);

    return crossed;
}

/* Interrupts are off, and the interrupt has been acknowledged. */
void perfctr_pmi(const struct cpu_user_regs *regs)
{
    struct perfctr_cpu *pc = &this_cpu(perfctr_cpu);
    struct vperfctr *p = pc->owner;
    bool accounted = false, found;
    unsigned int passes = MAX_PASSES;

    /*
     * Delivery has masked the entry.  Unmask it before looking: an overflow
     * that the last pass does not see raises the interrupt again.
     */
    apic_write(APIC_LVTPC, PMU_APIC_VECTOR);

    do {
        uint64_t status = alternative_call(perfctr_ops.overflowed, pc);

        found = false;
        if ( p && status )
        {
            found = account(p, status);
            found |= vperfctr_account(p, pc, regs);
        }

        accounted |= found;
    } while ( found && runs_in_xen(p) && --passes );

    if ( !p )
    {
        pc->writes = 0;
        return;
    }

    if ( accounted )
        p->pmis++;
    else
        p->spurious++;
    vperfctr_charge(p, pc);
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
