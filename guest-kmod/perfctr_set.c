// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: counter sets
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "perfctr.h"

static void pc_set_do_wake(struct irq_work *work)
{
	struct pc_set *set = container_of(work, struct pc_set, wake);

	wake_up(&set->wait);
}

/**
 * pc_set_wake() - wake who polls, soon
 * @set:	the set
 *
 * In any context: the caller may hold the run queue's lock.
 */
void pc_set_wake(struct pc_set *set)
{
	irq_work_queue(&set->wake);
}

static void pc_set_free(struct pc_set *set)
{
	irq_work_sync(&set->wake);
	pc_buffer_free(set->buffer);
	if (set->handle)
		pc_handle_put(set->handle);
	put_pid(set->tgid);
	put_pid_ns(set->ns);
	kfree(set);
	/* See pc_set_put_now() for why the rest of this is still there. */
	module_put(THIS_MODULE);
}

static void pc_set_free_work(struct work_struct *work)
{
	pc_set_free(container_of(work, struct pc_set, free));
}

/**
 * pc_set_alloc() - make an empty set
 */
struct pc_set *pc_set_alloc(void)
{
	struct pc_set *set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);

	if (!set)
		return NULL;
	__module_get(THIS_MODULE);
	kref_init(&set->ref);
	mutex_init(&set->mutex);
	spin_lock_init(&set->lock);
	INIT_LIST_HEAD(&set->threads);
	INIT_WORK(&set->free, pc_set_free_work);
	init_waitqueue_head(&set->wait);
	init_irq_work(&set->wake, pc_set_do_wake);
	set->uid = current_euid();
	set->tgid = get_task_pid(current, PIDTYPE_TGID);
	set->ns = get_pid_ns(task_active_pid_ns(current));
	return set;
}

static void pc_set_release(struct kref *ref)
{
	struct pc_set *set = container_of(ref, struct pc_set, ref);

	queue_work(pc_wq, &set->free);
}

/**
 * pc_set_put() - drop a reference, in any context
 * @set:	the set
 */
void pc_set_put(struct pc_set *set)
{
	kref_put(&set->ref, pc_set_release);
}

static void pc_set_release_now(struct kref *ref)
{
	pc_set_free(container_of(ref, struct pc_set, ref));
}

/**
 * pc_set_put_now() - drop a reference, without the way through a worker
 * @set:	the set
 *
 * Where the caller may sleep and the module stays: in its workers, for which
 * unloading waits, and in the release of a file, which has its own reference.
 */
void pc_set_put_now(struct pc_set *set)
{
	kref_put(&set->ref, pc_set_release_now);
}

/**
 * pc_set_close() - the file is gone
 * @set:	the set
 */
void pc_set_close(struct pc_set *set)
{
	struct pc_thread *t;

	spin_lock(&set->lock);
	set->closed = true;
	set->target = NULL;
	while (!list_empty(&set->threads)) {
		t = list_first_entry(&set->threads, struct pc_thread, node);
		list_del_init(&t->node);
		spin_unlock(&set->lock);
		pc_thread_close(t);
		pc_thread_put_now(t);
		spin_lock(&set->lock);
	}
	spin_unlock(&set->lock);
	pc_set_put_now(set);
}

/**
 * pc_set_may_control() - may the caller change anything?
 * @set:	the set
 *
 * A descriptor may be passed on, the right to use it is not.
 */
bool pc_set_may_control(const struct pc_set *set)
{
	return set->tgid == task_tgid(current) || perfmon_capable();
}

/**
 * pc_set_may_read() - may the caller see the counts?
 * @set:	the set
 */
int pc_set_may_read(const struct pc_set *set)
{
	return pc_set_may_control(set) || uid_eq(set->uid, current_euid()) ?
	       0 : -EPERM;
}

static int pc_set_start(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	return pc_sched_start(t, c);
}

static int pc_set_stop(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	if (t->state == PERFCTR_STATE_RUNNING)
		pc_sched_stop(t, c, PERFCTR_STATE_STOPPED);
	return 0;
}

static int pc_set_reset(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	pc_sched_reset(t, c);
	return 0;
}

/**
 * pc_set_control() - PERFCTR_IOC_START, _STOP and _RESET
 * @set:	the set
 * @cmd:	which of them
 *
 * Return: the result for the target; threads that inherited follow as they can.
 */
int pc_set_control(struct pc_set *set, unsigned int cmd)
{
	pc_thread_fn fn = cmd == PERFCTR_IOC_START ? pc_set_start :
			  cmd == PERFCTR_IOC_STOP ? pc_set_stop : pc_set_reset;
	struct pc_thread *t;
	int ret = 0, err;

	if (!pc_set_may_control(set))
		return -EPERM;
	mutex_lock(&set->mutex);
	if (!set->handle) {
		ret = -EINVAL;
		goto unlock;
	}
	spin_lock(&set->lock);
	/* A thread that is created meanwhile comes last, or copies the result */
	list_for_each_entry(t, &set->threads, node) {
		err = pc_thread_call(t, fn, NULL);
		if (t == set->target)
			ret = err;
	}
	if (cmd == PERFCTR_IOC_RESET) {
		memset(set->ended.value, 0, sizeof(set->ended.value));
		memset(set->ended.missed, 0, sizeof(set->ended.missed));
		atomic64_set(&set->buffer_lost, 0);
	}
	spin_unlock(&set->lock);
unlock:
	mutex_unlock(&set->mutex);
	return ret;
}
