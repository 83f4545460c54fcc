/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.c
 *
 * Append to a VCPU's sample ring.
 *
 * Racing agents: the guest can write to all of it at any time, from another
 * VCPU too.  Xen has the ring's place, size and head of its own, and reads
 * back nothing but the tail, once.  With a tail that was tampered with the
 * guest loses samples or overwrites its own; no index is made from it.
 */

#include "private.h"

/*
 * Returns where the caller is to write the record before it publishes the head,
 * or NULL when it is lost.  *alert is set when the guest should be told to
 * consume: the ring has become half full, or is full and nothing has been
 * consumed since the guest was told last, or it was not told.
 */
struct xen_perfctr_sample *vperfctr_record(struct vperfctr *p, bool *alert)
{
    uint32_t size = p->ring.nr * XEN_PERFCTR_RECORDS_PER_PAGE, tail, used;
    struct xen_perfctr_sample *rec = NULL;

    if ( !size )
        return NULL;

    tail = ACCESS_ONCE(p->page->ring_tail);
    used = p->ring.head - tail;

    if ( used >= size )
    {
        p->ring.full++;
        *alert = !p->ring.alerted || p->ring.alert_tail != tail;
    }
    else
    {
        uint32_t head = p->ring.head++;

        /* There are 2^n pages. */
        rec = &p->ring.page[(head / XEN_PERFCTR_RECORDS_PER_PAGE) &
                            (p->ring.nr - 1)]
                           [head % XEN_PERFCTR_RECORDS_PER_PAGE];
        *alert = used + 1 == size / 2;
    }

    if ( *alert )
    {
        p->ring.alerted = true;
        p->ring.alert_tail = tail;
    }

    return rec;
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
