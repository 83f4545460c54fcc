/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every kernel here ends with: its result, in a form that is the same everywhere. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline int steps_of(int argc, char **argv)
{
	int steps = argc == 2 ? atoi(argv[1]) : 0;

	if (steps <= 0) {
		fprintf(stderr, "usage: %s STEPS\n", argv[0]);
		exit(2);
	}
	return steps;
}

/* xorshift64*, in [0, 1): the same sequence on every machine. */
static inline double draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * 0x2545f4914f6cdd1dull) >> 11) * 0x1p-53;
}

/* Addition, multiplication, division and roots of IEEE 754 are exact everywhere. */
static inline void report(const char *what, double value)
{
	printf("%s %.17g\n", what, value);
}

#endif
