/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * step - executes a program one instruction at a time and prints how often
 *        each address was executed, for itself, its threads and its children
 *
 * Usage: step program [argument...]
 * Output: "address count" lines, then "exit status".
 *
 * A stop after PTRACE_SINGLESTEP means one executed instruction, except:
 *  - a REP instruction stops after every repetition, with the same address;
 *  - a stop with another signal than SIGTRAP has executed nothing (the signal
 *    came first, or the instruction faulted), INT3 excepted;
 *  - the stop at the entry of a signal handler has executed nothing;
 *  - a hypervisor that emulates CPUID may lose the stop behind it: the next one
 *    then comes one instruction later.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_BASE 0x400000UL
#define TEXT_SIZE 0x800000UL
#define MAX_TASKS 64

struct task {
	pid_t tid;
	int deliver;		/* signal of the last stop, to be passed on */
	uint64_t rip;		/* where it stands */
	int rep;		/* at a REP string instruction */
	int int3;
	int cpuid;
};

#define CPUID_SIZE 2

static uint32_t counts[TEXT_SIZE];
static struct task tasks[MAX_TASKS];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static struct task *find_task(pid_t tid)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (tasks[i].tid == tid)
			return &tasks[i];
	for (int i = 0; i < MAX_TASKS; i++) {
		if (!tasks[i].tid) {
			memset(&tasks[i], 0, sizeof(tasks[i]));
			tasks[i].tid = tid;
			return &tasks[i];
		}
	}
	errno = ENOSPC;
	die("step");
	return NULL;
}

static int is_rep(const unsigned char *code)
{
	if (*code != 0xf2 && *code != 0xf3)
		return 0;
	code++;
	if ((*code & 0xf0) == 0x40)
		code++;
	/* MOVS, CMPS, STOS, LODS, SCAS */
	return (*code >= 0xa4 && *code <= 0xa7) ||
	       (*code >= 0xaa && *code <= 0xaf);
}

static void look(struct task *task)
{
	unsigned char code[8];
	struct user_regs_struct regs;
	long word;

	if (ptrace(PTRACE_GETREGS, task->tid, 0, &regs))
		die("PTRACE_GETREGS");
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, task->tid, regs.rip, 0);
	if (errno)
		die("PTRACE_PEEKTEXT");
	memcpy(code, &word, sizeof(code));
	task->rip = regs.rip;
	task->rep = is_rep(code);
	task->int3 = code[0] == 0xcc;
	task->cpuid = code[0] == 0x0f && code[1] == 0xa2;
}

static void count(const struct task *task)
{
	if (task->rip - TEXT_BASE >= TEXT_SIZE) {
		fprintf(stderr, "step: executes at %#lx\n",
			(unsigned long)task->rip);
		exit(2);
	}
	counts[task->rip - TEXT_BASE]++;
}

static void stopped(struct task *task, int status)
{
	struct task before = *task;
	int sig = WSTOPSIG(status);
	int event = status >> 16;

	if (before.rip && event == PTRACE_EVENT_EXEC) {
		count(&before);		/* the SYSCALL of execve() */
		task->rip = 0;		/* one more stop before the start */
		task->deliver = 0;
		return;
	}
	if (event) {			/* clone or fork: inside the SYSCALL */
		task->deliver = 0;
		return;
	}
	look(task);
	task->deliver = 0;
	if (!before.rip)		/* the first stop of a new program or task */
		return;
	if (before.deliver)		/* a handler's entry */
		return;
	if (sig == SIGTRAP) {
		if (before.rep && before.rip == task->rip)
			return;		/* one repetition of several */
		count(&before);
		before.rip += CPUID_SIZE;
		if (before.cpuid && task->rip != before.rip)
			count(&before);	/* the one behind it */
		if (before.int3)
			task->deliver = SIGTRAP;
	} else if (sig != SIGCHLD && sig != SIGSTOP) {
		task->deliver = sig;
	}
}

int main(int argc, char **argv)
{
	int status, result = 0;
	pid_t first, tid;

	if (argc < 2) {
		fprintf(stderr, "Usage: step program [argument...]\n");
		return 2;
	}
	first = fork();
	if (first < 0)
		die("fork");
	if (!first) {
		personality(ADDR_NO_RANDOMIZE);
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			die("PTRACE_TRACEME");
		execv(argv[1], argv + 1);
		die(argv[1]);
	}
	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
		die("waitpid");
	if (ptrace(PTRACE_SETOPTIONS, first, 0,
		   PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
		die("PTRACE_SETOPTIONS");
	look(find_task(first));
	if (ptrace(PTRACE_SINGLESTEP, first, 0, 0))
		die("PTRACE_SINGLESTEP");

	for (;;) {
		struct task *task;

		tid = waitpid(-1, &status, __WALL);
		if (tid < 0)
			break;
		task = find_task(tid);
		if (!WIFSTOPPED(status)) {
			if (task->rip)
				count(task);	/* the last SYSCALL */
			if (tid == first)
				result = WIFEXITED(status) ?
					WEXITSTATUS(status) :
					128 + WTERMSIG(status);
			task->tid = 0;
			continue;
		}
		stopped(task, status);
		if (ptrace(PTRACE_SINGLESTEP, tid, 0, task->deliver) &&
		    errno != ESRCH)
			die("PTRACE_SINGLESTEP");
	}
	for (uint64_t i = 0; i < TEXT_SIZE; i++)
		if (counts[i])
			printf("%#lx %u\n", (unsigned long)(TEXT_BASE + i),
			       counts[i]);
	printf("exit %d\n", result);
	return 0;
}
