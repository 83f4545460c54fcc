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
 * Returns false when the record is lost.  *alert is set when the guest should
 * be told to consume: the ring has become half full, or is full and nothing
 * has been consumed since the guest was told last, or it was not told.
 */
bool vperfctr_record(struct vperfctr *p, const struct xen_perfctr_sample *rec,
                     bool *alert)
{
    uint32_t size = p->ring.nr * XEN_PERFCTR_RECORDS_PER_PAGE, tail, used;

    if ( !size )
        return false;

    tail = ACCESS_ONCE(p->page->ring_tail);
    used = p->ring.head - tail;

    if ( used >= size )
    {
        p->ring.full++;
        *alert = !p->ring.alerted || p->ring.alert_tail != tail;
    }
    else
    {
        uint32_t head = p->ring.head;

        p->ring.page[(head / XEN_PERFCTR_RECORDS_PER_PAGE) % p->ring.nr]
                    [head % XEN_PERFCTR_RECORDS_PER_PAGE] = *rec;
        /* The record before the head, which is published by our caller. */
        smp_wmb();
        p->ring.head++;
        *alert = used + 1 == size / 2;
    }

    if ( *alert )
    {
        p->ring.alerted = true;
        p->ring.alert_tail = tail;
    }

    return used < size;
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
