// SPDX-License-Identifier: LGPL-2.1-or-later
// storm spin|sample SECONDS: keeps every CPU busy, one process on each, for so many
// seconds. With `sample` each one samples three counters at the least period that
// the policy allows, and nobody reads the samples: as many overflow interrupts as
// there can be.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "vendor.h"

#define NR 3

static void start(void)
{
    const unsigned int events[NR] = { INSTRUCTIONS, BRANCHES, CONDITIONAL };
    struct perfctr_info info = { .size = sizeof(info) };
    struct perfctr_config c = { .size = sizeof(c), .nr = NR, .buffer_pages = 16 };
    int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);

    if (fd < 0 || ioctl(fd, PERFCTR_IOC_INFO, &info)) {
        perror("storm: /dev/perfctr");
        exit(1);
    }
    for (unsigned int i = 0; i < NR; i++) {
        c.counter[i].event = events[i];
        c.counter[i].domain = PERFCTR_DOM_USER;
        c.counter[i].mode = PERFCTR_MODE_SAMPLE;
        c.counter[i].period = info.min_period;
    }
    if (ioctl(fd, PERFCTR_IOC_CONFIGURE, &c) || ioctl(fd, PERFCTR_IOC_START)) {
        perror("storm: configure");
        exit(1);
    }
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int child(int cpu, int sample, double end)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set)) {
        perror("storm: sched_setaffinity");
        return 1;
    }
    if (sample)
        start();
    while (now() < end) {
        unsigned long n = 300000;

        __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
    }
    return 0;
}

int main(int argc, char **argv)
{
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), bad = 0, status;
    double end;

    if (argc != 3) {
        fputs("Usage: storm spin|sample SECONDS\n", stderr);
        return 2;
    }
    end = now() + atof(argv[2]);
    for (int cpu = 0; cpu < cpus; cpu++)
        if (!fork())
            exit(child(cpu, !strcmp(argv[1], "sample"), end));
    while (wait(&status) > 0)
        bad |= status;
    return bad != 0;
}
