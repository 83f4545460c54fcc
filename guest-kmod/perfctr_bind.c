// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: a thread and the counters of the CPU that it is on
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
#include <asm/msr.h>

#include "perfctr.h"

/**
 * pc_sched_mm() - the current address space's id, never reused
 */
u64 pc_sched_mm(void)
{
	return current->mm ? current->mm->context.ctx_id : 0;
}

/**
 * pc_applied() - is the hardware counting what a thread's base belongs to?
 * @t:	the thread
 * @c:	this CPU
 */
bool pc_applied(const struct pc_thread *t, struct pc_vcpu *c)
{
	pc_request_sync(c);
	return t->bound && c->hw.seq == t->seq &&
	       READ_ONCE(c->page->pub.applied_handle) == t->handle->handle;
}

/**
 * pc_collect() - the counts of a bound thread now, and its samples up to now
 * @t:		the thread
 * @c:		this CPU
 * @n:		the counts
 * @chain:	of its interrupted user code, for the samples, or NULL
 *
 * Return: 0, or -EFAULT when there are no such counters.
 */
int pc_collect(struct pc_thread *t, struct pc_vcpu *c,
		      struct pc_count *n, const struct pc_chain *chain)
{
	int ret = pc_count(t, c, n);

	if (!ret && t->handle->sampling)
		pc_sample_drain(t, c, n, chain);
	return ret;
}

/**
 * pc_verdict() - what became of a thread's request
 * @t:	the thread
 * @c:	this CPU
 *
 * Return: the state that it must go to, if not RUNNING.
 */
u32 pc_verdict(const struct pc_thread *t, const struct pc_vcpu *c)
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
	t->stolen -= READ_ONCE(c->time->stolen);
	t->run -= rdtsc_ordered();
}

static void pc_time_out(struct pc_thread *t, const struct pc_vcpu *c)
{
	t->run += rdtsc_ordered();
	t->stolen += READ_ONCE(c->time->stolen);
}

/**
 * pc_set_state() - change a thread's state, and note the time
 * @t:		the thread
 * @state:	the new one
 */
void pc_set_state(struct pc_thread *t, u32 state)
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
			pc_request_steady(c, h);
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
