// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tb step [-t SECONDS] NAME COMMAND [ARG...]
 *
 * Runs the command and reports its output and how it ended. The output goes to
 * files in memory and is sent when the command has ended, so that reporting
 * does not run beside what is measured.
 */
#include "tb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *step_file(char *buf, size_t size, const char *name, const char *suffix)
{
	snprintf(buf, size, TB_STEPS "/%s.%s", name, suffix);
	return buf;
}

static void redirect(const char *path, int flags, int to)
{
	int fd = open(path, flags, 0644);

	if (fd < 0 || dup2(fd, to) < 0)
		die("cannot open %s: %s", path, strerror(errno));
	if (fd != to)
		close(fd);
}

static pid_t start(const char *name, char **command)
{
	char path[256];
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	redirect("/dev/null", O_RDONLY, 0);
	redirect(step_file(path, sizeof(path), name, "out"), O_WRONLY | O_CREAT | O_TRUNC, 1);
	redirect(step_file(path, sizeof(path), name, "err"), O_WRONLY | O_CREAT | O_TRUNC, 2);
	execvp(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* Waits for the child to end or the time to be up. Returns whether it was. */
static int wait_or_kill(pid_t pid, long seconds, int *status)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int late;

	if (pidfd < 0)
		die("pidfd_open: %s", strerror(errno));
	late = poll(&p, 1, (int)(seconds * 1000)) == 0;
	if (late) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	waitpid(pid, status, 0);
	close(pidfd);
	return late;
}

static void report_command(const char *name, char **command)
{
	char text[1024];
	size_t n = 0;

	text[0] = 0;
	for (; *command && n < sizeof(text) - 2; command++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", *command);
	frame_str("begin", name, text);
}

int step_main(int argc, char **argv)
{
	long seconds = 120;
	char path[256], text[160];
	int status = 0, late, code, signo;
	int64_t begin;
	pid_t pid;

	if (argc > 2 && !strcmp(argv[1], "-t")) {
		seconds = atol(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 3 || strspn(argv[1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_.:+-") != strlen(argv[1]))
		die("usage: step [-t SECONDS] NAME COMMAND [ARG...]; NAME of letters, digits, _.:+-");

	report_command(argv[1], argv + 2);
	begin = now_ms();
	pid = start(argv[1], argv + 2);
	if (pid < 0)
		die("fork: %s", strerror(errno));
	late = wait_or_kill(pid, seconds, &status);
	signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	code = signo ? 128 + signo : WEXITSTATUS(status);
	snprintf(text, sizeof(text), "status=%d signal=%d timeout=%d ms=%lld", code, signo, late,
		 (long long)(now_ms() - begin));

	frame_file("out", argv[1], step_file(path, sizeof(path), argv[1], "out"));
	frame_file("err", argv[1], step_file(path, sizeof(path), argv[1], "err"));
	frame_str("end", argv[1], text);
	return code;
}
