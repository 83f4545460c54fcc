// SPDX-License-Identifier: GPL-2.0-only
/*
 * counts.c - nothing is lost, and sampling does not change what is counted
 */
#define _GNU_SOURCE
#include "sample.h"

void batches(void)
{
	static const u64 periods[] = { 10007, 4096, 999983 };
	struct perfctr_read r;
	struct set s;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		set_open(&s, INSTRUCTIONS, periods[i], 16, 0);
		set_configure(&s);
		control(&s, PERFCTR_IOC_START);
		loop(1000000);
		control(&s, PERFCTR_IOC_STOP);
		r = account(&s, "one loop");
		check(r.value[0] > 2000000 && r.value[0] < 2010000, "its count",
		      r.value[0], 2000000);
		equal("missed", r.missed[0], 0);
		equal("lost", r.buffer_lost, 0);
		check(s.inside + 1 >= s.records, "inside the loop", s.inside,
		      s.records);
		equal("elsewhere than in user mode", s.kernel, 0);

		/* Where it stopped it goes on. */
		loop(1000000);
		control(&s, PERFCTR_IOC_START);
		loop(1000000);
		control(&s, PERFCTR_IOC_STOP);
		r = account(&s, "two loops");
		check(r.value[0] > 4000000 && r.value[0] < 4020000, "their count",
		      r.value[0], 4000000);

		control(&s, PERFCTR_IOC_RESET);
		memset(s.samples, 0, sizeof(s.samples));
		memset(s.lost_rate, 0, sizeof(s.lost_rate));
		r = account(&s, "after reset");
		equal("count after reset", r.value[0], 0);
		control(&s, PERFCTR_IOC_START);
		loop(1000000);
		control(&s, PERFCTR_IOC_STOP);
		account(&s, "a loop after reset");
		set_close(&s);
	}
}

/* Sampling does not change what is counted. */
void beside(unsigned int flags)
{
	struct perfctr_read r;
	struct set s;

	set_open(&s, INSTRUCTIONS, 1009, 64, flags);
	s.config.nr = 3;
	s.config.counter[1] = s.config.counter[0];
	s.config.counter[1].mode = PERFCTR_MODE_ACCUMULATE;
	s.config.counter[1].period = 0;
	s.config.counter[2] = s.config.counter[0];
	s.config.counter[2].event = BRANCHES;
	s.config.counter[2].period = 5003;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(1000000);
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, flags ? "three, one by one" : "three");
	equal("sampling and accumulating", r.value[0], r.value[1]);
	set_close(&s);
}

static inline u64 rd(const volatile struct perfctr_slot *s, unsigned int i)
{
	unsigned int epoch, index, lo, hi;
	u64 offset;

	for (;;) {
		epoch = s->epoch;
		index = s->counter[i].index;
		offset = s->counter[i].offset;
		if (!(index & PERFCTR_NO_RDPMC)) {
			asm volatile("rdpmc" : "=a" (lo), "=d" (hi)
				     : "c" (index));
			offset += (long long)((u64)hi << 32 | lo)
				  << (64 - info.width) >> (64 - info.width);
		}
		if (s->epoch == epoch)
			return offset;
	}
}

static const volatile struct perfctr_slot *map_slot(struct set *s)
{
	void *p = mmap(NULL, info.mmap_size, PROT_READ,
		       MAP_SHARED | MAP_POPULATE, s->fd, 0);

	if (p == MAP_FAILED)
		die("mmap of the slot");
	return p;
}

/* Samples at once: RDPMC gives the count, which never goes back. */
void slot(void)
{
	const volatile struct perfctr_slot *slot;
	u64 last = 0, now, back = 0, far = 0;
	struct perfctr_read r;
	struct set s;
	int i;

	set_open(&s, INSTRUCTIONS, 1009, 64, PERFCTR_F_NOTIFY);
	set_configure(&s);
	slot = map_slot(&s);
	control(&s, PERFCTR_IOC_START);
	equal("one by one, index is for RDPMC",
	      slot->counter[0].index & PERFCTR_NO_RDPMC, 0);
	for (i = 0; i < 20000; i++) {
		now = rd(slot, 0);
		back += now <= last;
		/* The reader's own instructions, and a second try or two */
		far += last && now - last > 200;
		last = now;
	}
	control(&s, PERFCTR_IOC_STOP);
	equal("one by one, reads that went back", back, 0);
	equal("one by one, reads that jumped", far, 0);
	r = account(&s, "one by one");
	check(r.value[0] >= last && r.value[0] < last + 2000, "last read", last,
	      r.value[0]);
	equal("slot when stopped", rd(slot, 0), r.value[0]);
	munmap((void *)slot, info.mmap_size);
	set_close(&s);

	set_open(&s, INSTRUCTIONS, 1009, 64, 0);
	set_configure(&s);
	slot = map_slot(&s);
	control(&s, PERFCTR_IOC_START);
	equal("in batches, index is not for RDPMC",
	      slot->counter[0].index, PERFCTR_NO_RDPMC);
	control(&s, PERFCTR_IOC_STOP);
	munmap((void *)slot, info.mmap_size);
	set_close(&s);
}

void besides(void)
{
	beside(0);
	beside(PERFCTR_F_NOTIFY);
}
