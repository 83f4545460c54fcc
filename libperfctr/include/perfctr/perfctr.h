/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * perfctr.h: the C interface of libperfctr.
 *
 * Functions return 0 or a negative errno, and describe a failure in *error when
 * that is not NULL.  A structure starts with its size, which the caller sets:
 * fields are only ever added at the end, so old programs keep working.
 */
#ifndef PERFCTR_PERFCTR_H
#define PERFCTR_PERFCTR_H

#include <perfctr/slot_read.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct perfctr_set;

struct perfctr_error {
	size_t size;         /* IN: sizeof(struct perfctr_error) */
	uint32_t code;       /* perfctr::Errc, see <perfctr/error.hpp> */
	int32_t sys_errno;
	char message[256];   /* what was observed, and why */
	char remedy[256];    /* what to do about it, may be empty */
	char subject[64];    /* the offending part of the input */
};

enum perfctr_backend {
	PERFCTR_BACKEND_AUTO = 0,
	PERFCTR_BACKEND_DEVICE = 1,
	PERFCTR_BACKEND_PERF_EVENT = 2
};

struct perfctr_options {
	size_t size;         /* IN: sizeof(struct perfctr_options) */
	uint32_t backend;    /* enum perfctr_backend */
	uint32_t flags;      /* PERFCTR_F_* of <linux/perfctr.h> */
	pid_t tid;           /* the thread to count, 0: the caller */
};

struct perfctr_values {
	size_t size;         /* IN: sizeof(struct perfctr_values) */
	uint32_t state;      /* PERFCTR_STATE_* */
	uint32_t nr;
	uint64_t value[PERFCTR_MAX_COUNTERS];
	uint64_t time_enabled_ns;
	uint64_t time_running_ns;
	uint64_t time_stolen_ns;
	uint32_t nr_threads;
	uint32_t lost;
};

/*
 * A stopped set of the events, named as in perfctr-list(1) and separated by
 * commas.  options may be NULL.
 */
int perfctr_set_open(struct perfctr_set **set, const char *events,
		     const struct perfctr_options *options, struct perfctr_error *error);
void perfctr_set_close(struct perfctr_set *set);

int perfctr_set_start(struct perfctr_set *set, struct perfctr_error *error);
int perfctr_set_stop(struct perfctr_set *set, struct perfctr_error *error);
int perfctr_set_reset(struct perfctr_set *set, struct perfctr_error *error);

unsigned perfctr_set_size(const struct perfctr_set *set);
const char *perfctr_set_event(const struct perfctr_set *set, unsigned index);
unsigned perfctr_set_state(const struct perfctr_set *set);

/* All counters, of the thread and all that inherited; from any thread. */
int perfctr_set_read(struct perfctr_set *set, struct perfctr_values *values,
		     struct perfctr_error *error);

/*
 * For reading in user mode, in the counted thread: keep the address in a local
 * variable and call perfctr_slot_read(slot, index).
 */
const struct perfctr_slot *perfctr_set_slot(const struct perfctr_set *set);

/*
 * Sampling: per period of an event, where a thread was.  Each event may have a
 * period of its own, "instructions@1000000,branch-misses@10k"; the others have
 * the period or the frequency of the options, else 4000 samples a second.
 */
struct perfctr_sampler;

struct perfctr_sampler_options {
	size_t size;         /* IN: sizeof(struct perfctr_sampler_options) */
	uint32_t backend;    /* enum perfctr_backend */
	uint32_t flags;      /* PERFCTR_F_* of <linux/perfctr.h>, not PER_THREAD */
	pid_t tid;           /* the thread to sample, 0: the caller */
	uint32_t signal;     /* sent to the sampled thread per sample, 0: none */
	uint64_t period;     /* events per sample, or 0 */
	uint64_t frequency;  /* samples a second on a CPU, or 0 */
	uint32_t buffer_pages; /* a power of two, 0: 128 */
	uint32_t wakeup_bytes; /* that wake a poll(), 0: half the buffer */
	uint32_t max_stack;  /* most entries of a call chain, 0: all */
	uint32_t zero;
};

struct perfctr_sample {
	size_t size;         /* of this structure, as the library knows it */
	uint64_t ip;         /* next instruction; 0: hidden */
	uint64_t time_ns;    /* CLOCK_MONOTONIC */
	pid_t pid, tid;
	uint32_t cpu;
	uint32_t counters;   /* bit i: event i overflowed; 0: samples were lost */
	uint32_t mode;       /* PERFCTR_IN_* */
	uint32_t flags;      /* PERFCTR_SAMPLE_* */
	uint64_t period;     /* of the lowest of these events */
	uint64_t count;      /* of the thread, of the lowest of these; 0: not known */
	uint64_t lost;       /* samples lost or overflows missed here */
	const uint64_t *chain; /* return addresses, until the callback returns */
	uint32_t nr_chain;
};

struct perfctr_sample_totals {
	size_t size;         /* IN: sizeof(struct perfctr_sample_totals) */
	uint32_t state;      /* PERFCTR_STATE_* */
	uint32_t nr;
	uint64_t value[PERFCTR_MAX_COUNTERS];
	uint64_t missed[PERFCTR_MAX_COUNTERS]; /* overflows without a sample */
	uint64_t buffer_lost; /* samples for which no room was */
	uint64_t throttled;  /* perf_event: times that sampling stopped */
	uint64_t time_enabled_ns;
	uint64_t time_running_ns;
	uint64_t time_stolen_ns;
	uint32_t nr_threads;
	uint32_t lost;
};

/* A stopped sampler.  options may be NULL. */
int perfctr_sampler_open(struct perfctr_sampler **sampler, const char *events,
			 const struct perfctr_sampler_options *options,
			 struct perfctr_error *error);
void perfctr_sampler_close(struct perfctr_sampler *sampler);

int perfctr_sampler_start(struct perfctr_sampler *sampler, struct perfctr_error *error);
int perfctr_sampler_stop(struct perfctr_sampler *sampler, struct perfctr_error *error);

/* For poll(): POLLIN when it is time to drain. */
int perfctr_sampler_fd(const struct perfctr_sampler *sampler);

/*
 * Calls back for each sample in the buffer, and for each loss (counters is 0
 * then), and empties the buffer.  The callback must not use the sampler.
 */
typedef void perfctr_sample_callback(const struct perfctr_sample *sample, void *argument);
int perfctr_sampler_drain(struct perfctr_sampler *sampler, perfctr_sample_callback *callback,
			  void *argument, struct perfctr_error *error);

/* The sums; samples taken before the call are in the buffer after it. */
int perfctr_sampler_read(struct perfctr_sampler *sampler, struct perfctr_sample_totals *totals,
			 struct perfctr_error *error);

unsigned perfctr_sampler_size(const struct perfctr_sampler *sampler);
const char *perfctr_sampler_event(const struct perfctr_sampler *sampler, unsigned index);
/* The period now; 0 where the kernel keeps it to itself. */
uint64_t perfctr_sampler_period(const struct perfctr_sampler *sampler, unsigned index);

const char *perfctr_version(void);

#ifdef __cplusplus
}
#endif

#endif /* PERFCTR_PERFCTR_H */
