// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: what a set counts, and whom
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>

#include "perfctr.h"

/* What belongs to the samples of the whole set. */
static bool pc_config_check_samples(const struct perfctr_config *config,
				    bool sampling)
{
	if (!sampling)
		return !(config->flags &
			 (PERFCTR_F_NOTIFY | PERFCTR_F_CALLCHAIN)) &&
		       !config->signal && !config->buffer_pages &&
		       !config->wakeup && !config->max_stack;
	if (config->signal > _NSIG || config->signal == SIGKILL ||
	    config->signal == SIGSTOP)
		return false;
	if (config->buffer_pages > PERFCTR_MAX_BUFFER_PAGES ||
	    (config->buffer_pages && !is_power_of_2(config->buffer_pages)) ||
	    config->wakeup > config->buffer_pages * PAGE_SIZE)
		return false;
	return config->max_stack <= PERFCTR_MAX_STACK &&
	       (!config->max_stack || config->flags & PERFCTR_F_CALLCHAIN);
}

static int pc_config_check(struct perfctr_config *config)
{
	const u32 flags = PERFCTR_F_INHERIT | PERFCTR_F_ENABLE_ON_EXEC |
			  PERFCTR_F_PER_THREAD | PERFCTR_F_NOTIFY |
			  PERFCTR_F_CALLCHAIN;
	bool sampling = false;
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
		if (uc->mode != PERFCTR_MODE_SAMPLE)
			continue;
		sampling = true;
		if (!(pc_caps.flags & XEN_PERFCTR_CAP_SAMPLE)) {
			config->bad_field = XEN_PERFCTR_BAD_MODE;
			return -EOPNOTSUPP;
		}
	}
	config->bad_counter = 0;
	if (!pc_config_check_samples(config, sampling)) {
		config->bad_field = XEN_PERFCTR_BAD_FLAGS;
		return -EINVAL;
	}
	/* Both have to come before the thread goes on. */
	if (config->flags & PERFCTR_F_CALLCHAIN || config->signal)
		config->flags |= PERFCTR_F_NOTIFY;
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

/* What the set does with samples; the caller's checks are done. */
static int pc_set_configure_samples(struct pc_set *set,
				    const struct perfctr_config *config)
{
	struct pc_buffer *b;

	set->signal = config->signal;
	set->max_stack = config->max_stack ?: PERFCTR_MAX_STACK;
	set->mm = pc_sched_mm();
	if (!config->buffer_pages)
		return 0;
	b = pc_buffer_alloc(config->buffer_pages, config->wakeup);
	if (IS_ERR(b))
		return PTR_ERR(b);
	spin_lock(&set->lock);
	set->buffer = b;
	spin_unlock(&set->lock);
	return 0;
}

static void pc_set_drop_buffer(struct pc_set *set)
{
	struct pc_buffer *b = set->buffer;

	spin_lock(&set->lock);
	set->buffer = NULL;
	spin_unlock(&set->lock);
	pc_buffer_free(b);
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
	/*
	 * A process of the same user that was given the descriptor may let
	 * itself be counted: so a command does before it is executed.
	 */
	if (!pc_set_may_control(set) &&
	    (config->pid || !uid_eq(set->uid, current_euid())))
		return -EPERM;
	/* Signals are for the process that asks for them. */
	if (config->signal && set->tgid != task_tgid(current))
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
	set->handle = pc_handle_get(config, set->uid, set->privileged);
	if (IS_ERR(set->handle)) {
		ret = PTR_ERR(set->handle);
		set->handle = NULL;
		goto unlock;
	}
	ret = pc_set_configure_samples(set, config);
	if (ret)
		goto put_handle;

	t = pc_thread_alloc(set, task, GFP_KERNEL_ACCOUNT);
	if (IS_ERR(t)) {
		ret = PTR_ERR(t);
		goto drop_buffer;
	}
	pc_thread_use(t, set->handle);
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
	spin_lock(&set->lock);
	set->ready = true;
	spin_unlock(&set->lock);
	goto unlock;

put_thread:
	/* It was never attached, so nobody looks at the handle through it. */
	raw_spin_lock_irq(&t->lock);
	pc_thread_gone(t);
	raw_spin_unlock_irq(&t->lock);
	pc_thread_put(t);
drop_buffer:
	pc_set_drop_buffer(set);
put_handle:
	pc_handle_put(set->handle);
	set->handle = NULL;
unlock:
	mutex_unlock(&set->mutex);
	put_task_struct(task);
	return ret;
}

static int pc_set_move(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	pc_sched_move(t, c, arg);
	return 0;
}

/**
 * pc_set_period() - PERFCTR_IOC_PERIOD
 * @set:	the set
 * @period:	of which counter, and the new one
 *
 * A thread that is not in the list has left and is not bound again; one that is
 * created meanwhile waits for the lock.  So nobody has the old configuration
 * when it is put.
 */
int pc_set_period(struct pc_set *set, const struct perfctr_period *period)
{
	struct perfctr_config config = {};
	struct pc_handle *h, *old;
	struct pc_thread *t;
	unsigned int i;
	int ret = -EINVAL;

	if (period->size != sizeof(*period))
		return -EINVAL;
	if (!pc_set_may_control(set))
		return -EPERM;
	mutex_lock(&set->mutex);
	old = set->handle;
	if (!old || period->counter >= old->nr ||
	    old->counter[period->counter].mode != PERFCTR_MODE_SAMPLE)
		goto unlock;
	config.nr = old->nr;
	config.flags = set->flags;
	for (i = 0; i < old->nr; i++) {
		config.counter[i].event = old->counter[i].event;
		config.counter[i].domain = old->counter[i].domain;
		config.counter[i].mode = old->counter[i].mode;
		config.counter[i].period = old->counter[i].period;
	}
	config.counter[period->counter].period = period->period;
	h = pc_handle_get(&config, set->uid, set->privileged);
	if (IS_ERR(h)) {
		ret = PTR_ERR(h);
		goto unlock;
	}
	spin_lock(&set->lock);
	set->handle = h;
	list_for_each_entry(t, &set->threads, node)
		pc_thread_call(t, pc_set_move, h);
	spin_unlock(&set->lock);
	pc_handle_put(old);
	ret = 0;
unlock:
	mutex_unlock(&set->mutex);
	return ret;
}
