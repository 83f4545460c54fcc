// SPDX-License-Identifier: LGPL-2.1-or-later
// life THREADS FILE: so many threads, and two more that sample, do pieces of work of
// known length until FILE exists. Each piece must count what work.h says, whatever
// becomes of the CPUs and of the guest meanwhile, and no count may go back; of the
// samples none may be missing: samples + missed + lost = value / period.
// Writes "ready" to standard error when all count. Prints "ok NAME: ..." or
// "BAD NAME: ..."; exit status 1 if any is bad.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "work.h"

#define PERIOD 10007ull
#define PAGES 64u
#define MOST 64u

static const char *end_file;
static unsigned int ready;

struct worker {
    pthread_t thread;
    unsigned int samples;       // it samples
    int fd;
    volatile struct perfctr_buffer *buffer;
    unsigned long long records;
    unsigned long long pieces, wrong;
    struct perfctr_read last;
    char why[160];
};

static void drain(struct worker *w)
{
    unsigned long long head = __atomic_load_n(&w->buffer->data_head, __ATOMIC_ACQUIRE);
    unsigned long long tail = w->buffer->data_tail;
    const char *data = (const char *)w->buffer + w->buffer->data_offset;

    while (tail != head) {
        // Sizes are multiples of 8: a record's head never wraps.
        struct perfctr_record r;

        memcpy(&r, data + tail % w->buffer->data_size, sizeof(r));
        w->records += r.type == PERFCTR_RECORD_SAMPLE;
        tail += r.size;
    }
    __atomic_store_n(&w->buffer->data_tail, tail, __ATOMIC_RELEASE);
}

static int start(struct worker *w)
{
    struct perfctr_config c = { .size = sizeof(c) };

    c.nr = w->samples ? 1 : WORK_EVENTS;
    for (unsigned int i = 0; i < c.nr; i++) {
        c.counter[i].event = work_event(i);
        c.counter[i].domain = PERFCTR_DOM_USER;
    }
    if (w->samples) {
        c.counter[0].mode = PERFCTR_MODE_SAMPLE;
        c.counter[0].period = PERIOD;
        c.buffer_pages = PAGES;
    }
    w->fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
    if (w->fd < 0 || ioctl(w->fd, PERFCTR_IOC_CONFIGURE, &c))
        return -1;
    if (w->samples) {
        w->buffer = mmap(NULL, (1 + PAGES) * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
                         PERFCTR_MMAP_BUFFER);
        if (w->buffer == MAP_FAILED)
            return -1;
    }
    return ioctl(w->fd, PERFCTR_IOC_START);
}

static void wrong(struct worker *w, const char *what, unsigned long long got,
                  unsigned long long want)
{
    if (!w->wrong++)
        snprintf(w->why, sizeof(w->why), ", first in piece %llu: %s %llu, not %llu", w->pieces,
                 what, got, want);
}

static void *run(void *arg)
{
    struct worker *w = arg;
    struct perfctr_read before = { .size = sizeof(before) }, after = before;

    w->last = before;
    if (start(w)) {
        snprintf(w->why, sizeof(w->why), ", start: %s", strerror(errno));
        w->wrong++;
        return NULL;
    }
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    while (access(end_file, F_OK)) {
        long error = work(w->fd, &before, &after);

        w->pieces++;
        if (error || after.state != PERFCTR_STATE_RUNNING) {
            wrong(w, error ? "error" : "state", error ? (unsigned long long)-error : after.state,
                  error ? 0 : PERFCTR_STATE_RUNNING);
            break;
        }
        for (unsigned int i = 0; i < after.nr; i++) {
            unsigned long long count = after.value[i] - before.value[i];

            if (count != work_expected[i])
                wrong(w, work_names[i], count, work_expected[i]);
            if (before.value[i] < w->last.value[i])
                wrong(w, "went back to", before.value[i], w->last.value[i]);
        }
        w->last = after;
        if (w->samples)
            drain(w);
        // Leaves something of the emulated machine to what happens to the guest.
        usleep(20000);
    }
    if (!w->samples)
        return NULL;
    // What has been taken until the read is in the buffer then.
    if (ioctl(w->fd, PERFCTR_IOC_STOP) || ioctl(w->fd, PERFCTR_IOC_READ, &w->last))
        wrong(w, "stop", (unsigned int)errno, 0);
    drain(w);
    if (w->records + w->last.missed[0] + w->last.buffer_lost != w->last.value[0] / PERIOD)
        wrong(w, "samples, missed and lost ones",
              w->records + w->last.missed[0] + w->last.buffer_lost, w->last.value[0] / PERIOD);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[MOST];
    unsigned int n, bad = 0;

    if (argc != 3 || (n = (unsigned int)atoi(argv[1])) > MOST - 2) {
        fputs("Usage: life THREADS FILE\n", stderr);
        return 2;
    }
    end_file = argv[2];
    n += 2;
    for (unsigned int i = 0; i < n; i++) {
        workers[i].samples = i >= n - 2;
        if (pthread_create(&workers[i].thread, NULL, run, &workers[i])) {
            perror("life: thread");
            return 1;
        }
    }
    for (int tries = 0; tries < 600 && __atomic_load_n(&ready, __ATOMIC_SEQ_CST) < n; tries++)
        usleep(100000);
    fputs("ready\n", stderr);
    for (unsigned int i = 0; i < n; i++) {
        struct worker *w = &workers[i];

        pthread_join(w->thread, NULL);
        bad += w->wrong || !w->pieces;
        printf("%s thread %u, %s: %llu pieces of work, %llu samples, %llu wrong%s\n",
               w->wrong || !w->pieces ? "BAD" : "ok", i, w->samples ? "sampling" : "counting",
               w->pieces, w->records, w->wrong, w->why);
    }
    return bad != 0;
}
