// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: thread switches
 *
 * Most switches between counted threads are between two of one process that count
 * the same, in user mode.  Then nothing has to be asked of Xen, and the counters
 * stand still from the last user instruction of the one to the first of the other:
 * they are read once, when the first leaves, which binds the other as well.
 *
 *	leaves	saved = base + raw
 *	comes	base = offset = saved - raw
 *
 * Everything else takes the long way: the one that leaves is unbound, and the one
 * that comes bound when it is there, see perfctr_bind.c.
 */
#include <asm/msr.h>

#include "perfctr.h"

/*
 * Could @t hand over to the next thread?  If that belongs to the same process and
 * counts the same; *@to is its context then.  Its list of notifiers is written by
 * itself alone, and it does not run.  Its configuration may be changed meanwhile,
 * but only to one that samples from one that samples, which are never handed over.
 */
static __always_inline bool pc_hand_to(const struct pc_thread *t,
				       const struct task_struct *next,
				       struct pc_thread **to)
{
	const struct hlist_node *first = READ_ONCE(next->preempt_notifiers.first);
	struct preempt_notifier *pn;

	if (!first || (next->mm != current->mm && !pc_fast))
		return false;
	/* One behind the notifier of somebody else takes the long way. */
	pn = hlist_entry(first, struct preempt_notifier, link);
	*to = container_of(pn, struct pc_thread, pn);
	return pn->ops == &pc_sched_ops && (*to)->handle == t->handle;
}

/*
 * Fold the counts of @t, bind @to.  False if that cannot be done; what has been
 * changed then the long way will change: saved counts of @t, offsets of @to.
 *
 * Who races, with interrupts off on this CPU:
 *
 *   - who works on @to, from another CPU as it is off its own: takes the lock;
 *   - who wants to work on @t: the thread is on this CPU until t->cpu is -1, so
 *     must come here by an interrupt, and comes when it has gone;
 *   - Xen.  Whatever it does to a VCPU's counters but to switch it, which changes no
 *     value, it publishes, and then the page's version is another one.  It may
 *     do so right behind the look at the version, and raises the VIRQ; that is
 *     taken when @to is on the CPU, and finds it bound.  An overflow that has not
 *     been noticed shows in the value, which is not below zero any more.
 *
 * What the module asks of Xen goes through pc_request_write(), where the page
 * stops being steady.
 */
static __always_inline bool pc_hand_over(struct pc_thread *t, struct pc_vcpu *c,
					 struct pc_thread *to)
{
	struct perfctr_slot *s = to->slot;
	u64 lo, hi, base, run, stolen, all = pc_sign;
	unsigned long i;

	if (to->indexed != pc_indexed)
		return false;
	i = s->nr;
	do {
		i--;
		/* As pc_rdpmc(), but a fault gives 0, which is not below zero. */
		asm volatile("1: rdpmc\n"
			     "2:\n"
			     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_ZERO_REG,
						   %k[hi])
			     : "=a" (lo), [hi] "=d" (hi)
			     : "c" (s->counter[i].index));
		lo |= hi << 32;
		all &= lo;
		lo |= -pc_sign;
		base = to->saved[i] - lo;
		to->base[i] = base;
		s->counter[i].offset = base;
		t->saved[i] = t->base[i] + lo;
	} while (i);
	if (unlikely(!all))
		return false;

	/* The switch itself is the second thread's; a few cycles do not matter. */
	run = rdtsc();
	stolen = READ_ONCE(c->time->stolen);
	t->run += run;
	t->stolen += stolen;
	run = to->run - run;
	stolen = to->stolen - stolen;
	to->run = run;
	to->stolen = stolen;
	pc_slot_time(s, run - stolen, c->time_record);
	pc_slot_bump(s);
	to->seq = t->seq;
	to->bound = true;
	WRITE_ONCE(to->cpu, t->cpu);
	c->thread = to;
	t->bound = false;
	smp_store_release(&t->cpu, -1);
	return true;
}

/*
 * May the hardware stay as it is until the next thread's notifier looks at it?
 * Only if that thread has one, which will also see to it when it leaves.  Where a
 * request costs a hypercall the thread of another process is left to its notifier
 * too: one request then does for the whole switch.
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

static noinline void pc_sched_out_slow(struct pc_thread *t, struct pc_vcpu *c,
				       const struct task_struct *next)
{
	raw_spin_lock(&t->lock);
	pc_sched_unbind(t, c);
	c->thread = NULL;
	WRITE_ONCE(t->cpu, -1);
	raw_spin_unlock(&t->lock);
	pc_request_quiet(c);
	if (!pc_may_stay(c, next))
		pc_request_release(c);
}

static void pc_sched_out(struct preempt_notifier *pn, struct task_struct *next)
{
	struct pc_thread *t = container_of(pn, struct pc_thread, pn);
	struct pc_vcpu *c = this_cpu_ptr(&pc_vcpus);
	struct pc_thread *to;
	bool done;

	/* Bound, so there is a page; steady, so the request is applied. */
	if (unlikely(!t->bound || READ_ONCE(c->page->pub.version) != c->steady))
		goto slow;
	if (unlikely(!pc_hand_to(t, next, &to)))
		goto slow;
	raw_spin_lock(&to->lock);
	done = pc_hand_over(t, c, to);
	raw_spin_unlock(&to->lock);
	if (likely(done))
		return;
slow:
	pc_sched_out_slow(t, c, next);
}

static noinline void pc_sched_in_slow(struct pc_thread *t)
{
	struct pc_vcpu *c;
	unsigned long flags;
	u32 signals = 0;

	local_irq_save(flags);
	c = this_cpu_ptr(&pc_vcpus);
	/* Xen keeps a page that it refuses to know: it is lost, as are counts */
	if (unlikely(c->stale) && pc_vcpu_register(c, smp_processor_id()))
		c->page = NULL;
	raw_spin_lock(&t->lock);
	WRITE_ONCE(t->cpu, smp_processor_id());
	c->thread = t;
	pc_sched_bind(t, c);
	pc_request_expel(c, pc_sched_mm());
	/* For samples that the switch has collected before their interrupt. */
	swap(signals, t->signals);
	raw_spin_unlock(&t->lock);
	local_irq_restore(flags);
	pc_sample_signal(t->set, signals);
}

static void pc_sched_in(struct preempt_notifier *pn, int cpu)
{
	struct pc_thread *t = container_of(pn, struct pc_thread, pn);

	/* It has been bound by the thread before it, unless: */
	if (unlikely(this_cpu_read(pc_vcpus.thread) != t))
		pc_sched_in_slow(t);
}

struct preempt_ops pc_sched_ops = {
	.sched_in = pc_sched_in,
	.sched_out = pc_sched_out,
};
