/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the perfctr-xen of 2011 reads a counter, from the equations of its paper and
 * a description of its structures; none of its code is here.
 *
 *	thread(i)  = T.sum[i] + vcpu(i) - T.start[i]
 *	vcpu(i)    = V.sum[i] + extend(rdpmc(map[i])) - V.start[i]
 *
 * T is a page of the thread, V the entry of the virtual CPU on which the thread runs,
 * which T names. Each level is read again if its time stamp has changed meanwhile,
 * and the entry is looked up again after RDPMC. Memory stands for the pages, so no
 * read is ever repeated: this is the shortest way through.
 */
#include "ops.h"

#define COUNTERS 18
#define VCPUS 32

struct counter {
	uint32_t map;
	uint64_t start, sum;
};

struct state {
	uint32_t status, vcpu;
	uint64_t tsc_start, tsc_sum;
	struct counter counter[COUNTERS];
};

/* As of another agent: the compiler may assume nothing about them. */
static volatile struct state thread = { .status = 1u << 31, .tsc_start = 1 };
static volatile struct state vcpus[VCPUS];
static unsigned int width = 48;

static __attribute__((noinline)) uint64_t vcpu_read(unsigned int i)
{
	volatile struct state *v = &vcpus[thread.vcpu];

	for (;;) {
		uint64_t stamp = v->tsc_start, sum, start;
		int64_t raw = extend(rdpmc(v->counter[i].map), width);

		start = v->counter[i].start;
		sum = v->counter[i].sum;
		v = &vcpus[thread.vcpu];
		if (v->tsc_start == stamp)
			return sum + (uint64_t)raw - start;
	}
}

static __attribute__((noinline)) uint64_t thread_read(unsigned int i)
{
	for (;;) {
		uint64_t stamp = thread.tsc_start, start, sum, now;

		/* without a time stamp there is only the system call */
		if (!(thread.status >> 31))
			fail("the fast way");
		start = thread.counter[i].start;
		sum = thread.counter[i].sum;
		now = vcpu_read(i);
		if (thread.tsc_start == stamp)
			return sum + now - start;
	}
}

void original_read(unsigned int counters, long n)
{
	uint32_t index = device_counting(1);

	for (unsigned int v = 0; v < VCPUS; v++)
		for (unsigned int i = 0; i < COUNTERS; i++)
			vcpus[v].counter[i].map = index;
	for (long k = 0; k < n; k++)
		for (unsigned int i = 0; i < counters; i++) {
			uint64_t value = thread_read(i);

			asm volatile("" : : "r" (value));
		}
}
