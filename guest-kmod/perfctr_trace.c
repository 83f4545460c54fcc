// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: fork, exec and exit, by the scheduler's tracepoints
 *
 * They run in the thread concerned (fork: its parent) with preemption off.  A
 * thread that is not counted costs one load and one test.
 */
#include <linux/binfmts.h>
#include <linux/percpu.h>
#include <linux/sched/coredump.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "perfctr.h"

static void pc_trace_fork(void *data, struct task_struct *parent,
			  struct task_struct *child)
{
	struct pc_thread *t = this_cpu_read(pc_vcpus.thread);

	if (t && parent == current)
		pc_thread_fork(t, child);
}

static int pc_trace_exec_call(struct pc_thread *t, struct pc_vcpu *c, void *arg)
{
	bool start = t->on_exec && t->state == PERFCTR_STATE_STOPPED &&
		     !t->dead;

	t->on_exec = false;
	/* Another address space: bind anew, whatever the hardware holds. */
	pc_sched_unbind(t, c);
	if (start)
		pc_sched_start(t, c);
	else
		pc_sched_bind(t, c);
	return 0;
}

static void pc_trace_exec(void *data, struct task_struct *task, pid_t old_pid,
			  struct linux_binprm *bprm)
{
	struct pc_thread *t = this_cpu_read(pc_vcpus.thread);

	if (!t || task != current)
		return;
	/* As perf does: who may not trace the new program may not count it. */
	if (!t->set->privileged &&
	    (bprm->secureexec ||
	     get_dumpable(current->mm) != SUID_DUMP_USER)) {
		pc_thread_leave(t, PERFCTR_STATE_REVOKED);
		return;
	}
	pc_thread_call(t, pc_trace_exec_call, NULL);
}

static void pc_trace_exit_probe(void *data, struct task_struct *task)
{
	struct pc_thread *t = this_cpu_read(pc_vcpus.thread);

	if (t && task == current)
		pc_thread_exit(t);
}

static struct pc_trace {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} pc_traces[] = {
	{ "sched_process_fork", pc_trace_fork },
	{ "sched_process_exec", pc_trace_exec },
	{ "sched_process_exit", pc_trace_exit_probe },
};

static void pc_trace_find(struct tracepoint *tp, void *priv)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pc_traces); i++)
		if (!strcmp(tp->name, pc_traces[i].name))
			pc_traces[i].tp = tp;
}

/**
 * pc_trace_exit() - take the probes away and wait until none runs
 */
void pc_trace_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pc_traces); i++)
		if (pc_traces[i].tp)
			tracepoint_probe_unregister(pc_traces[i].tp,
						    pc_traces[i].probe, NULL);
	tracepoint_synchronize_unregister();
}

/**
 * pc_trace_init() - install the probes
 */
int pc_trace_init(void)
{
	unsigned int i;
	int ret;

	for_each_kernel_tracepoint(pc_trace_find, NULL);
	for (i = 0; i < ARRAY_SIZE(pc_traces); i++) {
		if (!pc_traces[i].tp) {
			pr_err("this kernel has no tracepoint %s\n",
			       pc_traces[i].name);
			ret = -ENOENT;
			goto remove;
		}
		ret = tracepoint_probe_register(pc_traces[i].tp,
						pc_traces[i].probe, NULL);
		if (ret) {
			pc_traces[i].tp = NULL;
			goto remove;
		}
	}
	return 0;

remove:
	for (; i < ARRAY_SIZE(pc_traces); i++)
		pc_traces[i].tp = NULL;
	pc_trace_exit();
	return ret;
}
