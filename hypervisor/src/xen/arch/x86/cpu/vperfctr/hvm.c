/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm.c
 *
 * VCPUs of HVM guests: what VMCB and VMCS have to hold for counters.
 *
 * CR4.PCE is set in the processor's CR4 behind the guest's back while RDPMC is
 * allowed, and RDPMC intercepted otherwise, whatever the guest thinks of PCE.
 * VMX switches the control register together with the guest; SVM needs no help,
 * as the selectors tell.
 *
 * These can be changed on the CPU where the VCPU runs only, and are at the time
 * of VM entry: until then the structures may not have been loaded, and what they
 * are to hold may change again.
 */

#include <asm/hvm/hvm.h>
#include <asm/msr.h>

#include "private.h"

/* Can HVM guests have counters on this machine? */
bool perfctr_hvm_supported(void)
{
    return perfctr_model.select_guest || hvm_funcs.set_pmu_global_ctrl;
}

/* Interrupts are off, and the next thing is the guest. */
void vperfctr_vmenter(struct vcpu *v)
{
    struct vperfctr *p = v->arch.perfctr;
    bool rdpmc = vperfctr_rdpmc_allowed(v);
    uint64_t guest = 0, host = 0;

    if ( !perfctr_model.select_guest && p->img && !p->revoked )
    {
        guest = p->img->guest;
        host = p->img->host;
    }

    if ( p->hvm.guest_ctrl != guest || p->hvm.host_ctrl != host )
    {
        alternative_vcall(hvm_funcs.set_pmu_global_ctrl, v, guest, host);
        p->hvm.guest_ctrl = guest;
        p->hvm.host_ctrl = host;
    }

    if ( p->hvm.rdpmc != rdpmc )
    {
        alternative_vcall(hvm_funcs.set_rdpmc_exiting, v, !rdpmc);
        hvm_update_guest_cr(v, 4);
        p->hvm.rdpmc = rdpmc;
    }

    p->hvm.in_guest = true;
}

/* The guest's registers have been read. */
void vperfctr_vmexit(struct vcpu *v)
{
    struct vperfctr *p = v->arch.perfctr;

    p->hvm.in_guest = false;
    p->counted = false;

    /*
     * PV guests get periods back on their way to user mode, see sample.c.  This
     * guest enters Xen about as often while it is in user mode, for the timer.
     */
    if ( p->throttled && hvm_get_cpl(v) == 3 )
    {
        unsigned long flags;

        local_irq_save(flags);
        if ( p->img && !vperfctr_requested(p) )
            vperfctr_refold(p, &this_cpu(perfctr_cpu));
        vperfctr_charge(p, &this_cpu(perfctr_cpu));
        local_irq_restore(flags);
    }
}

/*
 * Where the guest is.  Interrupts that have made it leave are taken before its
 * registers have been read, with SVM.  (VMX reads them first.)
 */
uint64_t vperfctr_hvm_ip(const struct vperfctr *p)
{
    return p->hvm.in_guest ? p->vcpu->arch.hvm.svm.vmcb->rip
                           : guest_cpu_user_regs()->rip;
}

/*
 * The guest's kernel is about to start, and user mode's counters have overflowed:
 * on the system call, if it is at the beginning of that.  Then this is where it
 * will return to.  The guest's register is still there, nobody has a use for it.
 */
bool vperfctr_hvm_syscall(const struct vperfctr *p, uint64_t *ip)
{
    uint64_t lstar;

    rdmsrl(MSR_LSTAR, lstar);
    if ( *ip != lstar )
        return false;

    *ip = guest_cpu_user_regs()->rcx;

    return true;
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
