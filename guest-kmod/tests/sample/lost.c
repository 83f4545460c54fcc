// SPDX-License-Identifier: GPL-2.0-only
/*
 * lost.c - overflows that are no samples: they are told of
 */
#define _GNU_SOURCE
#include "sample.h"

/* Above Xen's rate overflows are missed, and counted. */
static u64 rate(unsigned int flags, unsigned long n)
{
	struct perfctr_read r;
	struct set s;

	set_open(&s, INSTRUCTIONS, info.min_period, 4096, flags);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(n);
	syscall(SYS_getppid);
	loop(n);
	set_read(&s);
	loop(n);
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, "at a high rate");
	printf("# %llu samples, %llu missed\n", s.records, (u64)r.missed[0]);
	check(r.value[0] > 6 * n && r.value[0] < 6 * n + 100000,
	      "the count all the same", r.value[0], 6 * n);
	set_close(&s);
	return r.missed[0];
}

void small_buffer(void)
{
	struct perfctr_read r;
	struct set s;

	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(1000000);
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, "small buffer");
	check(r.buffer_lost > 100, "small buffer, lost", r.buffer_lost, 101);
	equal("not told of yet", s.lost_buffer, 0);
	r = set_read(&s);
	consume(&s);
	equal("told of when there is room", s.lost_buffer, r.buffer_lost);
	control(&s, PERFCTR_IOC_START);
	loop(100000);
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, "small buffer again");
	equal("no more lost", s.lost_buffer, r.buffer_lost);

	/* A reader that writes nonsense loses samples, and nothing else. */
	memset((void *)s.header, 0xff, PAGE);
	s.header->data_tail = 1ULL << 62;
	control(&s, PERFCTR_IOC_START);
	loop(1000000);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	equal("overwritten header", s.samples[0] + r.buffer_lost + r.missed[0],
	      r.value[0] / 10007);
	set_close(&s);

	set_open(&s, INSTRUCTIONS, 10007, 0, 0);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(1000000);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	equal("no buffer", r.buffer_lost + r.missed[0], r.value[0] / 10007);
	set_close(&s);
}

void rates(void)
{
	rate(0, 1000000);
	rate(PERFCTR_F_NOTIFY, 100000);
}

/* With a rate that is known to be too low for this machine. */
void throttled(void)
{
	u64 missed = rate(0, 10000000);

	check(missed > 1000, "throttled, missed", missed, 1001);
	missed = rate(PERFCTR_F_NOTIFY, 10000000);
	check(missed > 1000, "throttled, one by one, missed", missed, 1001);
	kernel(0, info.min_period);
	kernel(PERFCTR_F_NOTIFY, info.min_period);
	threads(0, info.min_period);
	beside(PERFCTR_F_NOTIFY);
	slot();
}
