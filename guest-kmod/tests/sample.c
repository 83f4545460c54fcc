// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sampling in the module, without the library.  Loops of known length run under
 * counters that sample, and every overflow must be found again:
 *
 *	samples + lost samples + missed overflows == floor(value / period)
 *
 * in one thread, in threads that push each other off the CPU, above Xen's rate,
 * with a buffer that is too small, in batches and one by one.
 *
 *	cc -O2 -static -pthread -I../include/uapi -o sample sample.c
 *
 * Prints one line per check, and "sample: ok" or the number of failures.  As root:
 * one part counts the kernel too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perfctr.h>

#include "vendor.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS		4
#define PAGE		4096UL

typedef unsigned long long u64;
typedef unsigned int u32;

static struct perfctr_info info = { .size = sizeof(info) };
static int failures, checks;

static int check(int good, const char *what, u64 got, u64 want)
{
	checks++;
	printf("%s %d - %s: %llu, expected %llu\n", good ? "ok" : "not ok", checks,
	       what, got, want);
	if (!good)
		failures++;
	return good;
}

#define equal(what, got, want) do {					\
	u64 got_ = (got), want_ = (want);				\
	check(got_ == want_, what, got_, want_);			\
} while (0)

static void die(const char *what)
{
	printf("not ok - %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A set and what has been read of its buffer. */
struct set {
	int fd;
	struct perfctr_config config;
	unsigned int pages;
	volatile struct perfctr_buffer *header;
	const unsigned char *data;
	u64 tail;
	/* Since the last reset */
	u64 samples[PERFCTR_MAX_COUNTERS];
	u64 records;
	u64 lost_rate[PERFCTR_MAX_COUNTERS];
	u64 lost_buffer;
	u64 inside;		/* of the loop */
	u64 entered;
	u64 kernel;
	u64 hypervisor;
	u64 placed;		/* there, and with an address */
	u64 bad;		/* records that cannot be right */
	u64 chains;		/* complete ones */
	u64 last_count, last_time;
	/* Sees each record of a sample as well. */
	void (*look)(const struct perfctr_record_sample *r);
};

/* Two instructions per round; the address range is known. */
extern const char loop_begin[], loop_end[];
static __attribute__((noinline, noclone)) void loop(unsigned long n)
{
	asm volatile(".globl loop_begin, loop_end\n"
		     "loop_begin:\n"
		     "1:	dec %0\n"
		     "	jnz 1b\n"
		     "loop_end:"
		     : "+r" (n) : : "cc");
}

static void set_open(struct set *s, u64 event, u64 period, unsigned int pages,
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

static void set_configure(struct set *s)
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

static void set_close(struct set *s)
{
	if (s->header)
		munmap((void *)s->header, (1 + s->pages) * PAGE);
	close(s->fd);
}

static void control(struct set *s, unsigned long cmd)
{
	if (ioctl(s->fd, cmd))
		die("control");
}

static struct perfctr_read set_read(struct set *s)
{
	struct perfctr_read r = { .size = sizeof(r) };

	if (ioctl(s->fd, PERFCTR_IOC_READ, &r))
		die("read");
	return r;
}

static void copy_out(struct set *s, u64 at, void *to, size_t size)
{
	u64 mask = s->header->data_size - 1;
	unsigned char *bytes = to;
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = s->data[(at + i) & mask];
}

/* Where the functions that call each other below lie. */
static u64 nest_begin = -1, nest_end;

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

static void consume(struct set *s)
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
static struct perfctr_read account(struct set *s, const char *what)
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

static void batches(void)
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
static void beside(unsigned int flags)
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
static void slot(void)
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

/* Per thread: the sum over what each has counted. */
static void threads(unsigned int flags, u64 period)
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
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, worker, (void *)(long)(i + 1));
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
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

/* Above Xen's rate overflows are missed, and counted. */
static u64 rate(unsigned int flags, unsigned long n)
{
	struct perfctr_read r;
	struct set s;

	set_open(&s, INSTRUCTIONS, info.min_period, 4096, flags);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(n);
	syscall(SYS_getppid);
	loop(n);
	set_read(&s);
	loop(n);
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, "at a high rate");
	printf("# %llu samples, %llu missed\n", s.records, (u64)r.missed[0]);
	check(r.value[0] > 6 * n && r.value[0] < 6 * n + 100000,
	      "the count all the same", r.value[0], 6 * n);
	set_close(&s);
	return r.missed[0];
}

static void small_buffer(void)
{
	struct perfctr_read r;
	struct set s;

	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(1000000);
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, "small buffer");
	check(r.buffer_lost > 100, "small buffer, lost", r.buffer_lost, 101);
	equal("not told of yet", s.lost_buffer, 0);
	r = set_read(&s);
	consume(&s);
	equal("told of when there is room", s.lost_buffer, r.buffer_lost);
	control(&s, PERFCTR_IOC_START);
	loop(100000);
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, "small buffer again");
	equal("no more lost", s.lost_buffer, r.buffer_lost);

	/* A reader that writes nonsense loses samples, and nothing else. */
	memset((void *)s.header, 0xff, PAGE);
	s.header->data_tail = 1ULL << 62;
	control(&s, PERFCTR_IOC_START);
	loop(1000000);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	equal("overwritten header", s.samples[0] + r.buffer_lost + r.missed[0],
	      r.value[0] / 10007);
	set_close(&s);

	set_open(&s, INSTRUCTIONS, 10007, 0, 0);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(1000000);
	control(&s, PERFCTR_IOC_STOP);
	r = set_read(&s);
	equal("no buffer", r.buffer_lost + r.missed[0], r.value[0] / 10007);
	set_close(&s);
}

static u64 elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void polling(void)
{
	struct pollfd p = { .events = POLLIN };
	struct timespec since;
	struct perfctr_read r;
	struct set s;
	int go[2], ret, wakeups = 0;
	u64 held = 0;
	pid_t pid;
	char x;

	set_open(&s, INSTRUCTIONS, 10007, 64, PERFCTR_F_NOTIFY);
	p.fd = s.fd;
	equal("poll before configure", poll(&p, 1, 0) == 1 ? p.revents : 0,
	      POLLERR);
	if (pipe(go))
		die("pipe");
	pid = fork();
	if (!pid) {
		if (read(go[0], &x, 1) == 1)
			loop(50000000);
		_exit(0);
	}
	s.config.pid = pid;
	s.config.wakeup = 6400;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	equal("poll with nothing there", poll(&p, 1, 10), 0);
	if (write(go[1], "x", 1) != 1)
		die("write");
	clock_gettime(CLOCK_MONOTONIC, &since);
	do {
		ret = poll(&p, 1, 20000);
		if (ret != 1)
			break;
		wakeups++;
		if (p.revents == POLLIN)
			held += s.header->data_head - s.tail < 6400;
		consume(&s);
	} while (!(p.revents & POLLHUP));
	printf("# %d wake-ups in %llu ms\n", wakeups, elapsed_ms(&since));
	equal("poll until the end", p.revents & POLLHUP, POLLHUP);
	check(wakeups > 5, "wake-ups", wakeups, 6);
	equal("wake-ups for too little", held, 0);
	r = account(&s, "other process");
	check(r.value[0] >= 100000000 && r.value[0] < 100100000,
	      "other process, count", r.value[0], 100000000);
	check(s.inside + 5 >= s.records, "other process, inside the loop",
	      s.inside, s.records);
	waitpid(pid, NULL, 0);
	close(go[0]);
	close(go[1]);
	set_close(&s);
}

static volatile u64 signals, wrong_signals;

static void handler(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	signals++;
	if (si->si_code != PERFCTR_SI_OVERFLOW || si->si_int != 1)
		wrong_signals++;
}

static void signalling(void)
{
	struct sigaction sa = { .sa_sigaction = handler,
				.sa_flags = SA_SIGINFO };
	struct perfctr_read r;
	struct set s;
	pid_t pid;
	int status;

	sigaction(SIGRTMIN + 3, &sa, NULL);
	set_open(&s, INSTRUCTIONS, 100003, 16, PERFCTR_F_INHERIT);
	s.config.signal = SIGRTMIN + 3;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	loop(5000000);
	/* Not to a child, which may do without. */
	pid = fork();
	if (!pid) {
		signal(SIGRTMIN + 3, SIG_DFL);
		loop(1000000);
		_exit(7);
	}
	waitpid(pid, &status, 0);
	control(&s, PERFCTR_IOC_STOP);
	equal("child without signals", status, 7 << 8);
	r = set_read(&s);
	consume(&s);
	check(signals >= 99 && signals <= 101, "signals", signals,
	      10000000 / 100003);
	equal("wrong signals", wrong_signals, 0);
	check(s.records >= signals + 19 && s.records <= signals + 21,
	      "samples with those of the child", s.records, signals + 20);
	equal("missed", r.missed[0], 0);
	set_close(&s);
}

/* What a handler may do instead of returning. */
static sigjmp_buf out;
static u64 jumps;
static int stopped_fd;

static void jumper(int sig)
{
	(void)sig;
	jumps++;
	siglongjmp(out, 1);
}

static void stopper(int sig)
{
	(void)sig;
	ioctl(stopped_fd, PERFCTR_IOC_STOP);
}

static void leaver(int sig)
{
	_exit(sig == SIGRTMIN + 4 ? 9 : 10);
}

static void open_signalling(struct set *s, void (*handler)(int))
{
	signal(SIGRTMIN + 4, handler);
	set_open(s, INSTRUCTIONS, 50021, 16, 0);
	s->config.signal = SIGRTMIN + 4;
	set_configure(s);
	control(s, PERFCTR_IOC_START);
}

static void handlers(void)
{
	volatile int i;
	struct set s;
	pid_t pid;
	int status;

	open_signalling(&s, jumper);
	for (i = 0; i < 50; i++)
		if (!sigsetjmp(out, 1))
			for (;;)
				loop(1000);
	control(&s, PERFCTR_IOC_STOP);
	account(&s, "handler that jumps away");
	equal("jumps", jumps, 50);
	equal("a sample for each", s.records, 50);
	set_close(&s);

	open_signalling(&s, stopper);
	stopped_fd = s.fd;
	loop(1000000);
	account(&s, "handler that stops the set");
	equal("samples before that", s.records, 1);
	set_close(&s);

	pid = fork();
	if (!pid) {
		open_signalling(&s, leaver);
		for (;;)
			loop(1000);
	}
	waitpid(pid, &status, 0);
	equal("handler that exits", status, 9 << 8);
}

/* With frame pointers, so that each call is in the chain. */
#define FRAME __attribute__((noinline, noclone, \
			     optimize("no-omit-frame-pointer", \
				      "no-optimize-sibling-calls")))
static volatile int sink;

static FRAME void nest_inner(unsigned long n)
{
	loop(n);
	sink++;
}

static FRAME void nest_middle(unsigned long n)
{
	nest_inner(n);
	sink++;
}

static FRAME void nest_outer(unsigned long n)
{
	nest_middle(n);
	sink++;
}

static void chains(void)
{
	const u64 at[] = { (u64)nest_inner, (u64)nest_middle,
			   (u64)nest_outer };
	struct set s;
	int i;

	/* loop() has no frame: that of its caller is the innermost. */
	for (i = 0; i < 3; i++) {
		if (at[i] < nest_begin)
			nest_begin = at[i];
		if (at[i] + 64 > nest_end)
			nest_end = at[i] + 64;
	}
	set_open(&s, INSTRUCTIONS, 10007, 64, PERFCTR_F_CALLCHAIN);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	nest_outer(1000000);
	control(&s, PERFCTR_IOC_STOP);
	account(&s, "chains");
	check(s.chains + 2 >= s.records && s.chains > 100,
	      "chains of the nest", s.chains, s.records);
	set_close(&s);
}

/* A stack made by hand: two frames, then whatever @next says. */
static u64 hand_chain(u64 next, unsigned int max)
{
	static u64 stack[512] __attribute__((aligned(4096)));
	struct perfctr_record_sample *r;
	static u64 room[8 + PERFCTR_MAX_STACK];
	unsigned long n = 100000;
	u64 entries = 0, samples = 0;
	struct set s;

	stack[100] = (u64)&stack[110];
	stack[101] = 0x1111;
	stack[110] = next == 1 ? (u64)&stack[100] : next;
	stack[111] = 0x2222;
	set_open(&s, INSTRUCTIONS, 10007, 16, PERFCTR_F_CALLCHAIN);
	s.config.max_stack = max;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	asm volatile("push %%rbp\n\t"
		     "mov %%rsp, %%r12\n\t"
		     "mov %1, %%rsp\n\t"
		     "mov %2, %%rbp\n"
		     "1:	dec %0\n\t"
		     "jnz 1b\n\t"
		     "mov %%r12, %%rsp\n\t"
		     "pop %%rbp"
		     : "+r" (n)
		     : "r" (&stack[90]), "r" (&stack[100])
		     : "r12", "cc", "memory");
	control(&s, PERFCTR_IOC_STOP);
	set_read(&s);
	/* All but the first and the last are of the loop. */
	for (r = (void *)room; s.tail < s.header->data_head;
	     s.tail += r->record.size) {
		copy_out(&s, s.tail, room, sizeof(*r));
		copy_out(&s, s.tail, room, r->record.size);
		if (samples++ == 5) {
			entries = r->nr_chain;
			if (entries && r->chain[0] != 0x1111)
				entries = 99;
			if (entries > 1 && r->chain[1] != 0x2222)
				entries = 98;
		}
	}
	set_close(&s);
	return entries;
}

static void hand_chains(void)
{
	equal("chain that ends", hand_chain(0, 0), 2);
	equal("chain cut off", hand_chain(0, 1), 1);
	equal("chain that goes back", hand_chain(1, 0), 2);
	equal("chain to kernel memory", hand_chain(0xffff888000000000, 0), 2);
	equal("chain to nowhere", hand_chain(0x10, 0), 2);
	equal("chain out of the stack", hand_chain((u64)&info & ~7ULL, 0), 2);
	equal("chain not aligned", hand_chain((u64)-1, 0), 2);
	equal("chain odd", hand_chain(3, 0), 2);
}

static int period_error(struct set *s, unsigned int counter, u64 period)
{
	struct perfctr_period p = { .size = sizeof(p), .counter = counter,
				    .period = period };

	return ioctl(s->fd, PERFCTR_IOC_PERIOD, &p) ? errno : 0;
}

static void period(void)
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
static void periods(void)
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
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, worker, (void *)(long)(i + 1));
	for (i = 0; i < PERIODS; i++) {
		if (period_error(&s, 0, i % 2 ? LONG : SHORT))
			die("period");
		usleep(300);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
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

/* The overflow interrupt comes anywhere in the kernel, in the module too. */
static void kernel(unsigned int flags, u64 period)
{
	struct perfctr_read r;
	struct set s;
	int i;

	set_open(&s, INSTRUCTIONS, period, 1024, flags);
	s.config.counter[0].domain = PERFCTR_DOM_USER | PERFCTR_DOM_KERNEL;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	for (i = 0; i < 3000; i++) {
		syscall(SYS_getppid);
		if (i % 100 == 0)
			sched_yield();
		if (i % 500 == 0)
			usleep(10);
		if (i % 700 == 0)
			set_read(&s);
	}
	control(&s, PERFCTR_IOC_STOP);
	r = account(&s, flags ? "kernel, one by one" : "kernel");
	check(r.value[0] > 3000 * 50, "kernel, count", r.value[0], 3000 * 50);
	check(s.kernel > s.records / 10, "kernel, samples there", s.kernel,
	      s.records / 10);
	set_close(&s);
}

static int configure_error(struct set *s)
{
	int ret = ioctl(s->fd, PERFCTR_IOC_CONFIGURE, &s->config) ? errno : 0;

	close(s->fd);
	return ret;
}

static int map_error(struct set *s, size_t size, int prot, int flags, off_t at)
{
	void *p = mmap(NULL, size, prot, flags, s->fd, at);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

static void refusals(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct set s;
	int status;

	set_open(&s, INSTRUCTIONS, 10007, 3, 0);
	equal("three pages", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 8192, 0);
	equal("too many pages", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.wakeup = 4097;
	equal("wake-up larger than the buffer", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.signal = SIGKILL;
	equal("SIGKILL", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.signal = 65;
	equal("no such signal", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, PERFCTR_F_CALLCHAIN);
	s.config.max_stack = 128;
	equal("deep stack", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.max_stack = 10;
	equal("stack without chain", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 0, PERFCTR_F_NOTIFY);
	s.config.counter[0].mode = PERFCTR_MODE_ACCUMULATE;
	s.config.counter[0].period = 0;
	equal("notify without sampling", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, 10007, 1, 0);
	s.config.counter[0].mode = PERFCTR_MODE_ACCUMULATE;
	s.config.counter[0].period = 0;
	equal("buffer without sampling", configure_error(&s), EINVAL);
	set_open(&s, INSTRUCTIONS, info.min_period - 1, 1, 0);
	equal("period below the policy's", configure_error(&s), EACCES);
	set_open(&s, INSTRUCTIONS, 1ULL << 46, 1, 0);
	equal("period too long", configure_error(&s), EINVAL);

	set_open(&s, INSTRUCTIONS, 10007, 4, 0);
	equal("buffer before configure",
	      map_error(&s, 5 * PAGE, rw, MAP_SHARED, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	set_configure(&s);
	equal("private buffer",
	      map_error(&s, 5 * PAGE, rw, MAP_PRIVATE, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	equal("part of the buffer",
	      map_error(&s, 4 * PAGE, rw, MAP_SHARED, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	equal("more than the buffer",
	      map_error(&s, 6 * PAGE, rw, MAP_SHARED, PERFCTR_MMAP_BUFFER),
	      EINVAL);
	equal("executable buffer",
	      map_error(&s, 5 * PAGE, rw | PROT_EXEC, MAP_SHARED,
			PERFCTR_MMAP_BUFFER), EPERM);
	equal("buffer made executable",
	      mprotect((void *)s.header, PAGE, rw | PROT_EXEC) ? errno : 0,
	      EACCES);
	if (!fork())
		_exit(map_error(&s, 5 * PAGE, rw, MAP_SHARED,
				PERFCTR_MMAP_BUFFER));
	wait(&status);
	equal("another process' buffer", WEXITSTATUS(status), EPERM);
	if (!fork()) {
		sink = *(volatile unsigned int *)s.data;
		_exit(0);
	}
	wait(&status);
	equal("the buffer after fork", WTERMSIG(status), SIGSEGV);
	set_close(&s);
}

static void kernels(void)
{
	if (!(info.flags & PERFCTR_INFO_KERNEL))
		return;
	kernel(0, 1009);
	kernel(0, 10007);
	kernel(PERFCTR_F_NOTIFY, 50021);
}

/* Xen's own instructions for this VCPU, which come with each system call. */
static void hypervisor(unsigned int domain, u64 period)
{
	struct set s;
	int i;

	set_open(&s, INSTRUCTIONS, period, 1024, 0);
	s.config.counter[0].domain = domain;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	for (i = 0; i < 3000; i++)
		syscall(SYS_getppid);
	control(&s, PERFCTR_IOC_STOP);
	account(&s, "hypervisor");
	/* Most samples are taken there, a few where Xen has just left. */
	check(s.hypervisor > (domain == PERFCTR_DOM_HYP ? s.records / 2 : 0),
	      "hypervisor, samples there", s.hypervisor, s.records);
	equal("hypervisor, with an address", s.placed, s.hypervisor);
	set_close(&s);
}

static void hypervisors(void)
{
	hypervisor(PERFCTR_DOM_HYP, 10007);
	hypervisor(PERFCTR_DOM_USER | PERFCTR_DOM_KERNEL | PERFCTR_DOM_HYP,
		   10007);
}

static void besides(void)
{
	beside(0);
	beside(PERFCTR_F_NOTIFY);
}

static void threaded(void)
{
	threads(0, 10007);
	threads(PERFCTR_F_NOTIFY, 4001);
}

static void rates(void)
{
	rate(0, 1000000);
	rate(PERFCTR_F_NOTIFY, 100000);
}

/* With a rate that is known to be too low for this machine. */
static void throttled(void)
{
	u64 missed = rate(0, 10000000);

	check(missed > 1000, "throttled, missed", missed, 1001);
	missed = rate(PERFCTR_F_NOTIFY, 10000000);
	check(missed > 1000, "throttled, one by one, missed", missed, 1001);
	kernel(0, info.min_period);
	kernel(PERFCTR_F_NOTIFY, info.min_period);
	threads(0, info.min_period);
	beside(PERFCTR_F_NOTIFY);
	slot();
}

static const struct {
	const char *name;
	void (*run)(void);
} PARTS[] = {
	{ "batches", batches },		{ "beside", besides },
	{ "slot", slot },		{ "threads", threaded },
	{ "rate", rates },		{ "buffer", small_buffer },
	{ "poll", polling },		{ "signal", signalling },
	{ "handlers", handlers },
	{ "chain", chains },		{ "hand-chain", hand_chains },
	{ "period", period },		{ "periods", periods },
	{ "refusals", refusals },	{ "kernel", kernels },
	{ "throttled", throttled },	{ "hypervisor", hypervisors },
};

/*
 * The parts that are named, or all but those that need another policy: `throttled' a
 * pmi-rate of 2000, `hypervisor' that Xen may be counted.
 */
int main(int argc, char **argv)
{
	int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC), i;
	size_t part;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fd < 0)
		die("/dev/perfctr");
	if (ioctl(fd, PERFCTR_IOC_INFO, &info))
		die("info");
	close(fd);
	if (!(info.flags & PERFCTR_INFO_SAMPLE)) {
		puts("1..0 # SKIP this Xen does not sample");
		return 3;
	}
	printf("# least period %llu\n", (u64)info.min_period);
	for (part = 0; part < sizeof(PARTS) / sizeof(PARTS[0]); part++) {
		for (i = 1; i < argc; i++)
			if (!strcmp(argv[i], PARTS[part].name))
				break;
		if (argc > 1 ? i == argc : PARTS[part].run == throttled ||
					   PARTS[part].run == hypervisors)
			continue;
		printf("# %s\n", PARTS[part].name);
		/* One that hangs is a failure too. */
		alarm(120);
		PARTS[part].run();
	}
	printf("1..%d\n", checks);
	if (failures)
		printf("sample: %d failed\n", failures);
	else
		puts("sample: ok");
	return failures != 0;
}
