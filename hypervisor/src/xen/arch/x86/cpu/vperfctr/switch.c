/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * switch.c
 *
 * Counters follow the VCPU: from CPU to CPU, and from user mode to kernel.
 *
 * At switch-out the counters are stopped and read, always.  So the values are
 * never on some other CPU from where they would have to be fetched, and a VCPU
 * that goes away leaves nothing behind that refers to it.  Only the restore is
 * lazy: a VCPU that comes back to the CPU where it counted last, with nobody
 * else between, finds its values there and needs one register write.
 *
 * While a VCPU may use RDPMC every counter of its CPU holds either a value of
 * its own or zero.
 */

#include "private.h"

void vperfctr_charge(struct vperfctr *p, struct perfctr_cpu *pc)
{
    p->msr_writes += pc->writes;
    pc->writes = 0;
}

/* Let run what the configuration counts in the guest's present mode. */
void vperfctr_enable(struct vperfctr *p, struct perfctr_cpu *pc)
{
    uint64_t mask = 0;

    if ( p->img && !p->revoked )
        mask = p->user ? p->img->user : p->img->kernel;

    /* VM entry and exit do the rest, see hvm.c. */
    if ( is_hvm_vcpu(p->vcpu) && !perfctr_model.select_guest && mask )
        mask = p->img->host;

    alternative_vcall(perfctr_ops.enable, pc, mask);
}

/*
 * A VCPU keeps RDPMC after a refused request, for a thread of which the slot
 * has just been marked may stand before its RDPMC.  It reads zeros.
 */
static bool rdpmc_allowed(const struct vperfctr *p)
{
    return p->img || p->refused;
}

bool vperfctr_rdpmc_allowed(const struct vcpu *v)
{
    return rdpmc_allowed(v->arch.perfctr);
}

/* Zero all that is in this CPU's counters, whoever counted it. */
void vperfctr_scrub(struct perfctr_cpu *pc)
{
    static const struct perfctr_image nothing;

    if ( !pc->dirty )
        return;

    alternative_vcall(perfctr_ops.program, pc, &nothing);
    pc->dirty = 0;
    pc->loaded_nr++;
}

/*
 * CR4 is loaded together with the page tables, which does not happen when the
 * VCPU returns from the idle VCPU or when its configuration changes.  That of
 * HVM guests is loaded at VM entry, see hvm.c.
 */
void vperfctr_sync_pce(const struct vperfctr *p)
{
    unsigned long cr4, new;

    if ( is_hvm_vcpu(p->vcpu) )
        return;

    cr4 = read_cr4();
    new = cr4 & ~X86_CR4_PCE;
    if ( rdpmc_allowed(p) )
        new |= X86_CR4_PCE;

    if ( new != cr4 )
        write_cr4(new);
}

/* Stop and read the counters. */
void vperfctr_save(struct vperfctr *p, struct perfctr_cpu *pc)
{
    const struct perfctr_image *img = p->img;
    uint32_t crossed = 0;
    unsigned int i;

    if ( !img )
        return;

    alternative_vcall(perfctr_ops.enable, pc, 0);
    vperfctr_account(p, pc, NULL);

    for ( i = 0; i < img->nr; i++ )
    {
        p->count[i] = perfctr_rdpmc(img->hw[i]);
        if ( (p->negative & (1u << i)) && !(p->count[i] & PERFCTR_COUNT_SIGN) )
            crossed |= 1u << i;
    }

    /*
     * An overflow of which the interrupt has not been taken yet is accounted
     * for here.  The interrupt will find that it has been, or no owner.
     */
    if ( crossed )
        vperfctr_overflow(p, crossed);

    vperfctr_charge(p, pc);
}

void vperfctr_switch_from(struct vcpu *v)
{
    struct vperfctr *p = v->arch.perfctr;
    struct perfctr_cpu *pc;
    unsigned long flags;

    local_irq_save(flags);

    pc = &this_cpu(perfctr_cpu);
    ASSERT(pc->owner == p);
    vperfctr_save(p, pc);
    pc->owner = NULL;
    p->off_since = vperfctr_guest_tsc(p);

    local_irq_restore(flags);
}

static void load(struct vperfctr *p, struct perfctr_cpu *pc)
{
    unsigned int cpu = smp_processor_id();

    if ( p->loaded_cpu == cpu && p->loaded_nr == pc->loaded_nr )
    {
        p->resumes++;
        return;
    }

    alternative_vcall(perfctr_ops.program, pc, p->img);
    alternative_vcall(perfctr_ops.write, pc, p->img, &p->count[0]);
    pc->dirty = p->img->used;
    p->loaded_cpu = cpu;
    p->loaded_nr = ++pc->loaded_nr;
    p->restores++;
}

void vperfctr_switch_to(struct vcpu *v)
{
    struct vperfctr *p = v->arch.perfctr;
    struct perfctr_cpu *pc;
    unsigned long flags;
    uint64_t now;

    local_irq_save(flags);

    pc = &this_cpu(perfctr_cpu);
    ASSERT(!pc->owner);
    pc->owner = p;

    /*
     * The flag of our own is needed between switches only: there the thread
     * flag also changes while Xen accesses the other mode's memory.  (HVM
     * VCPUs have it set always; for them both modes' counters are the same.)
     */
    p->user = !(v->arch.flags & TF_kernel_mode);

    /* The TSC of this CPU may be a little behind that of the last one. */
    now = vperfctr_guest_tsc(p);
    if ( now > p->off_since )
        p->stolen += now - p->off_since;
    vperfctr_publish_time(p);

    if ( p->img )
    {
        load(p, pc);
        if ( p->user && !vperfctr_requested(p) )
            vperfctr_refold(p, pc);
        vperfctr_enable(p, pc);
    }
    else if ( p->refused )
        vperfctr_scrub(pc);
    vperfctr_charge(p, pc);
    vperfctr_sync_pce(p);

    local_irq_restore(flags);
}

/*
 * Called for the crossings in both directions, after it.  Also called when the
 * VCPU is not the owner yet: its segments are loaded before switch_to(), and if
 * that fails it is sent to its kernel.
 *
 * To user mode is the way of every IRET hypercall, where requests are applied.
 *
 * A sampling counter of the mode that is left may have overflowed on the very
 * instruction that left it, and its interrupt not have come yet.
 */
void vperfctr_toggle(struct vcpu *v)
{
    struct vperfctr *p = v->arch.perfctr;
    struct perfctr_cpu *pc;
    unsigned long flags;

    local_irq_save(flags);

    pc = &this_cpu(perfctr_cpu);
    if ( pc->owner == p )
    {
        vperfctr_account(p, pc, NULL);
        p->user = !(v->arch.flags & TF_kernel_mode);

        if ( p->user && vperfctr_requested(p) )
            vperfctr_apply(p, pc);
        else if ( p->img )
        {
            if ( p->user )
                vperfctr_refold(p, pc);
            vperfctr_enable(p, pc);
            vperfctr_charge(p, pc);
        }
    }

    local_irq_restore(flags);
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
