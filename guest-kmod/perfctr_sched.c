// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: thread switches, and the counters' interrupt
 */
#include "perfctr.h"

/* The counters' interrupt has come while a thread was bound and applied. */
static void pc_sched_look(struct pc_thread *t, struct pc_vcpu *c,
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
 * pc_sched_virq() - Xen has something to say to this CPU
 * @c:	this CPU
 *
 * There are samples, a counter has crossed zero, a request has failed or the
 * policy has changed.  The interrupt comes before the next user instruction.
 * When it belongs to a thread that is off the CPU by now, its counts have been
 * folded, its samples collected, and what else has to be done is seen at the next
 * bind.
 */
void pc_sched_virq(struct pc_vcpu *c)
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
			pc_sched_look(t, c, chain);
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

static void pc_sched_in(struct preempt_notifier *pn, int cpu)
{
	struct pc_thread *t = container_of(pn, struct pc_thread, pn);
	struct pc_vcpu *c;
	unsigned long flags;
	u32 signals = 0;

	local_irq_save(flags);
	c = this_cpu_ptr(&pc_vcpus);
	/* Xen keeps a page that it refuses to know: it is lost, as are counts */
	if (unlikely(c->stale) && pc_vcpu_register(c, cpu))
		c->page = NULL;
	raw_spin_lock(&t->lock);
	WRITE_ONCE(t->cpu, cpu);
	c->thread = t;
	pc_sched_bind(t, c);
	pc_request_expel(c, pc_sched_mm());
	/* For samples that the switch has collected before their interrupt. */
	swap(signals, t->signals);
	raw_spin_unlock(&t->lock);
	local_irq_restore(flags);
	pc_sample_signal(t->set, signals);
}

/*
 * May the hardware stay as it is until the next thread's notifier looks at it?
 * Only if that thread has one, which will also see to it when it leaves.  The
 * next thread's list of notifiers is written by itself alone, and it does not
 * run.  Where a request costs a hypercall the thread of another process is left
 * to its notifier too: one request then does for the whole switch.
 */
static bool pc_may_stay(const struct pc_vcpu *c, const struct task_struct *next)
{
	const struct preempt_notifier *pn;

	if (pc_fast && !c->req.samples)
		return true;
	if (!next->mm || (next->mm != current->mm && pc_iret_apply()))
		return false;
	hlist_for_each_entry(pn, &next->preempt_notifiers, link)
		if (pn->ops == &pc_sched_ops)
			return true;
	return false;
}

static void pc_sched_out(struct preempt_notifier *pn, struct task_struct *next)
{
	struct pc_thread *t = container_of(pn, struct pc_thread, pn);
	struct pc_vcpu *c = this_cpu_ptr(&pc_vcpus);

	raw_spin_lock(&t->lock);
	pc_sched_unbind(t, c);
	c->thread = NULL;
	WRITE_ONCE(t->cpu, -1);
	raw_spin_unlock(&t->lock);
	pc_request_quiet(c);
	if (!pc_may_stay(c, next))
		pc_request_release(c);
}

struct preempt_ops pc_sched_ops = {
	.sched_in = pc_sched_in,
	.sched_out = pc_sched_out,
};
