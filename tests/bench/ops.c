/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops - does one operation N times
 *
 * Usage: ops OPERATION COUNTERS N
 *        ops ring THREADS N       so many threads hand a byte on, N times in all
 *        ops loop - N             nothing: what the loops of the others cost
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ops.h"

void fail(const char *what)
{
	fprintf(stderr, "ops: ");
	perror(what);
	exit(1);
}

static void loop(unsigned int counters, long n)
{
	(void)counters;
	for (long i = 0; i < n; i++)
		asm volatile("" : : "r" (i));
}

static int (*pipes)[2];
static unsigned int members;
static long rounds;

/* Takes the byte from its own pipe and puts it into the next one's. */
static void *member(void *number)
{
	unsigned int me = (unsigned int)(uintptr_t)number;
	char byte;

	for (long i = me; i < rounds; i += members)
		if (read(pipes[me][0], &byte, 1) != 1 ||
		    write(pipes[(me + 1) % members][1], &byte, 1) != 1)
			fail("ring");
	return NULL;
}

static void ring(unsigned int threads, long n)
{
	pthread_t *id = calloc(threads, sizeof(*id));
	pthread_attr_t attr;
	struct rlimit files = { 2 * threads + 16, 2 * threads + 16 };
	cpu_set_t here;

	if (setrlimit(RLIMIT_NOFILE, &files))
		fail("setrlimit");
	pipes = calloc(threads, sizeof(*pipes));
	members = threads;
	rounds = n;
	if (!id || !pipes || pthread_attr_init(&attr) ||
	    pthread_attr_setstacksize(&attr, 65536))
		fail("memory");
	CPU_ZERO(&here);
	CPU_SET((unsigned int)sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
	for (unsigned int i = 0; i < threads; i++)
		if (pipe(pipes[i]))
			fail("pipe");
	for (unsigned int i = 0; i < threads; i++)
		if (pthread_create(&id[i], &attr, member, (void *)(uintptr_t)i))
			fail("thread");
	if (write(pipes[0][1], "x", 1) != 1)
		fail("ring");
	for (unsigned int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
}

static const struct {
	const char *name;
	void (*work)(unsigned int counters, long n);
} operations[] = {
	{ "loop", loop },
	{ "perf_read", perf_read },
	{ "perf_mmap", perf_mmap },
	{ "perf_startstop", perf_startstop },
	{ "perf_open", perf_open },
	{ "device_open", device_open },
	{ "original_read", original_read },
	{ "ring", ring },
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; argc == 4 && i < sizeof(operations) / sizeof(*operations); i++) {
		int count = atoi(argv[2]);

		if (strcmp(argv[1], operations[i].name))
			continue;
		if (operations[i].work != ring && count > MOST)
			break;
		operations[i].work((unsigned int)count, atol(argv[3]));
		return 0;
	}
	fprintf(stderr, "usage: ops OPERATION COUNTERS N\n");
	return 2;
}
