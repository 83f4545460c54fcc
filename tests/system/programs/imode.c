// SPDX-License-Identifier: LGPL-2.1-or-later
// The overflow tests of others, on the bare interface. Prints "ok NAME: ..." or
// "BAD NAME: ..."; exit status 1 if any is bad.
//
// overcount: rr executes 500 conditional branches with an interrupt after 499, and
//     refuses a machine where more than 500 come back.
// reprogram: rr sets a period that is never reached to a short one, and expects the
//     overflow to be told.
// threads: the original perfctr's test with PAPI: four threads, each interrupted
//     300 times, must have executed 300 periods each.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "vendor.h"

#define THREADS 4
#define PERIODS 300
#define PERIOD 10007ul
#define REPEAT 200

static int bad;

static void expect(const char *name, unsigned long got, unsigned long least, unsigned long most)
{
    int good = got >= least && got <= most;

    bad |= !good;
    printf("%s %s: %lu, expected %lu to %lu\n", good ? "ok" : "BAD", name, got, least, most);
}

static void die(const char *what)
{
    printf("BAD %s: %s\n", what, strerror(errno));
    exit(1);
}

static int sampling(unsigned int event, unsigned long period, int sig)
{
    struct perfctr_config c = { .size = sizeof(c), .flags = PERFCTR_F_NOTIFY, .nr = 1,
                                .buffer_pages = 16, .wakeup = 8, .signal = (unsigned int)sig };
    int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);

    c.counter[0].event = event;
    c.counter[0].domain = PERFCTR_DOM_USER;
    c.counter[0].mode = PERFCTR_MODE_SAMPLE;
    c.counter[0].period = period;
    if (fd < 0 || ioctl(fd, PERFCTR_IOC_CONFIGURE, &c))
        die("configure");
    return fd;
}

static struct perfctr_read values(int fd)
{
    struct perfctr_read r = { .size = sizeof(r) };

    if (ioctl(fd, PERFCTR_IOC_READ, &r))
        die("read");
    return r;
}

// Starts, executes so many conditional branches, and stops, with no other
// conditional branch in between.
static void branches(int fd, unsigned long n)
{
    long result;

    __asm__ volatile("syscall\n"
                     "1: dec %[n]\n\t"
                     "jnz 1b\n\t"
                     "mov %[sys], %%eax\n\t"
                     "mov %[stop], %%esi\n\t"
                     "syscall"
                     : "=a"(result), [n] "+r"(n), "+S"(*&(unsigned long){PERFCTR_IOC_START})
                     : "0"((long)SYS_ioctl), "D"((long)fd), [sys] "i"(SYS_ioctl),
                       [stop] "i"(PERFCTR_IOC_STOP)
                     : "rcx", "r11", "cc", "memory");
    if (result)
        die("stop");
}

static void overcount(void)
{
    unsigned long least = -1ul, most = 0, notified = 0;

    for (int i = 0; i < REPEAT; i++) {
        int fd = sampling(CONDITIONAL, 499, 0);
        struct pollfd p = { .fd = fd, .events = POLLIN };
        unsigned long value;

        branches(fd, 500);
        value = values(fd).value[0];
        least = value < least ? value : least;
        most = value > most ? value : most;
        notified += poll(&p, 1, 0) == 1;
        close(fd);
    }
    expect("overcount, least of 500 branches", least, 500, 500);
    expect("overcount, most of 500 branches", most, 500, 500);
    expect("overcount, times that it was told", notified, REPEAT, REPEAT);
}

static void reprogram(void)
{
    struct perfctr_period period = { .size = sizeof(period), .period = 100 };
    int fd = sampling(CONDITIONAL, 0xffffffff, 0);
    struct pollfd p = { .fd = fd, .events = POLLIN };

    branches(fd, 500);
    expect("reprogram, nothing told before", (unsigned long)poll(&p, 1, 0), 0, 0);
    if (ioctl(fd, PERFCTR_IOC_PERIOD, &period))
        die("period");
    branches(fd, 500);
    expect("reprogram, told of after", (unsigned long)poll(&p, 1, 0), 1, 1);
    expect("reprogram, branches", values(fd).value[0], 1000, 1000);
    close(fd);
}

static _Thread_local volatile unsigned long interrupts;

static void on_overflow(int sig)
{
    (void)sig;
    interrupts++;
}

static const struct perfctr_buffer *map_buffer(int fd)
{
    void *buffer = mmap(NULL, 17 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                        PERFCTR_MMAP_BUFFER);

    if (buffer == MAP_FAILED)
        die("mmap");
    return buffer;
}

// The number of records, and how many events they came late in all.
static unsigned long look(const struct perfctr_buffer *buffer, unsigned long *late)
{
    const struct perfctr_record_sample *s =
        (const void *)((const char *)buffer + buffer->data_offset);
    unsigned long records = buffer->data_head / sizeof(*s);

    *late = 0;
    for (unsigned long i = 0; i < records; i++)
        *late += s[i].count - (i + 1) * PERIOD;
    return records;
}

// What a thread has executed beyond its periods are the handler's instructions.
static void *thread(void *arg)
{
    const struct perfctr_buffer *buffer;
    int fd = sampling(INSTRUCTIONS, PERIOD, SIGRTMIN + 2);
    unsigned long n = (PERIODS * PERIOD + 200) / 2, records, late;
    struct perfctr_read r;
    char name[60];

    buffer = map_buffer(fd);
    if (ioctl(fd, PERFCTR_IOC_START))
        die("start");
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
    if (ioctl(fd, PERFCTR_IOC_STOP))
        die("stop");
    r = values(fd);
    records = look(buffer, &late);
#define EXPECT(what, got, least, most) \
    (snprintf(name, sizeof(name), "threads, %ld: " what, (long)arg), \
     expect(name, got, least, most))
    EXPECT("interrupts", interrupts, PERIODS, PERIODS);
    EXPECT("records", records, PERIODS, PERIODS);
    EXPECT("missed", r.missed[0] + r.buffer_lost, 0, 0);
    EXPECT("periods executed", r.value[0] / PERIOD, PERIODS, PERIODS);
    EXPECT("instructions after the overflows", late, 0, 0);
    close(fd);
    return NULL;
}

// The same with cycles, which pass while the interrupt is on its way: how many is
// printed, and each period is accounted for all the same.
static void *thread_cycles(void *arg)
{
    const struct perfctr_buffer *buffer;
    int fd = sampling(CYCLES, PERIOD, SIGRTMIN + 2);
    unsigned long records, late;
    struct perfctr_read r;
    char name[60];

    buffer = map_buffer(fd);
    interrupts = 0;
    if (ioctl(fd, PERFCTR_IOC_START))
        die("start");
    while (interrupts < PERIODS)
        for (unsigned long n = 1000; n; n--)
            __asm__ volatile("");
    if (ioctl(fd, PERFCTR_IOC_STOP))
        die("stop");
    r = values(fd);
    records = look(buffer, &late);
    EXPECT("cycles, a record for each period", records, r.value[0] / PERIOD,
           r.value[0] / PERIOD);
    EXPECT("cycles, missed", r.missed[0] + r.buffer_lost, 0, 0);
    printf("# threads, %ld: %.2f cycles after an overflow, %.4f %% of the period\n", (long)arg,
           (double)late / (double)records, 100.0 * (double)late / (double)records / PERIOD);
    close(fd);
    return NULL;
}

static void run_threads(void *(*function)(void *))
{
    pthread_t threads[THREADS];

    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, function, (void *)i))
            die("pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    struct sigaction action = { .sa_handler = on_overflow };

    overcount();
    reprogram();
    sigaction(SIGRTMIN + 2, &action, NULL);
    run_threads(thread);
    run_threads(thread_cycles);
    return bad;
}
