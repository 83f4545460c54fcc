/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emulated.c
 *
 * Instructions of the guest which Xen executes in its place.
 *
 * They do not retire, so the processor does not count them.  A guest that is
 * compared with a native run has executed them all the same: add them to its
 * counters of instructions, and of branches.  Other events of theirs are not
 * known here.
 *
 * A write to a counter raises no interrupt.  So who adds looks for an overflow.
 */

#include <asm/regs.h>

#include "private.h"

/* The longest instruction. */
#define MAX_LENGTH 15

/* Interrupts are off, and the counters are those of this VCPU. */
static void add(struct vperfctr *p, struct perfctr_cpu *pc, uint32_t counters)
{
    const struct perfctr_image *img = p->img;
    uint64_t enabled = pc->enabled;
    uint32_t crossed = 0;
    unsigned int i;

    /* What has passed zero by now did so on an earlier instruction. */
    vperfctr_account(p, pc, NULL);

    /* Counters without Xen's part stand still. */
    if ( img->hyp & counters )
        alternative_vcall(perfctr_ops.enable, pc, 0);

    for ( i = 0; i < img->nr; i++ )
        if ( counters & (1u << i) )
        {
            unsigned int hw = img->hw[i];
            uint64_t raw = (perfctr_rdpmc(hw) + 1) & PERFCTR_COUNT_MASK;

            alternative_vcall(perfctr_ops.write_one, pc, hw, raw);
            if ( (p->negative & (1u << i)) && !(raw & PERFCTR_COUNT_SIGN) )
                crossed |= 1u << i;
        }

    if ( crossed )
        vperfctr_overflow(p, crossed);

    p->emulating = true;
    vperfctr_account(p, pc, NULL);
    p->emulating = false;

    if ( img->hyp & counters )
        alternative_vcall(perfctr_ops.enable, pc, enabled);
}

/* The guest's registers already say where it continues. */
void vperfctr_emulated(struct vcpu *v, bool branch)
{
    struct vperfctr *p = v->arch.perfctr;
    struct perfctr_cpu *pc;
    unsigned long flags;

    if ( !p->img )
        return;

    local_irq_save(flags);

    pc = &this_cpu(perfctr_cpu);
    if ( p->counted )
        p->counted = false;
    else if ( pc->owner == p && p->img && !p->revoked )
    {
        const struct perfctr_image *img = p->img;
        uint32_t counters = img->insns | (branch ? img->branches : 0);

        counters &= vperfctr_in_user(p) ? img->dom_user : img->dom_kernel;
        if ( counters )
        {
            add(p, pc, counters);
            vperfctr_charge(p, pc);
        }
    }

    local_irq_restore(flags);
}

/* opcode is in the form of x86_emulate(): the 0f prefix is in bits 31:16. */
static bool is_branch(unsigned int opcode, unsigned long from, unsigned long to)
{
    uint8_t byte = opcode;

    switch ( opcode >> 16 )
    {
    case 0:
        switch ( byte )
        {
        case 0x70 ... 0x7f:     /* Jcc */
        case 0x9a:              /* CALL far */
        case 0xc2: case 0xc3:   /* RET */
        case 0xca: case 0xcb:   /* RET far */
        case 0xcc ... 0xcf:     /* INT3, INT n, INTO, IRET */
        case 0xe0 ... 0xe3:     /* LOOP, JCXZ */
        case 0xe8 ... 0xeb:     /* CALL, JMP, JMP far, JMP short */
            return true;

        case 0xff:              /* CALL, JMP; but also INC, DEC, PUSH */
            return to - from - 1 >= MAX_LENGTH;
        }
        break;

    case 0x0f:
        switch ( byte )
        {
        case 0x05: case 0x07:   /* SYSCALL, SYSRET */
        case 0x34: case 0x35:   /* SYSENTER, SYSEXIT */
        case 0x80 ... 0x8f:     /* Jcc */
            return true;
        }
        break;
    }

    return false;
}

void vperfctr_emulated_from(struct vcpu *v, unsigned long ip,
                            unsigned int opcode)
{
    unsigned long next = guest_cpu_user_regs()->rip;
    bool branch = is_branch(opcode, ip, next);

    if ( next != ip || branch )
        vperfctr_emulated(v, branch);
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
