// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first test of the whole chain, without the library: counts loops of known
 * length in user mode, alone and with threads that push each other off the CPU,
 * and compares the slot with the system call.
 *
 *	cc -O2 -static -pthread -I../include/uapi -o smoke smoke.c
 *
 * Prints one line per check and "smoke: ok", or exits with 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perfctr.h>

#include "vendor.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS		4
#define ROUNDS		2000
#define LOOPS		10000UL

static struct perfctr_info info = { .size = sizeof(info) };
static int failures;
static __thread unsigned int retries;

static void check(int good, const char *what, unsigned long long got,
		  unsigned long long want)
{
	printf("%s %s: %llu, expected %llu\n", good ? "ok  " : "FAIL", what,
	       got, want);
	if (!good)
		__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

static int die(const char *what)
{
	fprintf(stderr, "smoke: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void configure(int fd, struct perfctr_config *config, unsigned int flags,
		      unsigned int nr, const unsigned int *events)
{
	unsigned int i;

	memset(config, 0, sizeof(*config));
	config->size = sizeof(*config);
	config->flags = flags;
	config->nr = nr;
	for (i = 0; i < nr; i++) {
		config->counter[i].event = events[i];
		config->counter[i].domain = PERFCTR_DOM_USER;
	}
	if (ioctl(fd, PERFCTR_IOC_CONFIGURE, config)) {
		fprintf(stderr, "counter %u field %u\n", config->bad_counter,
			config->bad_field);
		die("configure");
	}
}

static const volatile struct perfctr_slot *map(int fd)
{
	void *p = mmap(NULL, info.mmap_size, PROT_READ,
		       MAP_SHARED | MAP_POPULATE, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static inline unsigned long long rd(const volatile struct perfctr_slot *s,
				    unsigned int i)
{
	unsigned int epoch, index, lo, hi;
	unsigned long long offset;

	for (;;) {
		epoch = s->epoch;
		index = s->counter[i].index;
		offset = s->counter[i].offset;
		if (!(index & PERFCTR_NO_RDPMC)) {
			asm volatile("rdpmc" : "=a" (lo), "=d" (hi)
				     : "c" (index));
			offset += (long long)((unsigned long long)hi << 32 | lo)
				  << (64 - info.width) >> (64 - info.width);
		}
		if (s->epoch == epoch)
			return offset;
		retries++;
	}
}

/* Two instructions per round; the surroundings are the same each time. */
static inline void loop(unsigned long n)
{
	asm volatile("1: dec %0\n\tjnz 1b" : "+r" (n) : : "cc");
}

static __attribute__((noinline)) unsigned long long
measure(const volatile struct perfctr_slot *s, unsigned int i, unsigned long n)
{
	unsigned long long before = rd(s, i);

	loop(n);
	return rd(s, i) - before;
}

/* Instructions, and branches: these as main() finds the CPU. */
static unsigned int EVENTS[] = { INSTRUCTIONS, 0 };

static unsigned long long ioctl_read(int fd, struct perfctr_read *r, int i)
{
	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	if (ioctl(fd, PERFCTR_IOC_READ, r))
		die("read");
	return r->value[i];
}

static void *worker(void *arg)
{
	unsigned long long base, sum = 0, total, d;
	const volatile struct perfctr_slot *s;
	struct perfctr_config config;
	struct perfctr_read r;
	long id = (long)arg;
	unsigned int seen;
	int fd, i, bad = 0;

	fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("open");
	/* Two kinds of sets, so that configurations alternate as well. */
	configure(fd, &config, 0, 1 + id % 2, EVENTS);
	s = map(fd);
	if (ioctl(fd, PERFCTR_IOC_START))
		die("start");
	base = measure(s, 0, 1);
	total = rd(s, 0);
	for (i = 0; i < ROUNDS; i++) {
		seen = retries;
		d = measure(s, 0, LOOPS);
		/* A read that was interrupted counts its second try. */
		if (retries == seen && d != base + 2 * (LOOPS - 1))
			bad++;
		sum += d;
		if (!(i & 63))
			sched_yield();
	}
	total = rd(s, 0) - total;
	check(!bad, "thread, wrong rounds", bad, 0);
	check(total > sum && total < sum + sum / 100, "thread, total", total,
	      sum);
	d = rd(s, 0);
	total = ioctl_read(fd, &r, 0);
	check(total >= d && total < d + 10000, "thread, by ioctl", total, d);
	munmap((void *)s, info.mmap_size);
	close(fd);
	return NULL;
}

static void inherit(void)
{
	unsigned long long one, sum;
	struct perfctr_config config;
	struct perfctr_read r;
	int fd, i;

	fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
	configure(fd, &config, PERFCTR_F_INHERIT, 2, EVENTS);
	ioctl(fd, PERFCTR_IOC_START);
	for (i = 0; i < 8; i++)
		if (!fork()) {
			loop(10000000);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	sum = ioctl_read(fd, &r, 0);
	one = 8 * 20000000ULL;
	check(sum >= one && sum < one + one / 10, "inherited", sum, one);
	check(r.nr_threads == 9 && !r.lost, "inherited, threads", r.nr_threads,
	      9);
	printf("enabled %llu running %llu stolen %llu ns\n",
	       (unsigned long long)r.time_enabled,
	       (unsigned long long)r.time_running,
	       (unsigned long long)r.time_stolen);
	close(fd);
}

/* Another process, controlled from here. */
static void remote(void)
{
	struct perfctr_config config = { .size = sizeof(config), .nr = 1,
					 .flags = PERFCTR_F_ENABLE_ON_EXEC };
	unsigned long long v;
	struct perfctr_read r;
	int fd, go[2];
	pid_t pid;
	char x;

	if (pipe(go))
		die("pipe");
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (read(go[0], &x, 1) != 1)
			_exit(1);
		execl("/proc/self/exe", "smoke", "child", NULL);
		_exit(1);
	}
	fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
	config.pid = pid;
	config.counter[0].event = EVENTS[0];
	config.counter[0].domain = PERFCTR_DOM_USER;
	if (ioctl(fd, PERFCTR_IOC_CONFIGURE, &config))
		die("configure child");
	v = ioctl_read(fd, &r, 0);
	check(v == 0, "child before exec", v, 0);
	if (write(go[1], "x", 1) != 1)
		die("write");
	for (v = 0; !v && waitpid(pid, NULL, WNOHANG) == 0; usleep(1000))
		v = ioctl_read(fd, &r, 0);
	check(v > 0, "child meanwhile", v, 1);
	waitpid(pid, NULL, 0);
	v = ioctl_read(fd, &r, 0);
	check(v >= 200000000 && v < 201000000, "child at the end", v,
	      200000000);
	check(r.state == PERFCTR_STATE_EXITED, "child, state", r.state,
	      PERFCTR_STATE_EXITED);
	close(fd);
}

int main(int argc, char **argv)
{
	const volatile struct perfctr_slot *s;
	unsigned long long base, d, v;
	struct perfctr_config config;
	pthread_t thread[THREADS];
	struct perfctr_read r;
	int fd, i;

	if (argc > 1 && !strcmp(argv[1], "child")) {
		loop(100000000);
		return 0;
	}
	EVENTS[1] = BRANCHES;
	fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/perfctr");
	if (ioctl(fd, PERFCTR_IOC_INFO, &info))
		die("info");
	printf("counters %u + %u, %u bits, tier %u, flags %x\n", info.nr_gp,
	       info.nr_fixed, info.width, info.tier, info.flags);
	configure(fd, &config, 0, 2, EVENTS);
	s = map(fd);
	check(rd(s, 0) == 0, "before start", rd(s, 0), 0);
	if (ioctl(fd, PERFCTR_IOC_START))
		die("start");
	base = measure(s, 0, 1);
	for (i = 0; i < 3; i++) {
		d = measure(s, 0, 1000001);
		check(d == base + 2000000, "instructions", d, base + 2000000);
	}
	base = measure(s, 1, 1);
	d = measure(s, 1, 1000001);
	check(d == base + 1000000, "branches", d, base + 1000000);
	v = rd(s, 0);
	d = ioctl_read(fd, &r, 0);
	check(d > v && d < v + 200, "by ioctl", d, v);
	if (ioctl(fd, PERFCTR_IOC_STOP))
		die("stop");
	v = rd(s, 0);
	loop(1000);
	check(rd(s, 0) == v && v > 6000000, "stopped", rd(s, 0), v);
	ioctl(fd, PERFCTR_IOC_RESET);
	check(rd(s, 0) == 0, "reset", rd(s, 0), 0);
	munmap((void *)s, info.mmap_size);
	close(fd);

	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, worker, (void *)(long)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	inherit();
	remote();

	fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
	d = info.hypercalls_perfctr;
	ioctl(fd, PERFCTR_IOC_INFO, &info);
	printf("hypercalls: %llu perfctr, active threads %llu\n",
	       (unsigned long long)info.hypercalls_perfctr - d,
	       (unsigned long long)info.active_threads);
	if (failures)
		return 1;
	puts("smoke: ok");
	return 0;
}
