// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: the counters' virtual interrupt
 */
#include "perfctr.h"

/* The counters' interrupt has come while a thread was bound and applied. */
static void pc_virq_look(struct pc_thread *t, struct pc_vcpu *c,
			 const struct pc_chain *chain)
{
	const struct pc_handle *h = t->handle;
	struct pc_count n;
	unsigned int i;

	if (pc_collect(t, c, &n, chain)) {
		pc_sched_unbind(t, c);
		return;
	}
	if (h->flags & XEN_PERFCTR_CONFIG_NOTIFY)
		pc_slot_reload(t, n.reload);
	for (i = 0; i < h->nr; i++)
		if (h->counter[i].mode == PERFCTR_MODE_ACCUMULATE &&
		    (s64)n.resid[i] >= 0)
			break;
	if (i < h->nr) {
		pc_sched_unbind(t, c);
		pc_sched_bind(t, c);
	}
}

/**
 * pc_virq_handle() - Xen has something to say to this CPU
 * @c:	this CPU
 *
 * There are samples, a counter has crossed zero, a request has failed or the
 * policy has changed.  The interrupt comes before the next user instruction.
 * When it belongs to a thread that is off the CPU by now, its counts have been
 * folded, its samples collected, and what else has to be done is seen at the next
 * bind.
 */
void pc_virq_handle(struct pc_vcpu *c)
{
	const struct pc_chain *chain = NULL;
	struct pc_thread *t = c->thread;
	u32 signals = 0;

	if (!c->page || c->stale)
		return;
	pc_request_sync(c);
	if (t) {
		/*
		 * Before the lock: to let go of the address space may wake
		 * somebody up.  The thread is current and stays where it is.
		 */
		if (t->set->flags & PERFCTR_F_CALLCHAIN &&
		    c->ring_tail != pc_ring_head(c)) {
			pc_chain_walk(&c->chain, t->set->max_stack);
			chain = &c->chain;
		}
		raw_spin_lock(&t->lock);
		if (t->bound && pc_verdict(t, c) != PERFCTR_STATE_RUNNING)
			pc_sched_unbind(t, c);
		else if (pc_applied(t, c))
			pc_virq_look(t, c, chain);
		swap(signals, t->signals);
		raw_spin_unlock(&t->lock);
		pc_sample_signal(t->set, signals);
	}
	if (!t || !t->bound)
		pc_ring_drop(c);
	/* The slot says so now, but see pc_permit() for a thread that is here. */
	if ((READ_ONCE(c->page->pub.flags) & XEN_PERFCTR_PUB_REVOKED) &&
	    !(t && t->shown))
		pc_request_release(c);
}
