// SPDX-License-Identifier: GPL-2.0-only
/*
 * refusals.c - what may not be configured or mapped
 */
#define _GNU_SOURCE
#include <signal.h>

#include "sample.h"

static int configure_error(struct set *s)
{
	int ret = ioctl(s->fd, PERFCTR_IOC_CONFIGURE, &s->config) ? errno : 0;

	close(s->fd);
	return ret;
}

static int map_error(struct set *s, size_t size, int prot, int flags, off_t at)
{
	void *p = mmap(NULL, size, prot, flags, s->fd, at);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

void refusals(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct set s;
	int status;

	set_open(&s, INSTRUCTIONS, 10007, 3, 0);
	equal("three pages", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 8192, 0);
	equal("too many pages", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.wakeup = 4097;
	equal("wake-up larger than the buffer", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.signal = SIGKILL;
	equal("SIGKILL", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.signal = 65;
	equal("no such signal", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, PERFCTR_F_CALLCHAIN);
	s.config.max_stack = 128;
	equal("deep stack", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.max_stack = 10;
	equal("stack without chain", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 0, PERFCTR_F_NOTIFY);
	s.config.counter[0].mode = PERFCTR_MODE_ACCUMULATE;
	s.config.counter[0].period = 0;
	equal("notify without sampling", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.counter[0].mode = PERFCTR_MODE_ACCUMULATE;
	s.config.counter[0].period = 0;
	equal("buffer without sampling", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, info.min_period - 1, 1, 0);
	equal("period below the policy's", configure_error(&s), EACCES);
	set_open(&s, INSTRUCTIONS, 1ULL << 46, 1, 0);
	equal("period too long", configure_error(&s), EINVAL);

	set_open(&s, INSTRUCTIONS, 10007, 4, 0);
	equal("buffer before configure",
	      map_error(&s, 5 * PAGE, rw, MAP_SHARED, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	set_configure(&s);
	equal("private buffer",
	      map_error(&s, 5 * PAGE, rw, MAP_PRIVATE, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	equal("part of the buffer",
	      map_error(&s, 4 * PAGE, rw, MAP_SHARED, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	equal("more than the buffer",
	      map_error(&s, 6 * PAGE, rw, MAP_SHARED, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	equal("executable buffer",
	      map_error(&s, 5 * PAGE, rw | PROT_EXEC, MAP_SHARED,
			PERFCTR_MMAP_BUFFER), EPERM);
	equal("buffer made executable",
	      mprotect((void *)s.header, PAGE, rw | PROT_EXEC) ? errno : 0,
	      EACCES);
	if (!fork())
		_exit(map_error(&s, 5 * PAGE, rw, MAP_SHARED,
				PERFCTR_MMAP_BUFFER));
	wait(&status);
	equal("another process' buffer", WEXITSTATUS(status), EPERM);
	if (!fork()) {
		(void)*(volatile unsigned int *)s.data;
		_exit(0);
	}
	wait(&status);
	equal("the buffer after fork", WTERMSIG(status), SIGSEGV);
	set_close(&s);
}
