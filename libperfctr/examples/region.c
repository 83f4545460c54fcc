/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * region.c: a small profiler in C.  Counts what a function does per call.
 *
 *	cc -O2 region.c $(pkg-config --cflags --libs perfctr) -o region
 *
 * Exit status: 0, or 1 where nothing can be counted.
 */
#include <perfctr/perfctr.h>

#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* What is to be measured. */
static void sort_numbers(void)
{
	int numbers[1000];
	unsigned seed = 1;

	for (int i = 0; i < 1000; i++) {
		seed = seed * 1103515245u + 12345u;
		numbers[i] = (int)(seed >> 8);
	}
	qsort(numbers, 1000, sizeof(numbers[0]), compare);
}

int main(void)
{
	struct perfctr_error error = { .size = sizeof(error) };
	struct perfctr_set *set;
	const struct perfctr_slot *slot;

	if (perfctr_set_open(&set, "instructions,branches", NULL, &error) < 0 ||
	    perfctr_set_start(set, &error) < 0) {
		fprintf(stderr, "region: %s; %s.\n", error.message, error.remedy);
		return 1;
	}
	/* In a local variable, it stays in a register. */
	slot = perfctr_set_slot(set);

	for (int call = 1; call <= 3; call++) {
		const uint64_t instructions = perfctr_slot_read(slot, 0);
		const uint64_t branches = perfctr_slot_read(slot, 1);

		sort_numbers();
		printf("call %d: %llu instructions, %llu branches\n", call,
		       (unsigned long long)(perfctr_slot_read(slot, 0) - instructions),
		       (unsigned long long)(perfctr_slot_read(slot, 1) - branches));
	}
	perfctr_set_close(set);
	return 0;
}
