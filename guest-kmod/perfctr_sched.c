// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: thread switches
 *
 * Folding adds what the hardware counted to a thread's saved counts, binding
 * makes its slot agree with the hardware again:
 *
 *   fold     saved = base + sext(rdpmc)	if Xen has applied the request that
 *            the base belongs to; before that the thread has not been in user
 *            mode, nothing was counted for it, and saved stands as it is
 *   bind     base = saved - sext(rdpmc)	if the hardware counts the wanted
 *            configuration already: no request, no hypercall
 *            base = saved - start		otherwise, with a request
 *
 * What Xen has taken off a sampling counter since the bind comes on top of both,
 * see perfctr_count.c.  Such a counter always starts where it stopped.
 *
 * Counters of user mode alone stand still in the guest's kernel, so nothing can
 * be lost or counted twice between the two; those that count the kernel too
 * give the instructions between the two to nobody.
 *
 * All functions run with interrupts off and the thread's lock held.  Who races:
 * a reader or controller of the thread on another CPU.  It takes the same lock;
 * while the thread is on a CPU it works in an interrupt on that CPU.
 */
#include <linux/mm_types.h>
#include <linux/sched/clock.h>
#include <linux/string.h>
#include <asm/msr.h>

#include "perfctr.h"

/**
 * pc_sched_mm() - the current address space's id, never reused
 */
u64 pc_sched_mm(void)
{
	return current->mm ? current->mm->context.ctx_id : 0;
}

/* Is the hardware counting what the thread's base belongs to? */
static bool pc_applied(const struct pc_thread *t, struct pc_vcpu *c)
{
	pc_request_sync(c);
	return t->bound && c->hw.seq == t->seq &&
	       READ_ONCE(c->page->pub.applied_handle) == t->handle->handle;
}

/* The counts of a bound thread now, and its samples up to now. */
static int pc_collect(struct pc_thread *t, struct pc_vcpu *c,
		      struct pc_count *n, const struct pc_chain *chain)
{
	int ret = pc_count(t, c, n);

	if (!ret && t->handle->sampling)
		pc_sample_drain(t, c, n, chain);
	return ret;
}

/* What became of the request, if the thread must not count any more. */
static u32 pc_verdict(const struct pc_thread *t, const struct pc_vcpu *c)
{
	const struct xen_perfctr_published *pub = &c->page->pub;

	if (!t->bound || c->hw.seq != t->seq)
		return PERFCTR_STATE_RUNNING;
	if (READ_ONCE(pub->flags) & XEN_PERFCTR_PUB_REVOKED)
		return PERFCTR_STATE_REVOKED;
	switch (READ_ONCE(pub->status)) {
	case 0:
		return PERFCTR_STATE_RUNNING;
	case -EACCES:
	case -EPERM:
	case -ENODEV:
		return PERFCTR_STATE_REVOKED;
	default:
		return PERFCTR_STATE_LOST;
	}
}

static void pc_time_in(struct pc_thread *t, const struct pc_vcpu *c)
{
	t->stolen_at = READ_ONCE(c->time->stolen);
	t->run_at = rdtsc_ordered();
}

static void pc_time_out(struct pc_thread *t, const struct pc_vcpu *c)
{
	t->run += rdtsc_ordered() - t->run_at;
	t->stolen += READ_ONCE(c->time->stolen) - t->stolen_at;
}

static void pc_set_state(struct pc_thread *t, u32 state)
{
	u64 now = local_clock();

	if (t->state == PERFCTR_STATE_RUNNING)
		t->enabled += now - t->enabled_at;
	if (state == PERFCTR_STATE_RUNNING)
		t->enabled_at = now;
	t->state = state;
}

/* Take the raw counters as they are; false if that cannot be done. */
static bool pc_take_over(struct pc_thread *t, struct pc_vcpu *c)
{
	const struct pc_handle *h = t->handle;
	unsigned int i;
	u64 raw;

	for (i = 0; i < h->nr; i++) {
		if (pc_rdpmc(h->counter[i].rdpmc, &raw))
			return false;
		/* Past zero: nobody would be told before it wraps. */
		if ((s64)raw >= 0)
			return false;
		t->base[i] = t->saved[i] - raw;
	}
	pc_request_withdraw(c);
	t->seq = c->hw.seq;
	return true;
}

static void pc_start_over(struct pc_thread *t, struct pc_vcpu *c, u64 mm)
{
	const struct pc_handle *h = t->handle;
	u64 start[PERFCTR_MAX_COUNTERS];
	unsigned int i;

	if (h->sampling) {
		pc_request_quiet(c);
		pc_ring_drop(c);
	}
	for (i = 0; i < h->nr; i++) {
		if (h->counter[i].mode == PERFCTR_MODE_SAMPLE) {
			start[i] = t->resid[i];
			t->reload[i] = READ_ONCE(c->page->pub.reload_sum[i]);
			t->missed_at[i] = READ_ONCE(c->page->pub.missed[i]);
		} else {
			start[i] = pc_start_value();
		}
		t->base[i] = t->saved[i] - start[i];
	}
	pc_request_write(c, h, start, t->id, mm);
	t->seq = c->req.seq;
	if (h->at_once || !pc_iret_apply())
		pc_request_apply(c);
}

/*
 * Let a thread that does not count any more use RDPMC all the same.  It may
 * stand between its load of an index, from when it did count, and its RDPMC,
 * which must not fault; the epoch makes it throw the value away.  What it sees
 * is what a counting thread of its process sees, or zeros if Xen refuses.  Should
 * the configuration sample, then that for nobody: the cookie is no thread's.
 */
static void pc_permit(struct pc_thread *t, struct pc_vcpu *c)
{
	const struct pc_handle *h = t->handle;
	u64 start[PERFCTR_MAX_COUNTERS];
	u64 mm = pc_sched_mm();
	unsigned int i;

	if (!c->page)
		return;
	pc_request_sync(c);
	if (!t->shown || !h->handle) {
		/* Nobody wants the samples of another thread's request. */
		if (c->req.samples)
			pc_request_release(c);
		return;
	}
	if (pc_request_holds(c, h, mm)) {
		pc_request_withdraw(c);
		return;
	}
	for (i = 0; i < h->nr; i++)
		start[i] = h->counter[i].mode == PERFCTR_MODE_SAMPLE ?
			   -h->counter[i].period : pc_start_value();
	pc_request_write(c, h, start, 0, mm);
	if (!pc_iret_apply())
		pc_request_apply(c);
}

/**
 * pc_sched_bind() - make a thread that is to count do so on this CPU
 * @t:	the thread, current
 * @c:	this CPU
 */
void pc_sched_bind(struct pc_thread *t, struct pc_vcpu *c)
{
	const struct pc_handle *h = t->handle;
	u64 mm = pc_sched_mm();
	u32 state;

	if (t->state != PERFCTR_STATE_RUNNING) {
		pc_permit(t, c);
		return;
	}
	if (!c->page || !h->handle) {
		pc_sched_stop(t, c, PERFCTR_STATE_LOST);
		return;
	}

	pc_request_sync(c);
	if (h->sampling || !pc_request_holds(c, h, mm) ||
	    !pc_take_over(t, c))
		pc_start_over(t, c, mm);
	t->bound = true;
	pc_time_in(t, c);

	state = pc_verdict(t, c);
	if (state != PERFCTR_STATE_RUNNING)
		pc_sched_stop(t, c, state);
	else
		pc_slot_live(t, c);
}

/**
 * pc_sched_unbind() - fold a thread's counts, and collect its samples
 * @t:	the thread, on this CPU
 * @c:	this CPU
 *
 * The hardware is left as it is.
 */
void pc_sched_unbind(struct pc_thread *t, struct pc_vcpu *c)
{
	const struct pc_handle *h = t->handle;
	u32 state = PERFCTR_STATE_RUNNING;
	struct pc_count n;
	unsigned int i;

	if (!t->bound)
		return;
	if (pc_applied(t, c)) {
		if (pc_collect(t, c, &n, NULL)) {
			state = PERFCTR_STATE_LOST;
		} else {
			for (i = 0; i < h->nr; i++) {
				t->saved[i] = n.value[i];
				t->resid[i] = n.resid[i];
				t->missed[i] = n.missed[i];
			}
		}
	}
	if (state == PERFCTR_STATE_RUNNING)
		state = pc_verdict(t, c);
	pc_time_out(t, c);
	t->bound = false;
	if (state != PERFCTR_STATE_RUNNING) {
		pc_set_state(t, state);
		pc_slot_idle(t);
	}
}

/**
 * pc_sched_start() - start counting
 * @t:	the thread
 * @c:	the CPU that it is on, or NULL
 *
 * Return: 0, -EIO when its counts are lost, -EACCES when it must not count,
 * -ESRCH when it has ended.
 */
int pc_sched_start(struct pc_thread *t, struct pc_vcpu *c)
{
	switch (t->state) {
	case PERFCTR_STATE_RUNNING:
		return 0;
	case PERFCTR_STATE_STOPPED:
	case PERFCTR_STATE_REVOKED:
		/* Dropped for good when it executed a privileged program. */
		if (t->dead)
			return -EACCES;
		break;
	case PERFCTR_STATE_LOST:
		return -EIO;
	default:
		return -ESRCH;
	}
	pc_set_state(t, PERFCTR_STATE_RUNNING);
	if (c)
		pc_sched_bind(t, c);
	else
		pc_slot_idle(t);
	return 0;
}

/**
 * pc_sched_stop() - stop counting
 * @t:		the thread
 * @c:		the CPU that it is on, or NULL
 * @state:	why
 *
 * The hardware is left to the next thread, or to pc_request_release().
 */
void pc_sched_stop(struct pc_thread *t, struct pc_vcpu *c, u32 state)
{
	if (c)
		pc_sched_unbind(t, c);
	/* What has failed meanwhile has failed. */
	if (state != PERFCTR_STATE_STOPPED ||
	    t->state == PERFCTR_STATE_RUNNING)
		pc_set_state(t, state);
	pc_slot_idle(t);
	/* Xen would go on taking samples of a thread that none are wanted of. */
	if (c && t->handle->sampling && !t->shown)
		pc_request_release(c);
}

/**
 * pc_sched_reset() - set the counts to zero; times go on
 * @t:	the thread
 * @c:	the CPU that it is on, or NULL
 *
 * Counts that were lost are good again.
 */
void pc_sched_reset(struct pc_thread *t, struct pc_vcpu *c)
{
	const struct pc_handle *h = t->handle;
	unsigned int i;

	if (c)
		pc_sched_unbind(t, c);
	for (i = 0; i < h->nr; i++) {
		t->saved[i] = 0;
		t->resid[i] = -h->counter[i].period;
		t->missed[i] = 0;
		t->told[i] = 0;
	}
	if (t->state == PERFCTR_STATE_LOST)
		t->state = PERFCTR_STATE_STOPPED;
	if (c && t->state == PERFCTR_STATE_RUNNING)
		pc_sched_bind(t, c);
	else
		pc_slot_idle(t);
}

/**
 * pc_sched_sum() - what has been counted up to now
 * @t:		the thread
 * @c:		the CPU that it is on, or NULL
 * @sum:	the answer
 */
void pc_sched_sum(struct pc_thread *t, struct pc_vcpu *c, struct pc_sum *sum)
{
	struct pc_count n;

	memcpy(sum->value, t->saved, sizeof(sum->value));
	memcpy(sum->missed, t->missed, sizeof(sum->missed));
	sum->enabled = t->enabled;
	sum->run = t->run;
	sum->stolen = t->stolen;
	if (c && t->bound) {
		if (pc_applied(t, c)) {
			size_t size = t->handle->nr * sizeof(u64);

			if (pc_collect(t, c, &n, NULL)) {
				pc_sched_stop(t, c, PERFCTR_STATE_LOST);
			} else {
				memcpy(sum->value, n.value, size);
				memcpy(sum->missed, n.missed, size);
			}
		}
		sum->run += rdtsc_ordered() - t->run_at;
		sum->stolen += READ_ONCE(c->time->stolen) - t->stolen_at;
	}
	if (t->state == PERFCTR_STATE_RUNNING)
		sum->enabled += local_clock() - t->enabled_at;
	sum->state = t->state;
}

/**
 * pc_sched_move() - go on with another configuration
 * @t:	the thread
 * @c:	the CPU that it is on, or NULL
 * @h:	the same counters, with other periods
 *
 * The next sample of a counter comes when it would have come, or a new period
 * from now if that is earlier.
 */
void pc_sched_move(struct pc_thread *t, struct pc_vcpu *c,
		   const struct pc_handle *h)
{
	unsigned int i;

	if (c)
		pc_sched_unbind(t, c);
	t->handle = h;
	for (i = 0; i < h->nr; i++) {
		s64 least = -h->counter[i].period;

		if (h->counter[i].mode == PERFCTR_MODE_SAMPLE &&
		    (s64)t->resid[i] < least)
			t->resid[i] = least;
	}
	if (c)
		pc_sched_bind(t, c);
}

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
