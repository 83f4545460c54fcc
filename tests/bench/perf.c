/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linux perf_event: read(), the mapped page with RDPMC, ioctl, opening. */
#include <linux/perf_event.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"

static const uint64_t events[MOST] = {
	PERF_COUNT_HW_INSTRUCTIONS, PERF_COUNT_HW_CPU_CYCLES,
	PERF_COUNT_HW_BRANCH_INSTRUCTIONS, PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
	PERF_COUNT_HW_BRANCH_INSTRUCTIONS, PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
	PERF_COUNT_HW_BRANCH_INSTRUCTIONS, PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
};

static int open_one(unsigned int i, int leader)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_HARDWARE,
		.config = events[i],
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.read_format = PERF_FORMAT_GROUP,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, leader, 0);

	if (fd < 0)
		fail("perf_event_open");
	return fd;
}

static int open_group(unsigned int counters, int *fds)
{
	for (unsigned int i = 0; i < counters; i++)
		fds[i] = open_one(i, i ? fds[0] : -1);
	return fds[0];
}

void perf_read(unsigned int counters, long n)
{
	uint64_t values[1 + MOST];
	int fds[MOST], fd = open_group(counters, fds);

	for (long i = 0; i < n; i++)
		if (read(fd, values, sizeof(values)) <= 0)
			fail("read");
}

/*
 * The read that the kernel's header describes for the page that it maps: the
 * sequence number around it all, time only if the counter was not always there,
 * and the counter extended from its width.
 */
static inline uint64_t read_page(volatile struct perf_event_mmap_page *page)
{
	uint32_t sequence, index;
	uint64_t enabled, running, count;
	int64_t pmc = 0;

	do {
		sequence = page->lock;
		asm volatile("" : : : "memory");
		enabled = page->time_enabled;
		running = page->time_running;
		if (page->cap_user_time && enabled != running) {
			uint64_t cycles = rdtsc();
			uint16_t shift = page->time_shift;
			uint32_t mult = page->time_mult;
			uint64_t quotient = cycles >> shift;
			uint64_t rest = cycles & (((uint64_t)1 << shift) - 1);
			uint64_t delta = page->time_offset + quotient * mult
				+ ((rest * mult) >> shift);

			enabled += delta;
			if (page->index)
				running += delta;
		}
		index = page->index;
		count = (uint64_t)page->offset;
		if (page->cap_user_rdpmc && index)
			pmc = extend(rdpmc(index - 1), page->pmc_width);
		asm volatile("" : : : "memory");
	} while (page->lock != sequence);
	count += (uint64_t)pmc;
	if (running && running < enabled)
		count = count / running * enabled;
	return count;
}

void perf_mmap(unsigned int counters, long n)
{
	volatile struct perf_event_mmap_page *pages[MOST];
	int fds[MOST];

	open_group(counters, fds);
	for (unsigned int i = 0; i < counters; i++) {
		pages[i] = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ,
				MAP_SHARED | MAP_POPULATE, fds[i], 0);
		if (pages[i] == MAP_FAILED)
			fail("mmap of an event");
		if (!pages[i]->cap_user_rdpmc)
			fail("RDPMC by the page (not allowed)");
	}
	for (long i = 0; i < n; i++)
		for (unsigned int k = 0; k < counters; k++) {
			uint64_t value = read_page(pages[k]);

			asm volatile("" : : "r" (value));
		}
}

void perf_startstop(unsigned int counters, long n)
{
	int fds[MOST], fd = open_group(counters, fds);

	for (long i = 0; i < n; i++)
		if (ioctl(fd, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) ||
		    ioctl(fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP))
			fail("ioctl");
}

void perf_open(unsigned int counters, long n)
{
	for (long i = 0; i < n; i++) {
		int fds[MOST];

		open_group(counters, fds);
		for (unsigned int k = counters; k--;)
			close(fds[k]);
	}
}
