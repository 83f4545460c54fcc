// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: reading counts by system call
 *
 * With the set's lock held no thread joins or leaves the sum, and each thread is
 * read on the CPU that it is on, so nothing is missed or added twice.
 */
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "perfctr.h"

static_assert(sizeof(struct perfctr_read) == 0xf8);
static_assert(offsetof(struct perfctr_read, missed) == 0x90);
static_assert(offsetof(struct perfctr_read, time_enabled) == 0x70);
static_assert(sizeof(struct perfctr_thread) == 0x98);
static_assert(offsetof(struct perfctr_thread, time_enabled) == 0x80);
static_assert(sizeof(struct perfctr_read_threads) == 0x10);

/**
 * pc_ticks_to_ns() - TSC ticks in nanoseconds, 0 when the rate is not known
 * @ticks:	how many
 */
u64 pc_ticks_to_ns(u64 ticks)
{
	return tsc_khz ? mul_u64_u64_div_u64(ticks, 1000000, tsc_khz) : 0;
}

/**
 * pc_sum_add() - add up two sums; the state stays
 * @to:		what to add to
 * @sum:	what to add
 */
void pc_sum_add(struct pc_sum *to, const struct pc_sum *sum)
{
	unsigned int i;

	for (i = 0; i < PERFCTR_MAX_COUNTERS; i++) {
		to->value[i] += sum->value[i];
		to->missed[i] += sum->missed[i];
	}
	to->enabled += sum->enabled;
	to->run += sum->run;
	to->stolen += sum->stolen;
}

static int pc_read_thread(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	pc_sched_sum(t, c, arg);
	return 0;
}

/**
 * pc_read_set() - PERFCTR_IOC_READ
 * @set:	the set
 * @read:	flags, and the answer
 */
int pc_read_set(struct pc_set *set, struct perfctr_read *read)
{
	bool target_only = read->flags & PERFCTR_READ_TARGET;
	struct pc_sum total = {}, sum;
	struct pc_thread *t;
	u32 lost, state = PERFCTR_STATE_FREE;

	if (read->size != sizeof(*read) || read->flags & ~PERFCTR_READ_TARGET)
		return -EINVAL;

	mutex_lock(&set->mutex);
	if (!set->handle) {
		mutex_unlock(&set->mutex);
		return -EINVAL;
	}
	spin_lock(&set->lock);
	lost = set->lost;
	if (!target_only)
		total = set->ended;
	list_for_each_entry(t, &set->threads, node) {
		if (target_only && t != set->target)
			continue;
		pc_thread_call(t, pc_read_thread, &sum);
		pc_sum_add(&total, &sum);
		if (pc_incomplete(sum.state))
			lost++;
		if (t == set->target)
			state = sum.state;
	}
	read->nr_threads = target_only ? 1 : set->nr_threads;
	spin_unlock(&set->lock);
	if (set->buffer && pc_buffer_flush(set->buffer))
		pc_set_wake(set);

	read->state = state;
	read->nr = set->handle->nr;
	memcpy(read->value, total.value, sizeof(read->value));
	memcpy(read->missed, total.missed, sizeof(read->missed));
	read->buffer_lost = atomic64_read(&set->buffer_lost);
	read->time_enabled = total.enabled;
	read->time_running = pc_ticks_to_ns(total.run);
	read->time_stolen = pc_ticks_to_ns(total.stolen);
	read->lost = lost;
	mutex_unlock(&set->mutex);
	return 0;
}

static int pc_read_record(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	struct perfctr_thread *r = arg;
	struct pc_sum sum;

	pc_sched_sum(t, c, &sum);
	r->state = sum.state;
	memcpy(r->value, sum.value, sizeof(r->value));
	r->time_enabled = sum.enabled;
	r->time_running = pc_ticks_to_ns(sum.run);
	r->time_stolen = pc_ticks_to_ns(sum.stolen);
	if (t->task) {
		r->tid = __task_pid_nr_ns(t->task, PIDTYPE_PID, t->set->ns);
		r->pid = __task_pid_nr_ns(t->task, PIDTYPE_TGID, t->set->ns);
		strscpy(r->comm, t->task->comm, sizeof(r->comm));
	} else {
		r->tid = t->tid;
		r->pid = t->pid;
		memcpy(r->comm, t->comm, sizeof(r->comm));
	}
	return 0;
}

/**
 * pc_read_threads() - PERFCTR_IOC_READ_THREADS
 * @set:	the set
 * @rt:		where to, and how many
 *
 * Threads that started to exist meanwhile may be left out of the array, but are
 * in the number.
 */
int pc_read_threads(struct pc_set *set, struct perfctr_read_threads *rt)
{
	struct perfctr_thread *records;
	unsigned int pass, room, nr = 0;
	struct pc_thread *t;
	u32 exist = 0;
	int ret = 0;

	if (rt->size != sizeof(*rt))
		return -EINVAL;
	mutex_lock(&set->mutex);
	spin_lock(&set->lock);
	list_for_each_entry(t, &set->threads, node)
		exist++;
	spin_unlock(&set->lock);

	/* No more than there are: the caller does not choose the allocation. */
	room = min(rt->nr, exist);
	records = kvcalloc(room, sizeof(*records), GFP_KERNEL_ACCOUNT);
	if (!records && room) {
		ret = -ENOMEM;
		goto unlock;
	}
	spin_lock(&set->lock);
	exist = 0;
	for (pass = 0; pass < 2; pass++) {
		list_for_each_entry(t, &set->threads, node) {
			/* Threads end under the set's lock. */
			if (!t->task != !pass)
				continue;
			exist++;
			if (nr < room)
				pc_thread_call(t, pc_read_record, &records[nr++]);
		}
	}
	spin_unlock(&set->lock);
	rt->nr = exist;
	if (nr && copy_to_user(u64_to_user_ptr(rt->threads), records,
			       nr * sizeof(*records)))
		ret = -EFAULT;
	kvfree(records);
unlock:
	mutex_unlock(&set->mutex);
	return ret;
}
