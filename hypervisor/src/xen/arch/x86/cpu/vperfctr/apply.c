/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * apply.c
 *
 * Act on the request in a VCPU's page.
 */

#include <xen/event.h>

#include "private.h"

/*
 * Is there a request that has not been looked at?  The line is written by the
 * VCPU itself, which is in Xen now.  Should another VCPU of the guest write to
 * it all the same, then the guest gets one of the values, checked below.
 */
bool vperfctr_requested(const struct vperfctr *p)
{
    return p->page && ACCESS_ONCE(p->page->request.seq) != p->seq;
}

static void forget(struct vperfctr *p)
{
    const struct perfctr_image *img = p->img;

    p->img = NULL;
    if ( img )
        perfctr_handle_put(p->vcpu->domain->arch.perfctr, p->handle);
    p->handle = 0;
    p->negative = 0;
    p->refused = false;
}

/*
 * Stop counting and give the configuration back.  pc is NULL when the VCPU is
 * not running.
 */
void vperfctr_drop(struct vperfctr *p, struct perfctr_cpu *pc)
{
    if ( pc )
    {
        alternative_vcall(perfctr_ops.enable, pc, 0);
        vperfctr_account(p, pc, NULL);
    }
    vperfctr_settle(p, pc);
    forget(p);
    if ( pc )
    {
        vperfctr_charge(p, pc);
        vperfctr_sync_pce(p);
    }
}

/*
 * The configuration that is asked for, if it exists and is allowed, and its
 * start values in @start.  NULL and *rc 0: none is asked for.
 */
static const struct perfctr_image *look_up(
    const struct vperfctr *p, uint32_t handle, uint64_t *start, int *rc)
{
    struct perfctr_domain *pd = p->vcpu->domain->arch.perfctr;
    const struct perfctr_image *img;
    unsigned int i;

    *rc = 0;
    if ( !handle )
        return NULL;

    img = handle == p->handle ? p->img : perfctr_handle_get(pd, handle);
    if ( !img )
    {
        *rc = -ENOENT;
        return NULL;
    }

    if ( img->denied )
        *rc = -EPERM;

    for ( i = 0; !*rc && i < img->nr; i++ )
    {
        start[i] = ACCESS_ONCE(p->page->request.start[i]) & PERFCTR_COUNT_MASK;
        if ( !vperfctr_start_allowed(img, i, start[i]) )
            *rc = -EINVAL;
    }

    if ( !*rc )
        return img;

    if ( img != p->img )
        perfctr_handle_put(pd, handle);

    return NULL;
}

/* The VCPU is current, interrupts are off. */
int vperfctr_apply(struct vperfctr *p, struct perfctr_cpu *pc)
{
    const struct xen_perfctr_request *req = &p->page->request;
    const struct perfctr_image *img;
    uint32_t handle = ACCESS_ONCE(req->handle);
    unsigned int i;
    int rc;

    /*
     * No instruction of the guest runs between here and the end, and counters
     * without Xen's part do not count meanwhile.  Those with it start anew.
     */
    alternative_vcall(perfctr_ops.enable, pc, 0);

    /* What has overflowed until now belongs to the request that ends. */
    vperfctr_account(p, pc, NULL);
    vperfctr_settle(p, true);

    p->seq = ACCESS_ONCE(req->seq);
    p->cookie = ACCESS_ONCE(req->cookie);
    img = look_up(p, handle, p->count, &rc);

    p->revoked = false;
    p->overflow = 0;
    p->status = rc;

    if ( img )
    {
        p->refused = false;
        if ( img != p->img )
        {
            forget(p);
            alternative_vcall(perfctr_ops.program, pc, img);
            pc->dirty = img->used;
            p->img = img;
            p->handle = handle;
        }

        p->negative = 0;
        for ( i = 0; i < img->nr; i++ )
        {
            if ( img->sample & (1u << i) )
                p->base[i] = p->reload_sum[i] + perfctr_value(p->count[i]);
            else if ( p->count[i] & PERFCTR_COUNT_SIGN )
                p->negative |= 1u << i;
        }

        alternative_vcall(perfctr_ops.write, pc, img, &p->count[0]);
        p->loaded_cpu = smp_processor_id();
        p->loaded_nr = ++pc->loaded_nr;
        vperfctr_enable(p, pc);
        p->applies++;
    }
    else
    {
        forget(p);
        if ( rc )
        {
            p->refused = true;
            vperfctr_scrub(pc);
            p->apply_errors++;
        }
        else
            p->applies++;
    }

    vperfctr_charge(p, pc);
    vperfctr_sync_pce(p);
    vperfctr_publish(p);

    /* Taken before the first instruction in user mode. */
    if ( rc )
        send_guest_vcpu_virq(p->vcpu, XEN_PERFCTR_VIRQ);

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
