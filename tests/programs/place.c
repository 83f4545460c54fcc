/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place - runs a command in a fixed place, or in places that change
 *
 * Usage: place pin CPU command [argument...]
 *        place storm SEED MICROSECONDS command [argument...]
 *
 * pin    the command and its children run on that CPU.
 * storm  every so many microseconds each thread of the command and of its
 *        descendants is moved to a CPU that follows from the seed; less often
 *        where moving them takes longer than a third of that, so that a slow
 *        machine gets on with the command.  The number of moves goes to standard
 *        error.
 *
 * Address space randomisation is off for the command.  The exit status is the
 * command's.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;
static long moves;

/* xorshift64*: the same sequence everywhere */
static unsigned int draw(unsigned int n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned int)((state * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static int set_cpu(pid_t tid, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(tid, sizeof(set), &set);
}

/* Moves every thread of a process, then goes on to its children. */
static void move_tree(pid_t pid, unsigned int cpus, int depth)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir || depth > 8)
		return;
	while ((entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name), child;
		FILE *children;

		if (tid <= 0)
			continue;
		if (!set_cpu(tid, draw(cpus)))
			moves++;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid,
			 tid);
		children = fopen(path, "r");
		if (!children)
			continue;
		while (fscanf(children, "%d", &child) == 1)
			move_tree(child, cpus, depth + 1);
		fclose(children);
	}
	closedir(dir);
}

static void start(char **command)
{
	personality(ADDR_NO_RANDOMIZE);
	execvp(command[0], command);
	fprintf(stderr, "place: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static useconds_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (useconds_t)(t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

int main(int argc, char **argv)
{
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	useconds_t pause;
	int status;
	pid_t pid;

	if (argc >= 4 && !strcmp(argv[1], "pin")) {
		if (set_cpu(0, (unsigned int)atoi(argv[2]))) {
			perror("place: sched_setaffinity");
			return 126;
		}
		start(argv + 3);
	}
	if (argc < 5 || strcmp(argv[1], "storm")) {
		fprintf(stderr, "Usage: place pin CPU command...\n"
			"       place storm SEED MICROSECONDS command...\n");
		return 2;
	}
	state = strtoull(argv[2], NULL, 0) * 2 + 1;
	pause = (useconds_t)atoi(argv[3]);
	pid = fork();
	if (!pid)
		start(argv + 4);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		useconds_t begin = now(), took;

		move_tree(pid, cpus, 0);
		took = now() - begin;
		usleep(took * 3 > pause ? took * 3 : pause);
	}
	fprintf(stderr, "moves %ld\n", moves);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
