// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: start, stop, reset and read one thread's counts
 *
 * As in perfctr_bind.c: interrupts off, the thread's lock held.  A thread that is
 * off the CPU is changed in memory only.
 */
#include <linux/sched/clock.h>
#include <linux/string.h>
#include <asm/msr.h>

#include "perfctr.h"

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
		sum->run += rdtsc_ordered();
		sum->stolen += READ_ONCE(c->time->stolen);
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
