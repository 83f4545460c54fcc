/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * profiler.c: a program that samples itself, and prints where it spends cycles.
 *
 *	cc -O2 profiler.c $(pkg-config --cflags --libs perfctr) -o profiler
 *	./profiler [EVENT[@PERIOD]]
 *
 * Exit status: 0, or 1 where nothing can be sampled.
 */
#include <perfctr/perfctr.h>

#include <stdio.h>
#include <stdlib.h>

#define MAX_ADDRESSES 4096

static struct address { uint64_t ip; unsigned samples; } seen[MAX_ADDRESSES];
static unsigned nr_seen, nr_samples;

static void count(const struct perfctr_sample *sample, void *argument)
{
	unsigned i;

	(void)argument;
	if (sample->counters == 0)
		return; /* a loss: perfctr_sampler_read() has the sums */
	nr_samples++;
	for (i = 0; i < nr_seen && seen[i].ip != sample->ip; i++)
		;
	if (i == MAX_ADDRESSES)
		return;
	seen[i].ip = sample->ip;
	seen[i].samples++;
	nr_seen = i < nr_seen ? nr_seen : i + 1;
}

static int by_samples(const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	return (x->samples < y->samples) - (x->samples > y->samples);
}

/* What is to be looked at. */
static void work(void)
{
	static volatile double sum;

	for (unsigned i = 1; i < 100000000; i++)
		sum = sum + 1.0 / i;
}

int main(int argc, char **argv)
{
	struct perfctr_error error = { .size = sizeof(error) };
	struct perfctr_sample_totals totals = { .size = sizeof(totals) };
	struct perfctr_sampler *sampler;

	if (perfctr_sampler_open(&sampler, argc > 1 ? argv[1] : "cycles@1M", NULL, &error) < 0 ||
	    perfctr_sampler_start(sampler, &error) < 0) {
		fprintf(stderr, "profiler: %s; %s.\n", error.message, error.remedy);
		return 1;
	}
	work();
	/* The sums bring what is still on its way into the buffer. */
	if (perfctr_sampler_stop(sampler, &error) < 0 ||
	    perfctr_sampler_read(sampler, &totals, &error) < 0 ||
	    perfctr_sampler_drain(sampler, count, NULL, &error) < 0) {
		fprintf(stderr, "profiler: %s; %s.\n", error.message, error.remedy);
		return 1;
	}
	qsort(seen, nr_seen, sizeof(seen[0]), by_samples);
	for (unsigned i = 0; i < nr_seen && i < 10; i++)
		printf("%#llx %u\n", (unsigned long long)seen[i].ip, seen[i].samples);
	fprintf(stderr, "%u samples, %llu lost, %llu missed, %llu events\n", nr_samples,
		(unsigned long long)totals.buffer_lost, (unsigned long long)totals.missed[0],
		(unsigned long long)totals.value[0]);
	perfctr_sampler_close(sampler);
	return 0;
}
