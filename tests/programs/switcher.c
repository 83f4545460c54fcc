/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * switcher - makes a known number of thread switches, or none
 *
 * Usage: switcher threads N     two threads hand a byte to and fro N times
 *        switcher processes N   two processes do
 *        switcher alone N       one thread writes to and reads from itself N times
 *        switcher first FIFO FIFO N | switcher second FIFO FIFO N
 *                               two halves, to be counted differently
 *        switcher burn SECONDS  computes, without system calls, for that long
 *        switcher wait N        N system calls that do nothing
 *
 * Everything runs on the CPU on which it starts.  One hand-over and its answer
 * are two switches, two writes and two reads.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int there[2], back[2];
static long rounds;

static void put(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(3);
}

static void get(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(3);
}

static void *answer(void *unused)
{
	(void)unused;
	for (long i = 0; i < rounds; i++) {
		get(there[0]);
		put(back[1]);
	}
	return NULL;
}

static void ask(void)
{
	for (long i = 0; i < rounds; i++) {
		put(there[1]);
		get(back[0]);
	}
}

static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned int)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void burn(long seconds)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		for (volatile long i = 0; i < 2000000; i++)
			;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < seconds);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	pthread_t thread;

	if (argc < 3) {
		fprintf(stderr, "Usage: switcher MODE [FIFO FIFO] N\n");
		return 2;
	}
	stay_here();
	rounds = atol(argv[argc - 1]);
	if (!strcmp(mode, "burn")) {
		burn(rounds);
		return 0;
	}
	if (!strcmp(mode, "wait")) {
		for (long i = 0; i < rounds; i++)
			syscall(SYS_getppid);
		return 0;
	}
	if (!strcmp(mode, "first") || !strcmp(mode, "second")) {
		int first = mode[0] == 'f';

		there[0] = there[1] = open(argv[2], O_RDWR);
		back[0] = back[1] = open(argv[3], O_RDWR);
		if (there[0] < 0 || back[0] < 0)
			return 3;
		if (first)
			ask();
		else
			answer(NULL);
		return 0;
	}
	if (pipe(there) || pipe(back))
		return 3;
	if (!strcmp(mode, "alone")) {
		for (long i = 0; i < rounds; i++) {
			put(there[1]);
			get(there[0]);
		}
	} else if (!strcmp(mode, "threads")) {
		if (pthread_create(&thread, NULL, answer, NULL))
			return 3;
		ask();
		pthread_join(thread, NULL);
	} else if (!strcmp(mode, "processes")) {
		if (!fork()) {
			answer(NULL);
			_exit(0);
		}
		ask();
		wait(NULL);
	} else {
		return 2;
	}
	return 0;
}
