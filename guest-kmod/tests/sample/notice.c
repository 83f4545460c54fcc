// SPDX-License-Identifier: GPL-2.0-only
/*
 * notice.c - poll() and signals
 */
#define _GNU_SOURCE
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <time.h>

#include "sample.h"

static u64 elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

void polling(void)
{
	struct pollfd p = { .events = POLLIN };
	struct timespec since;
	struct perfctr_read r;
	struct set s;
	int go[2], ret, wakeups = 0;
	u64 held = 0;
	pid_t pid;
	char x;

	set_open(&s, INSTRUCTIONS, 10007, 64, PERFCTR_F_NOTIFY);
	p.fd = s.fd;
	equal("poll before configure", poll(&p, 1, 0) == 1 ? p.revents : 0,
	      POLLERR);
	if (pipe(go))
		die("pipe");
	pid = fork();
	if (!pid) {
		if (read(go[0], &x, 1) == 1)
			loop(50000000);
		_exit(0);
	}
	s.config.pid = pid;
	s.config.wakeup = 6400;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	equal("poll with nothing there", poll(&p, 1, 10), 0);
	if (write(go[1], "x", 1) != 1)
		die("write");
	clock_gettime(CLOCK_MONOTONIC, &since);
	do {
		ret = poll(&p, 1, 20000);
		if (ret != 1)
			break;
		wakeups++;
		if (p.revents == POLLIN)
			held += s.header->data_head - s.tail < 6400;
		consume(&s);
	} while (!(p.revents & POLLHUP));
	printf("# %d wake-ups in %llu ms\n", wakeups, elapsed_ms(&since));
	equal("poll until the end", p.revents & POLLHUP, POLLHUP);
	check(wakeups > 5, "wake-ups", wakeups, 6);
	equal("wake-ups for too little", held, 0);
	r = account(&s, "other process");
	check(r.value[0] >= 100000000 && r.value[0] < 100100000,
	      "other process, count", r.value[0], 100000000);
	check(s.inside + 5 >= s.records, "other process, inside the loop",
	      s.inside, s.records);
	waitpid(pid, NULL, 0);
	close(go[0]);
	close(go[1]);
	set_close(&s);
}

static volatile u64 signals, wrong_signals;

static void handler(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	signals++;
	if (si->si_code != PERFCTR_SI_OVERFLOW || si->si_int != 1)
		wrong_signals++;
}

void signalling(void)
{
	struct sigaction sa = { .sa_sigaction = handler,
				.sa_flags = SA_SIGINFO };
	struct perfctr_read r;
	struct set s;
	pid_t pid;
	int status;

	sigaction(SIGRTMIN + 3, &sa, NULL);
	set_open(&s, INSTRUCTIONS, 100003, 16, PERFCTR_F_INHERIT);
	s.config.signal = SIGRTMIN + 3;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(5000000);
	/* Not to a child, which may do without. */
	pid = fork();
	if (!pid) {
		signal(SIGRTMIN + 3, SIG_DFL);
		loop(1000000);
		_exit(7);
	}
	waitpid(pid, &status, 0);
	control(&s, PERFCTR_IOC_STOP);
	equal("child without signals", status, 7 << 8);
	r = set_read(&s);
	consume(&s);
	check(signals >= 99 && signals <= 101, "signals", signals,
	      10000000 / 100003);
	equal("wrong signals", wrong_signals, 0);
	check(s.records >= signals + 19 && s.records <= signals + 21,
	      "samples with those of the child", s.records, signals + 20);
	equal("missed", r.missed[0], 0);
	set_close(&s);
}

/* What a handler may do instead of returning. */
static sigjmp_buf out;
static u64 jumps;
static int stopped_fd;

static void jumper(int sig)
{
	(void)sig;
	jumps++;
	siglongjmp(out, 1);
}

static void stopper(int sig)
{
	(void)sig;
	ioctl(stopped_fd, PERFCTR_IOC_STOP);
}

static void leaver(int sig)
{
	_exit(sig == SIGRTMIN + 4 ? 9 : 10);
}

static void open_signalling(struct set *s, void (*handler)(int))
{
	signal(SIGRTMIN + 4, handler);
	set_open(s, INSTRUCTIONS, 50021, 16, 0);
	s->config.signal = SIGRTMIN + 4;
	set_configure(s);
	control(s, PERFCTR_IOC_START);
}

void handlers(void)
{
	volatile int i;
	struct set s;
	pid_t pid;
	int status;

	open_signalling(&s, jumper);
	for (i = 0; i < 50; i++)
		if (!sigsetjmp(out, 1))
			for (;;)
				loop(1000);
	control(&s, PERFCTR_IOC_STOP);
	account(&s, "handler that jumps away");
	equal("jumps", jumps, 50);
	equal("a sample for each", s.records, 50);
	set_close(&s);

	open_signalling(&s, stopper);
	stopped_fd = s.fd;
	loop(1000000);
	account(&s, "handler that stops the set");
	equal("samples before that", s.records, 1);
	set_close(&s);

	pid = fork();
	if (!pid) {
		open_signalling(&s, leaver);
		for (;;)
			loop(1000);
	}
	waitpid(pid, &status, 0);
	equal("handler that exits", status, 9 << 8);
}
