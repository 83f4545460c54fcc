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

const char *perfctr_version(void);

#ifdef __cplusplus
}
#endif

#endif /* PERFCTR_PERFCTR_H */
