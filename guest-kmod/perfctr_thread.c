// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: counted threads, from the first notice to the last reference
 *
 * A switch notifier can be registered and unregistered by the thread itself
 * only.  Another thread's is registered by task work, which runs before the
 * thread is in user mode again; nothing that it executes there is missed, so
 * nobody has to wait for it, and a sleeping thread is not woken.
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/coredump.h>
#include <linux/sched/clock.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "perfctr.h"

static DEFINE_HASHTABLE(pc_tasks, 8);
static DEFINE_SPINLOCK(pc_tasks_lock);
static atomic64_t pc_next_id = ATOMIC64_INIT(0);

static void pc_thread_free(struct pc_thread *t)
{
	pc_user_uncharge(t->user);
	if (t->task)
		put_task_struct(t->task);
	if (t->page)
		put_page(t->page);
	pc_set_put_now(t->set);
	kfree(t);
}

static void pc_thread_free_work(struct work_struct *work)
{
	pc_thread_free(container_of(work, struct pc_thread, free));
}

/**
 * pc_thread_alloc() - make a context
 * @set:	for this set
 * @task:	and this thread
 * @gfp:	GFP_KERNEL_ACCOUNT gives a slot that can be mapped
 *
 * Return: the context, in nobody's list, or an error pointer: -EAGAIN when the
 * user has too many.
 */
struct pc_thread *pc_thread_alloc(struct pc_set *set, struct task_struct *task,
				  gfp_t gfp)
{
	struct pc_thread *t;

	t = kzalloc(sizeof(*t), gfp);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->slot = &t->own;
	if (gfpflags_allow_blocking(gfp)) {
		t->page = alloc_page(gfp | __GFP_ZERO);
		if (!t->page)
			goto free;
		t->slot = page_address(t->page);
	}
	t->user = pc_user_charge(set->uid, set->privileged);
	if (!t->user) {
		if (t->page)
			put_page(t->page);
		kfree(t);
		return ERR_PTR(-EAGAIN);
	}

	kref_init(&t->ref);
	kref_get(&set->ref);
	t->set = set;
	t->id = atomic64_inc_return(&pc_next_id);
	INIT_LIST_HEAD(&t->node);
	INIT_HLIST_NODE(&t->hash);
	INIT_WORK(&t->free, pc_thread_free_work);
	preempt_notifier_init(&t->pn, &pc_sched_ops);
	raw_spin_lock_init(&t->lock);
	t->task = get_task_struct(task);
	t->cpu = -1;
	t->state = PERFCTR_STATE_STOPPED;
	return t;

free:
	kfree(t);
	return ERR_PTR(-ENOMEM);
}

/**
 * pc_thread_use() - what a new thread is to count
 * @t:	the thread, in nobody's list
 * @h:	the set's configuration; with a lock of the set's held, as it may change
 */
void pc_thread_use(struct pc_thread *t, const struct pc_handle *h)
{
	unsigned int i;

	t->handle = h;
	for (i = 0; i < h->nr; i++)
		t->resid[i] = -h->counter[i].period;
	pc_slot_init(t);
	t->live = true;
	atomic_inc(&t->set->live);
}

/**
 * pc_thread_gone() - a thread will not be counted again
 * @t:	the thread, with its lock held or in nobody's list
 */
void pc_thread_gone(struct pc_thread *t)
{
	if (!t->live)
		return;
	t->live = false;
	if (atomic_dec_and_test(&t->set->live))
		pc_set_wake(t->set);
}

static void pc_thread_release(struct kref *ref)
{
	struct pc_thread *t = container_of(ref, struct pc_thread, ref);

	/* May be inside a tracepoint, or hold a lock. */
	queue_work(pc_wq, &t->free);
}

/**
 * pc_thread_put() - drop a reference, in any context
 * @t:	the thread
 */
void pc_thread_put(struct pc_thread *t)
{
	kref_put(&t->ref, pc_thread_release);
}

static void pc_thread_release_now(struct kref *ref)
{
	pc_thread_free(container_of(ref, struct pc_thread, ref));
}

/**
 * pc_thread_put_now() - drop a reference, without the way through a worker
 * @t:	the thread
 *
 * As pc_set_put_now().
 */
void pc_thread_put_now(struct pc_thread *t)
{
	kref_put(&t->ref, pc_thread_release_now);
}

/**
 * pc_thread_claim() - a thread belongs to one set at a time
 * @t:	the context
 *
 * Return: 0, or -EBUSY when the thread has another context.
 */
int pc_thread_claim(struct pc_thread *t)
{
	unsigned long key = (unsigned long)t->task;
	const struct pc_thread *other;
	int ret = -EBUSY;

	spin_lock(&pc_tasks_lock);
	hash_for_each_possible(pc_tasks, other, hash, key)
		if (other->task == t->task)
			goto unlock;
	hash_add(pc_tasks, &t->hash, key);
	atomic_inc(&pc_active);
	ret = 0;
unlock:
	spin_unlock(&pc_tasks_lock);
	return ret;
}

static void pc_thread_unclaim(struct pc_thread *t)
{
	spin_lock(&pc_tasks_lock);
	if (hash_hashed(&t->hash)) {
		hash_del(&t->hash);
		atomic_dec(&pc_active);
	}
	spin_unlock(&pc_tasks_lock);
}

/**
 * pc_thread_leave() - the current thread is not counted any more
 * @t:		its context
 * @state:	PERFCTR_STATE_* to leave it in
 *
 * The hardware stops before user mode, for nobody will see the thread leave.
 */
void pc_thread_leave(struct pc_thread *t, u32 state)
{
	struct pc_vcpu *c;
	unsigned long flags;
	bool attached;

	local_irq_save(flags);
	c = this_cpu_ptr(&pc_vcpus);
	raw_spin_lock(&t->lock);
	attached = t->attached;
	t->dead = true;
	pc_thread_gone(t);
	if (attached) {
		preempt_notifier_unregister(&t->pn);
		pc_sched_stop(t, c, state);
		t->attached = false;
		WRITE_ONCE(t->cpu, -1);
		c->thread = NULL;
		pc_request_release(c);
	}
	raw_spin_unlock(&t->lock);
	local_irq_restore(flags);

	pc_thread_unclaim(t);
	if (attached)
		pc_thread_put(t);
}

/* The current thread ends; the set's lock is held. */
static void pc_thread_end(struct pc_thread *t)
{
	struct pc_set *set = t->set;
	struct task_struct *task;
	struct pc_sum sum;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	if (t->attached)
		pc_sched_unbind(t, this_cpu_ptr(&pc_vcpus));
	if (pc_incomplete(t->state))
		set->lost++;
	pc_sched_stop(t, NULL, PERFCTR_STATE_EXITED);
	t->tid = __task_pid_nr_ns(current, PIDTYPE_PID, set->ns);
	t->pid = __task_pid_nr_ns(current, PIDTYPE_TGID, set->ns);
	get_task_comm(t->comm, current);
	pc_sched_sum(t, NULL, &sum);
	raw_spin_unlock_irqrestore(&t->lock, flags);

	kref_get(&t->ref);
	pc_thread_leave(t, PERFCTR_STATE_EXITED);

	raw_spin_lock_irqsave(&t->lock, flags);
	task = t->task;
	t->task = NULL;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	/* Not the last one: the thread is current. */
	put_task_struct(task);

	if (!list_empty(&t->node) && t != set->target &&
	    !(set->flags & PERFCTR_F_PER_THREAD)) {
		pc_sum_add(&set->ended, &sum);
		list_del_init(&t->node);
		pc_thread_put(t);
	}
	pc_thread_put(t);
}

/**
 * pc_thread_exit() - the current thread exits
 * @t:	its context
 */
void pc_thread_exit(struct pc_thread *t)
{
	struct pc_set *set = t->set;

	kref_get(&set->ref);
	spin_lock(&set->lock);
	pc_thread_end(t);
	spin_unlock(&set->lock);
	pc_set_put(set);
}

/* In the thread itself, at the latest before it is in user mode again. */
static void pc_thread_enter(struct pc_thread *t)
{
	struct pc_thread *old;
	struct pc_vcpu *c;
	unsigned long flags;
	bool dead;

	preempt_disable();
	/* What a closed set has left here has not been told to leave yet. */
	old = this_cpu_read(pc_vcpus.thread);
	if (old)
		pc_thread_leave(old, PERFCTR_STATE_STOPPED);

	local_irq_save(flags);
	c = this_cpu_ptr(&pc_vcpus);
	raw_spin_lock(&t->lock);
	dead = t->dead;
	if (!dead) {
		preempt_notifier_register(&t->pn);
		t->attached = true;
		WRITE_ONCE(t->cpu, smp_processor_id());
		c->thread = t;
		pc_sched_bind(t, c);
	}
	raw_spin_unlock(&t->lock);
	local_irq_restore(flags);
	preempt_enable();
	if (dead)
		pc_thread_put(t);
}

static int pc_thread_do_close(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	struct task_struct **task = arg;

	t->dead = true;
	if (t->state == PERFCTR_STATE_RUNNING)
		pc_sched_stop(t, c, PERFCTR_STATE_STOPPED);
	*task = t->attached ? get_task_struct(t->task) : NULL;
	return 0;
}

static int pc_thread_do_drop(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	t->dead = true;
	pc_thread_gone(t);
	pc_sched_stop(t, c, PERFCTR_STATE_REVOKED);
	return 0;
}

static void pc_thread_attach_work(struct callback_head *work)
{
	struct pc_thread *t = container_of(work, struct pc_thread, work);

	if (current->flags & PF_EXITING || !current->mm) {
		pc_thread_exit(t);
		pc_thread_put(t);
		return;
	}
	/*
	 * The thread may have executed a program with other rights since its
	 * permissions were checked; from here on the exec hook sees to that.
	 */
	if (!t->set->privileged &&
	    get_dumpable(current->mm) != SUID_DUMP_USER) {
		pc_thread_call(t, pc_thread_do_drop, NULL);
		pc_thread_unclaim(t);
	}
	pc_thread_enter(t);
}

static void pc_thread_detach_work(struct callback_head *work)
{
	struct pc_thread *t = container_of(work, struct pc_thread, work);

	preempt_disable();
	if (this_cpu_read(pc_vcpus.thread) == t)
		pc_thread_leave(t, PERFCTR_STATE_STOPPED);
	preempt_enable();
	pc_thread_put(t);
}

/**
 * pc_thread_attach() - let a thread be counted from its next user instruction on
 * @t:	the context
 *
 * Return: 0, or -ESRCH when the thread is past the point where it could.
 */
int pc_thread_attach(struct pc_thread *t)
{
	int ret;

	kref_get(&t->ref);
	if (t->task == current) {
		pc_thread_enter(t);
		return 0;
	}
	init_task_work(&t->work, pc_thread_attach_work);
	ret = task_work_add(t->task, &t->work, TWA_RESUME);
	if (ret)
		pc_thread_put(t);
	return ret;
}

/**
 * pc_thread_close() - the set does not want a thread any more
 * @t:	the context
 *
 * It stops at once.  The notifier goes when the thread next comes by.
 */
void pc_thread_close(struct pc_thread *t)
{
	struct task_struct *task = NULL;

	pc_thread_call(t, pc_thread_do_close, &task);
	pc_thread_unclaim(t);
	if (!task)
		return;
	kref_get(&t->ref);
	if (task == current) {
		pc_thread_detach_work(&t->work);
	} else {
		/* The attaching work has run: the head is free again. */
		init_task_work(&t->work, pc_thread_detach_work);
		if (task_work_add(task, &t->work, TWA_RESUME))
			pc_thread_put(t);
	}
	put_task_struct(task);
}

/**
 * pc_thread_fork() - a counted thread has created another one
 * @parent:	the current thread's context
 * @child:	the new thread, which has not run yet
 */
void pc_thread_fork(struct pc_thread *parent, struct task_struct *child)
{
	struct pc_set *set = parent->set;
	struct pc_thread *t;
	unsigned long flags;

	if (!(set->flags & PERFCTR_F_INHERIT) ||
	    child->flags & (PF_KTHREAD | PF_IO_WORKER))
		return;

	t = pc_thread_alloc(set, child, GFP_ATOMIC | __GFP_NOWARN);

	spin_lock(&set->lock);
	if (!set->closed)
		set->nr_threads++;
	if (IS_ERR(t)) {
		set->lost++;
		goto unlock;
	}
	/*
	 * With the set's lock held the parent is not started or stopped between
	 * here and the moment when the child is in the list as well.
	 */
	pc_thread_use(t, set->handle);
	raw_spin_lock_irqsave(&parent->lock, flags);
	t->on_exec = parent->on_exec;
	if (parent->state == PERFCTR_STATE_RUNNING) {
		t->state = PERFCTR_STATE_RUNNING;
		t->enabled_at = local_clock();
	}
	raw_spin_unlock_irqrestore(&parent->lock, flags);
	if (set->closed || pc_thread_claim(t) || pc_thread_attach(t)) {
		pc_thread_gone(t);
		pc_thread_put(t);
		goto unlock;
	}
	list_add_tail(&t->node, &set->threads);
unlock:
	spin_unlock(&set->lock);
}

struct pc_call {
	struct pc_thread *t;
	pc_thread_fn fn;
	void *arg;
	int ret;
	bool done;
};

static void pc_thread_call_here(void *info)
{
	struct pc_vcpu *c = this_cpu_ptr(&pc_vcpus);
	struct pc_call *call = info;

	raw_spin_lock(&call->t->lock);
	if (call->t->cpu == smp_processor_id()) {
		call->ret = call->fn(call->t, c, call->arg);
		call->done = true;
	}
	raw_spin_unlock(&call->t->lock);
}

/**
 * pc_thread_call() - do something with a thread, wherever it is
 * @t:		the thread
 * @fn:		called once, with its lock held and interrupts off: on the CPU
 *		that the thread is on, or anywhere while it is on none
 * @arg:	passed to @fn
 *
 * The thread may come and go meanwhile.  Where it is is looked at without the
 * lock, so both ways look again with it; a thread that moves from one CPU to
 * another each time is chased, and has to stop for the chase to go on.
 *
 * Return: what @fn returns.
 */
int pc_thread_call(struct pc_thread *t, pc_thread_fn fn, void *arg)
{
	struct pc_call call = { .t = t, .fn = fn, .arg = arg };
	unsigned long flags;

	for (;;) {
		int cpu = READ_ONCE(t->cpu);

		if (cpu >= 0) {
			smp_call_function_single(cpu, pc_thread_call_here,
						 &call, 1);
		} else {
			raw_spin_lock_irqsave(&t->lock, flags);
			if (smp_load_acquire(&t->cpu) < 0) {
				call.ret = fn(t, NULL, arg);
				call.done = true;
			}
			raw_spin_unlock_irqrestore(&t->lock, flags);
		}
		if (call.done)
			return call.ret;
		cpu_relax();
	}
}
