// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: from Xen's sample rings to the sets' buffers, and signals
 *
 * A ring is drained for the thread that is bound on its CPU, with that thread's
 * lock held.  Only records of its request are its own.  Others come from between
 * two threads: of counters that nobody owned any more, which are nobody's.
 */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <asm/msr.h>

#include "perfctr.h"

static_assert(sizeof(struct perfctr_record_sample) == 0x40);
static_assert(offsetof(struct perfctr_record_sample, chain) == 0x40);

/* How long it may take to read both clocks, and how often to try. */
#define PC_CLOCK_NS	1000
#define PC_CLOCK_TRIES	3

/* The same moment on two clocks. */
struct pc_now {
	u64 ns;
	u64 tsc;
};

/* A batch of records of a thread. */
struct pc_batch {
	struct pc_thread *t;
	struct pc_now now;
	u32 pid;
	u32 tid;
};

/*
 * The two clocks are read one after the other, and this VCPU may lose its CPU
 * between: what took long is tried again.
 */
static void pc_now_read(struct pc_now *now)
{
	unsigned int tries = PC_CLOCK_TRIES;
	u64 begin, took;

	do {
		begin = rdtsc_ordered();
		now->ns = ktime_get_mono_fast_ns();
		took = rdtsc_ordered() - begin;
		now->tsc = begin + took / 2;
	} while (pc_ticks_to_ns(took) > PC_CLOCK_NS && --tries);
}

static void pc_batch_init(struct pc_batch *batch, struct pc_thread *t)
{
	batch->t = t;
	pc_now_read(&batch->now);
	batch->pid = __task_pid_nr_ns(t->task, PIDTYPE_TGID, t->set->ns);
	batch->tid = __task_pid_nr_ns(t->task, PIDTYPE_PID, t->set->ns);
}

/* A thread's samples are in order, whatever the clocks do from batch to batch. */
static u64 pc_sample_time(const struct pc_batch *batch, u64 tsc)
{
	const struct pc_now *now = &batch->now;
	s64 ago = now->tsc - tsc;
	u64 time = now->ns;

	if (ago > 0)
		time -= min(pc_ticks_to_ns(ago), time);
	batch->t->time = max(batch->t->time, time);
	return batch->t->time;
}

/* Where the kernel or Xen is, is for those who may count them. */
static u64 pc_sample_ip(const struct pc_set *set,
			const struct xen_perfctr_sample *s)
{
	return s->mode == XEN_PERFCTR_IN_USER || set->privileged ? s->ip : 0;
}

static bool pc_sample_put(const struct pc_batch *batch,
			  const struct xen_perfctr_sample *s,
			  const struct pc_chain *chain)
{
	const struct pc_thread *t = batch->t;
	u32 counters = s->counters & GENMASK(t->handle->nr - 1, 0);
	struct perfctr_record_sample r = {
		.record.type = PERFCTR_RECORD_SAMPLE,
		.record.mode = s->mode,
		.ip = pc_sample_ip(t->set, s),
		.time = pc_sample_time(batch, s->tsc),
		.pid = batch->pid,
		.tid = batch->tid,
		.cpu = smp_processor_id(),
		.counters = counters,
		.flags = s->flags & PERFCTR_SAMPLE_ENTERED,
	};
	unsigned int first;

	if (counters) {
		first = __ffs(counters);
		r.period = t->handle->counter[first].period;
		r.count = t->saved[first] + s->count;
	}
	/* The walk saw the thread where it is now: not an older sample's place. */
	if (chain && (s->mode != XEN_PERFCTR_IN_USER || s->ip == chain->ip))
		r.nr_chain = min(chain->nr, t->set->max_stack);
	r.record.size = sizeof(r) + r.nr_chain * sizeof(u64);
	return pc_buffer_put(t->set->buffer, &r, sizeof(r),
			     chain ? chain->entry : NULL,
			     r.nr_chain * sizeof(u64));
}

/* Tell of overflows without a record, each once. */
static void pc_sample_missed(const struct pc_batch *batch,
			     const struct pc_count *n)
{
	struct pc_thread *t = batch->t;
	unsigned int i;

	for (i = 0; i < t->handle->nr; i++) {
		struct perfctr_record_lost r = {
			.record.type = PERFCTR_RECORD_LOST,
			.record.size = sizeof(r),
			.lost = n->missed[i] - t->told[i],
			.time = max(t->time, batch->now.ns),
			.pid = batch->pid,
			.tid = batch->tid,
			.counter = i,
			.why = PERFCTR_LOST_RATE,
		};

		/* When there is no room, the next one tells of these as well. */
		if ((s64)r.lost > 0 &&
		    pc_buffer_put(t->set->buffer, &r, sizeof(r), NULL, 0))
			t->told[i] = n->missed[i];
	}
}

static bool pc_sample_untold(const struct pc_thread *t,
			     const struct pc_count *n)
{
	unsigned int i;

	for (i = 0; i < t->handle->nr; i++)
		if ((s64)(n->missed[i] - t->told[i]) > 0)
			return true;
	return false;
}

/**
 * pc_sample_drain() - bring a thread's samples from the ring into its buffer
 * @t:		the thread, bound on this CPU
 * @c:		this CPU
 * @n:		its counts: what is in the ring after them stays there
 * @chain:	its call chain now, or NULL when that is not known
 */
void pc_sample_drain(struct pc_thread *t, struct pc_vcpu *c,
		     const struct pc_count *n, const struct pc_chain *chain)
{
	struct pc_set *set = t->set;
	struct pc_buffer *b = set->buffer;
	const struct xen_perfctr_sample *s;
	struct pc_batch batch;

	if (c->ring_tail == n->head && !(b && pc_sample_untold(t, n)))
		return;
	pc_batch_init(&batch, t);
	if (b)
		pc_buffer_begin(b);
	while ((s = pc_ring_next(c, n->head))) {
		if (s->cookie != t->id || s->seq != t->seq) {
			c->strays++;
			continue;
		}
		if (set->signal)
			t->signals |= s->counters;
		if (!b || !pc_sample_put(&batch, s, chain)) {
			atomic64_inc(&set->buffer_lost);
			if (b)
				pc_buffer_lose(b);
		}
	}
	pc_ring_consumed(c);
	if (!b)
		return;
	pc_sample_missed(&batch, n);
	if (pc_buffer_end(b))
		pc_set_wake(set);
}

/**
 * pc_sample_signal() - tell the current thread that it was sampled
 * @set:	whose thread it is
 * @counters:	that overflowed, 0: none
 *
 * Without any lock of ours.  Only the process that asked for the signal, and not
 * when it has become another program, which may not expect it.
 */
void pc_sample_signal(const struct pc_set *set, u32 counters)
{
	struct kernel_siginfo info;

	if (!counters || task_tgid(current) != set->tgid ||
	    pc_sched_mm() != set->mm)
		return;
	clear_siginfo(&info);
	info.si_signo = set->signal;
	info.si_code = PERFCTR_SI_OVERFLOW;
	info.si_pid = task_tgid_vnr(current);
	info.si_uid = from_kuid_munged(current_user_ns(), current_uid());
	info.si_int = counters;
	/* No memory, or too many pending: it is one sample's notice less. */
	send_sig_info(set->signal, &info, current);
}
