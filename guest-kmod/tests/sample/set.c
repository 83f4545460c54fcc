// SPDX-License-Identifier: GPL-2.0-only
/*
 * set.c - a loop of known length, a set that samples, and the account of it
 */
#define _GNU_SOURCE
#include "sample.h"

/* Two instructions per round; the address range is known. */
void loop(unsigned long n)
{
	asm volatile(".globl loop_begin, loop_end\n"
		     "loop_begin:\n"
		     "1:	dec %0\n"
		     "	jnz 1b\n"
		     "loop_end:"
		     : "+r" (n) : : "cc");
}

void set_open(struct set *s, u64 event, u64 period, unsigned int pages,
		     unsigned int flags)
{
	memset(s, 0, sizeof(*s));
	s->fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		die("/dev/perfctr");
	s->pages = pages;
	s->config.size = sizeof(s->config);
	s->config.flags = flags;
	s->config.nr = 1;
	s->config.buffer_pages = pages;
	s->config.counter[0].event = event;
	s->config.counter[0].domain = PERFCTR_DOM_USER;
	s->config.counter[0].mode = PERFCTR_MODE_SAMPLE;
	s->config.counter[0].period = period;
}

void set_configure(struct set *s)
{
	void *p;

	if (ioctl(s->fd, PERFCTR_IOC_CONFIGURE, &s->config)) {
		printf("# counter %u field %u\n", s->config.bad_counter,
		       s->config.bad_field);
		die("configure");
	}
	if (!s->pages)
		return;
	p = mmap(NULL, (1 + s->pages) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		 s->fd, PERFCTR_MMAP_BUFFER);
	if (p == MAP_FAILED)
		die("mmap of the buffer");
	s->header = p;
	s->data = (unsigned char *)p + s->header->data_offset;
}

void set_close(struct set *s)
{
	if (s->header)
		munmap((void *)s->header, (1 + s->pages) * PAGE);
	close(s->fd);
}

void control(struct set *s, unsigned long cmd)
{
	if (ioctl(s->fd, cmd))
		die("control");
}

struct perfctr_read set_read(struct set *s)
{
	struct perfctr_read r = { .size = sizeof(r) };

	if (ioctl(s->fd, PERFCTR_IOC_READ, &r))
		die("read");
	return r;
}

void copy_out(struct set *s, u64 at, void *to, size_t size)
{
	u64 mask = s->header->data_size - 1;
	unsigned char *bytes = to;
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = s->data[(at + i) & mask];
}

u64 nest_begin = -1, nest_end;

static void take_sample(struct set *s, const struct perfctr_record_sample *r)
{
	unsigned int i, inside = 0;

	s->records++;
	for (i = 0; i < s->config.nr; i++)
		s->samples[i] += r->counters >> i & 1;
	if (!r->counters || r->counters >> s->config.nr || !r->tid || !r->pid ||
	    r->time < s->last_time ||
	    r->record.size != sizeof(*r) + 8 * r->nr_chain)
		s->bad++;
	s->last_time = r->time;
	s->last_count = r->count;
	s->entered += r->flags & PERFCTR_SAMPLE_ENTERED;
	s->kernel += r->record.mode == PERFCTR_IN_KERNEL;
	s->hypervisor += r->record.mode == PERFCTR_IN_HYPERVISOR;
	s->placed += r->record.mode == PERFCTR_IN_HYPERVISOR && r->ip;
	if (s->look)
		s->look(r);
	s->inside += r->ip >= (u64)loop_begin && r->ip <= (u64)loop_end;
	for (i = 0; i < r->nr_chain; i++)
		inside += i < 2 && r->chain[i] >= nest_begin &&
			  r->chain[i] < nest_end;
	s->chains += inside == 2;
}

void consume(struct set *s)
{
	u64 head = __atomic_load_n(&s->header->data_head, __ATOMIC_ACQUIRE);
	union {
		struct perfctr_record any;
		struct perfctr_record_sample sample;
		struct perfctr_record_lost lost;
		u64 room[8 + PERFCTR_MAX_STACK];
	} r;

	while (s->tail != head) {
		copy_out(s, s->tail, &r.any, sizeof(r.any));
		if (r.any.size < sizeof(r.any) || r.any.size > sizeof(r) ||
		    r.any.size % 8 || r.any.size > head - s->tail) {
			check(0, "a record's size", r.any.size, 0);
			exit(1);
		}
		copy_out(s, s->tail, &r, r.any.size);
		s->tail += r.any.size;
		if (r.any.type == PERFCTR_RECORD_SAMPLE)
			take_sample(s, &r.sample);
		else if (r.any.type != PERFCTR_RECORD_LOST)
			s->bad++;
		else if (r.lost.why == PERFCTR_LOST_RATE)
			s->lost_rate[r.lost.counter] += r.lost.lost;
		else
			s->lost_buffer += r.lost.lost;
	}
	__atomic_store_n(&s->header->data_tail, s->tail, __ATOMIC_RELEASE);
}

/* All overflows of a stopped set of one thread. */
struct perfctr_read account(struct set *s, const char *what)
{
	struct perfctr_read r = set_read(s);
	unsigned int i;
	char name[80];

	consume(s);
	for (i = 0; i < s->config.nr; i++) {
		if (s->config.counter[i].mode != PERFCTR_MODE_SAMPLE)
			continue;
		snprintf(name, sizeof(name), "%s, overflows of counter %u", what, i);
		equal(name, s->samples[i] + r.buffer_lost + r.missed[i],
		      r.value[i] / s->config.counter[i].period);
		snprintf(name, sizeof(name), "%s, missed ones told", what);
		equal(name, s->lost_rate[i], r.missed[i]);
	}
	snprintf(name, sizeof(name), "%s, wrong records", what);
	equal(name, s->bad, 0);
	return r;
}
