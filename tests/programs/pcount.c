/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pcount - counts a command with Linux's own perf_event_open(), user mode only
 *
 * Usage: pcount RAW[,RAW...] command [argument...]
 *
 * RAW is a hexadecimal event code (c0 instructions, c4 branches).  The counts
 * of the command and all its threads and children go to standard error, one a
 * line, "RAW count enabled running".  Checks the emulated PMU without our own
 * library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct perf_event_attr attr;
	uint64_t value[3];
	uint64_t code[8];
	int fd[8], n = 0, go[2], status;
	char *word;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "Usage: pcount RAW[,RAW...] command...\n");
		return 2;
	}
	if (pipe(go))
		return 2;
	pid = fork();
	if (!pid) {
		char c;

		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(2);
		close(go[0]);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	for (word = strtok(argv[1], ","); word && n < 8; word = strtok(NULL, ",")) {
		memset(&attr, 0, sizeof(attr));
		attr.size = sizeof(attr);
		attr.type = PERF_TYPE_RAW;
		attr.config = code[n] = strtoul(word, NULL, 16);
		attr.disabled = 1;
		attr.inherit = 1;
		attr.enable_on_exec = 1;
		attr.exclude_kernel = 1;
		attr.exclude_hv = 1;
		attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
				   PERF_FORMAT_TOTAL_TIME_RUNNING;
		fd[n] = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1,
				     PERF_FLAG_FD_CLOEXEC);
		if (fd[n] < 0) {
			fprintf(stderr, "pcount: event %s: %s\n", word,
				strerror(errno));
			return 2;
		}
		n++;
	}
	if (write(go[1], "", 1) != 1)
		return 2;
	waitpid(pid, &status, 0);
	for (int i = 0; i < n; i++) {
		if (read(fd[i], value, sizeof(value)) != sizeof(value))
			return 2;
		fprintf(stderr, "%lx %lu %lu %lu\n", code[i], value[0],
			value[1], value[2]);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
