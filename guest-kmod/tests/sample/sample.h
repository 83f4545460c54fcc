/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample.h - what the parts of the program share
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/perfctr.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../vendor.h"

#define THREADS		4
#define PAGE		4096UL

typedef unsigned long long u64;
typedef unsigned int u32;

/* main.c */
extern struct perfctr_info info;
int check(int good, const char *what, u64 got, u64 want);
void die(const char *what);

#define equal(what, got, want) do {					\
	u64 got_ = (got), want_ = (want);				\
	check(got_ == want_, what, got_, want_);			\
} while (0)

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

/* set.c */
extern const char loop_begin[], loop_end[];
void loop(unsigned long n);
void set_open(struct set *s, u64 event, u64 period, unsigned int pages,
	      unsigned int flags);
void set_configure(struct set *s);
void set_close(struct set *s);
void control(struct set *s, unsigned long cmd);
struct perfctr_read set_read(struct set *s);
void copy_out(struct set *s, u64 at, void *to, size_t size);
void consume(struct set *s);
struct perfctr_read account(struct set *s, const char *what);
/* Where functions that call each other lie. */
extern u64 nest_begin, nest_end;

/* threads.c: they execute 300 * 3001 * 2 * (1 + ... + THREADS) instructions and more */
void workers_start(pthread_t thread[THREADS]);
void workers_join(pthread_t thread[THREADS]);

/* The parts.  counts.c */
void batches(void);
void beside(unsigned int flags);
void besides(void);
void slot(void);
/* threads.c */
void threads(unsigned int flags, u64 period);
void threaded(void);
/* lost.c */
void rates(void);
void small_buffer(void);
void throttled(void);
/* notice.c */
void polling(void);
void signalling(void);
void handlers(void);
/* chain.c */
void chains(void);
void hand_chains(void);
/* period.c */
void period(void);
void periods(void);
/* domains.c */
void kernel(unsigned int flags, u64 period);
void kernels(void);
void hypervisors(void);
/* refusals.c */
void refusals(void);

#endif
