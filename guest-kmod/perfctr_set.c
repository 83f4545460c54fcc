// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: counter sets
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "perfctr.h"

static void pc_set_free(struct work_struct *work)
{
	struct pc_set *set = container_of(work, struct pc_set, free);

	if (set->handle)
		pc_handle_put(set->handle);
	put_pid(set->tgid);
	put_pid_ns(set->ns);
	kfree(set);
	/* Unloading waits for the queue, and so for the rest of this. */
	module_put(THIS_MODULE);
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
	INIT_WORK(&set->free, pc_set_free);
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
		pc_thread_put(t);
		spin_lock(&set->lock);
	}
	spin_unlock(&set->lock);
	pc_set_put(set);
}

/* A descriptor may be passed on, the right to use it is not. */
static bool pc_set_may_control(const struct pc_set *set)
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

static int pc_config_check(struct perfctr_config *config)
{
	const u32 flags = PERFCTR_F_INHERIT | PERFCTR_F_ENABLE_ON_EXEC |
			  PERFCTR_F_PER_THREAD;
	unsigned int i;

	config->bad_counter = 0;
	if (config->size != sizeof(*config)) {
		config->bad_field = XEN_PERFCTR_BAD_SIZE;
		return -EINVAL;
	}
	if (config->flags & ~flags) {
		config->bad_field = XEN_PERFCTR_BAD_FLAGS;
		return -EINVAL;
	}
	if (!config->nr || config->nr > PERFCTR_MAX_COUNTERS) {
		config->bad_field = XEN_PERFCTR_BAD_NR;
		return -EINVAL;
	}
	for (i = 0; i < config->nr; i++) {
		const struct perfctr_counter *uc = &config->counter[i];

		config->bad_counter = i;
		if (uc->zero) {
			config->bad_field = XEN_PERFCTR_BAD_ZERO;
			return -EINVAL;
		}
		if (uc->domain & ~PERFCTR_DOM_USER && !perfmon_capable()) {
			config->bad_field = XEN_PERFCTR_BAD_DOMAIN;
			return -EACCES;
		}
	}
	config->bad_counter = 0;
	config->bad_field = XEN_PERFCTR_BAD_NONE;
	return 0;
}

/* The thread to count, with a reference. */
static struct task_struct *pc_set_find_target(pid_t nr)
{
	struct task_struct *task, *tracer;
	struct pid *pid;
	bool allowed;

	if (!nr)
		return get_task_struct(current);
	pid = find_get_pid(nr);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	if (!task)
		return ERR_PTR(-ESRCH);
	if (task->flags & (PF_KTHREAD | PF_IO_WORKER)) {
		put_task_struct(task);
		return ERR_PTR(-EPERM);
	}

	/* A tracer may come and go; it did trace the thread at this moment. */
	rcu_read_lock();
	tracer = ptrace_parent(task);
	allowed = same_thread_group(task, current) ||
		  (tracer && same_thread_group(tracer, current));
	rcu_read_unlock();
	if (!allowed && !perfmon_capable()) {
		put_task_struct(task);
		return ERR_PTR(-EPERM);
	}
	return task;
}

/**
 * pc_set_configure() - PERFCTR_IOC_CONFIGURE
 * @set:	the set
 * @config:	what and whom to count; the offending part comes back
 */
int pc_set_configure(struct pc_set *set, struct perfctr_config *config)
{
	struct task_struct *task;
	struct pc_thread *t;
	int ret;

	ret = pc_config_check(config);
	if (ret)
		return ret;
	if (!pc_set_may_control(set))
		return -EPERM;
	task = pc_set_find_target(config->pid);
	if (IS_ERR(task))
		return PTR_ERR(task);

	mutex_lock(&set->mutex);
	ret = -EBUSY;
	if (set->handle)
		goto unlock;
	set->privileged = perfmon_capable();
	set->flags = config->flags;
	set->handle = pc_handle_get(config);
	if (IS_ERR(set->handle)) {
		ret = PTR_ERR(set->handle);
		set->handle = NULL;
		goto unlock;
	}

	t = pc_thread_alloc(set, task, GFP_KERNEL_ACCOUNT);
	if (IS_ERR(t)) {
		ret = PTR_ERR(t);
		goto put_handle;
	}
	t->on_exec = set->flags & PERFCTR_F_ENABLE_ON_EXEC;
	ret = pc_thread_claim(t);
	if (ret)
		goto put_thread;
	spin_lock(&set->lock);
	list_add(&t->node, &set->threads);
	set->target = t;
	set->nr_threads = 1;
	spin_unlock(&set->lock);
	ret = pc_thread_attach(t);
	if (ret) {
		spin_lock(&set->lock);
		list_del_init(&t->node);
		set->target = NULL;
		set->nr_threads = 0;
		spin_unlock(&set->lock);
		pc_thread_close(t);
		goto put_thread;
	}
	goto unlock;

put_thread:
	/* It was never attached, so nobody looks at the handle through it. */
	pc_thread_put(t);
put_handle:
	pc_handle_put(set->handle);
	set->handle = NULL;
unlock:
	mutex_unlock(&set->mutex);
	put_task_struct(task);
	return ret;
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
	if (cmd == PERFCTR_IOC_RESET)
		memset(set->ended.value, 0, sizeof(set->ended.value));
	spin_unlock(&set->lock);
unlock:
	mutex_unlock(&set->mutex);
	return ret;
}

/**
 * pc_set_mmap() - map the target's slot
 * @set:	the set
 * @vma:	where
 *
 * Only the target's own process: nobody else can use it.
 */
int pc_set_mmap(struct pc_set *set, struct vm_area_struct *vma)
{
	struct pc_thread *t = NULL;
	int ret = -EINVAL;

	spin_lock(&set->lock);
	if (set->target) {
		t = set->target;
		raw_spin_lock_irq(&t->lock);
		ret = t->task && same_thread_group(t->task, current) ?
		      0 : -EPERM;
		raw_spin_unlock_irq(&t->lock);
		kref_get(&t->ref);
	}
	spin_unlock(&set->lock);
	if (!ret)
		ret = pc_slot_mmap(t, vma);
	if (t)
		pc_thread_put(t);
	return ret;
}
