/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations that are done N times each, so that N more of them show what one costs. */
#ifndef OPS_H
#define OPS_H

#include <stdint.h>

/* The most counters that one set has here. */
#define MOST 8

static inline uint64_t rdpmc(uint32_t index)
{
	uint32_t low, high;

	asm volatile("rdpmc" : "=a" (low), "=d" (high) : "c" (index));
	return low | (uint64_t)high << 32;
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return low | (uint64_t)high << 32;
}

static inline int64_t extend(uint64_t value, unsigned int width)
{
	return (int64_t)(value << (64 - width)) >> (64 - width);
}

/* What a thing could not do, and the end. */
void fail(const char *what) __attribute__((noreturn));

/* perf.c: counters of Linux's perf_event, of the calling thread */
void perf_read(unsigned int counters, long n);
void perf_mmap(unsigned int counters, long n);
void perf_startstop(unsigned int counters, long n);
void perf_open(unsigned int counters, long n);

/* device.c: ours */
uint32_t device_counting(unsigned int counters);
void device_open(unsigned int counters, long n);

/* original.c */
void original_read(unsigned int counters, long n);

#endif
