// SPDX-License-Identifier: GPL-2.0-only
/*
 * threads.c - threads that push each other off the CPUs
 */
#define _GNU_SOURCE
#include "sample.h"

static void *worker(void *arg)
{
	int i;

	for (i = 0; i < 300; i++) {
		loop((unsigned long)arg * 3001);
		if (i % 3 == 0)
			sched_yield();
		else if (i % 16 == 1)
			syscall(SYS_getppid);
	}
	return NULL;
}

void workers_start(pthread_t thread[THREADS])
{
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, worker, (void *)(long)(i + 1)))
			die("thread");
}

void workers_join(pthread_t thread[THREADS])
{
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* Per thread: the sum over what each has counted. */
void threads(unsigned int flags, u64 period)
{
	struct perfctr_thread records[THREADS + 2];
	struct perfctr_read_threads rt = { .size = sizeof(rt),
					   .nr = THREADS + 2,
					   .threads = (unsigned long)records };
	pthread_t thread[THREADS];
	struct perfctr_read r;
	u64 overflows = 0;
	struct set s;
	unsigned int i;

	set_open(&s, INSTRUCTIONS, period, 1024,
		 flags | PERFCTR_F_INHERIT | PERFCTR_F_PER_THREAD);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	workers_start(thread);
	workers_join(thread);
	if (!fork()) {
		loop(100000);
		_exit(0);
	}
	wait(NULL);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	consume(&s);
	if (ioctl(s.fd, PERFCTR_IOC_READ_THREADS, &rt))
		die("read threads");
	equal("threads", rt.nr, THREADS + 2);
	for (i = 0; i < rt.nr; i++)
		overflows += records[i].value[0] / period;
	equal("threads, overflows", s.samples[0] + r.missed[0] + r.buffer_lost,
	      overflows);
	equal("threads, lost", r.buffer_lost, s.lost_buffer);
	check(s.inside > s.records / 2, "threads, inside the loop", s.inside,
	      s.records);
	set_close(&s);
}

void threaded(void)
{
	threads(0, 10007);
	threads(PERFCTR_F_NOTIFY, 4001);
}
