// SPDX-License-Identifier: GPL-2.0-only
/*
 * period.c - another period while the set counts
 */
#define _GNU_SOURCE
#include "sample.h"

static int period_error(struct set *s, unsigned int counter, u64 period)
{
	struct perfctr_period p = { .size = sizeof(p), .counter = counter,
				    .period = period };

	return ioctl(s->fd, PERFCTR_IOC_PERIOD, &p) ? errno : 0;
}

void period(void)
{
	struct perfctr_read r;
	u64 before, value;
	struct set s;

	set_open(&s, INSTRUCTIONS, 100003, 64, 0);
	s.config.nr = 2;
	s.config.counter[1] = s.config.counter[0];
	s.config.counter[1].mode = PERFCTR_MODE_ACCUMULATE;
	s.config.counter[1].period = 0;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(500000);
	/* While it runs, and while it does not. */
	if (period_error(&s, 0, 50021))
		die("period");
	loop(500000);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	consume(&s);
	check(s.records >= 28 && s.records <= 31, "another period, samples",
	      s.records, 10 + 20);
	before = s.records;
	value = r.value[0];
	if (period_error(&s, 0, 1009))
		die("period");
	control(&s, PERFCTR_IOC_START);
	loop(500000);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	consume(&s);
	equal("another period, counts", r.value[0], r.value[1]);
	value = (r.value[0] - value) / 1009;
	before = s.records - before + r.missed[0];
	/* The first may have come earlier. */
	check(before >= value && before <= value + 1, "another period, overflows",
	      before, value);
	equal("period of a counter that does not sample",
	      period_error(&s, 1, 1009), EINVAL);
	equal("period of no counter", period_error(&s, 77, 1009), EINVAL);
	equal("period below the policy's", period_error(&s, 0, 1), EACCES);
	equal("period too long", period_error(&s, 0, 1ULL << 46), EINVAL);
	set_close(&s);
}

#define LONG		20011
#define SHORT		10007
#define PERIODS		40	/* changes */

/* Of the threads that are sampled while the period changes. */
static struct {
	u32 tid;
	u64 count;		/* at the last sample */
	u64 others;		/* samples after another number of events than they say */
} seen[THREADS + 1];
static unsigned int nr_seen;
static u64 too_late;

static void look_at_period(const struct perfctr_record_sample *r)
{
	unsigned int i;

	for (i = 0; i < nr_seen && seen[i].tid != r->tid; i++)
		;
	if (i == THREADS + 1) {
		too_late++;
		return;
	}
	if (i == nr_seen)
		seen[nr_seen++].tid = r->tid;
	seen[i].others += r->count - seen[i].count != r->period;
	too_late += r->count - seen[i].count > LONG;
	seen[i].count = r->count;
}

/*
 * Another period, again and again, for threads that push each other off the CPUs
 * meanwhile.  Nothing is lost, by no thread: from sample to sample it has counted the
 * period, or less or the longer one where a change came between.
 */
void periods(void)
{
	struct perfctr_thread records[THREADS + 1];
	struct perfctr_read_threads rt = { .size = sizeof(rt),
					   .nr = THREADS + 1,
					   .threads = (unsigned long)records };
	pthread_t thread[THREADS];
	struct perfctr_read r;
	u64 differ = 0, unasked = 0, behind = 0;
	struct set s;
	unsigned int i, k;

	set_open(&s, INSTRUCTIONS, LONG, 1024,
		 PERFCTR_F_INHERIT | PERFCTR_F_PER_THREAD);
	s.config.nr = 2;
	s.config.counter[1] = s.config.counter[0];
	s.config.counter[1].mode = PERFCTR_MODE_ACCUMULATE;
	s.config.counter[1].period = 0;
	s.look = look_at_period;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	workers_start(thread);
	for (i = 0; i < PERIODS; i++) {
		if (period_error(&s, 0, i % 2 ? LONG : SHORT))
			die("period");
		usleep(300);
	}
	workers_join(thread);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	consume(&s);
	if (ioctl(s.fd, PERFCTR_IOC_READ_THREADS, &rt))
		die("read threads");
	equal("periods, threads", rt.nr, THREADS + 1);
	for (i = 0; i < rt.nr; i++) {
		differ += records[i].value[0] != records[i].value[1];
		for (k = 0; k < nr_seen; k++)
			if (seen[k].tid == (u32)records[i].tid)
				behind += records[i].value[0] - seen[k].count >=
					  LONG;
	}
	for (i = 0; i < nr_seen; i++)
		unasked += seen[i].others > PERIODS;
	equal("periods, missed", r.missed[0] + r.buffer_lost, 0);
	equal("periods, threads whose counters differ", differ, 0);
	equal("periods, samples after more than the longer one", too_late, 0);
	equal("periods, threads with another distance without a change",
	      unasked, 0);
	equal("periods, threads whose last samples are missing", behind, 0);
	/* The workers alone execute 2 * 300 * 3001 * (1 + 2 + 3 + 4) instructions. */
	check(s.records > 18006000 / LONG, "periods, samples", s.records,
	      18006000 / LONG);
	set_close(&s);
}
