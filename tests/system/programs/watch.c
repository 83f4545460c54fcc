// SPDX-License-Identifier: LGPL-2.1-or-later
// watch TIMES: on every CPU a process that does the same work again and again, and
// counts it: it must always find what this file says, to the last instruction. Before,
// between and after, it looks at every counter that is not its own.
// Prints "ok NAME: ..." or "BAD NAME: ..."; exit status 1 if any is bad. Nothing of
// what it prints depends on time, so two runs print the same.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work.h"

#define NR WORK_EVENTS

static sigjmp_buf fault;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(fault, 1);
}

// Reads every index but those of `c`: 0 where there is such a counter, or a fault.
static int others(int cpu, const char *when, const struct perfctr_config *c)
{
    static const unsigned int kinds[] = { 0, 1u << 30, 1u << 29, 1u << 31 };
    volatile unsigned int zeros = 0, faults = 0, seen = 0;

    for (volatile unsigned int k = 0; k < sizeof(kinds) / sizeof(*kinds); k = k + 1) {
        for (volatile unsigned int i = 0; i < 32; i = i + 1) {
            unsigned int index = kinds[k] | i, own = 0, lo, hi;

            for (unsigned int j = 0; c && j < c->nr; j++)
                own |= c->counter[j].rdpmc == index;
            if (own)
                continue;
            if (sigsetjmp(fault, 1)) {
                faults = faults + 1;
                continue;
            }
            __asm__ volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(index));
            if (lo || hi) {
                printf("BAD cpu %d, %s: index %#x reads %#x%08x\n", cpu, when, index, hi, lo);
                seen = seen + 1;
            } else {
                zeros = zeros + 1;
            }
        }
    }
    printf("%s cpu %d, %s: %u others read zero, %u fault\n",
           seen || (!c && zeros) ? "BAD" : "ok", cpu, when, zeros, faults);
    return seen || (!c && zeros);
}

static int child(int cpu, unsigned int times)
{
    struct perfctr_config c = { .size = sizeof(c), .nr = NR };
    struct perfctr_read before = { .size = sizeof(before) }, after = before;
    struct sigaction action = { .sa_handler = on_fault };
    unsigned int same[NR] = { 0 };
    int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC), bad;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (fd < 0 || sched_setaffinity(0, sizeof(set), &set) || sigaction(SIGSEGV, &action, NULL)) {
        perror("BAD watch");
        return 1;
    }
    bad = others(cpu, "without a counter", NULL);
    for (unsigned int i = 0; i < NR; i++) {
        c.counter[i].event = work_event(i);
        c.counter[i].domain = PERFCTR_DOM_USER;
    }
    if (ioctl(fd, PERFCTR_IOC_CONFIGURE, &c) || ioctl(fd, PERFCTR_IOC_START)) {
        perror("BAD configure");
        return 1;
    }
    for (unsigned int n = 0; n < times; n++) {
        if (work(fd, &before, &after)) {
            puts("BAD read");
            return 1;
        }
        for (unsigned int i = 0; i < NR; i++) {
            unsigned long long count = after.value[i] - before.value[i];

            same[i] += count == work_expected[i];
            if (count != work_expected[i])
                printf("BAD cpu %d, time %u: %s are %llu, not %llu\n", cpu, n, work_names[i], count,
                       work_expected[i]);
        }
        if (n % 16 == 0)
            bad |= others(cpu, "while it counts", &c);
    }
    for (unsigned int i = 0; i < NR; i++) {
        bad |= same[i] != times;
        printf("%s cpu %d, %s: %u times %llu\n", same[i] == times ? "ok" : "BAD", cpu, work_names[i],
               same[i], work_expected[i]);
    }
    close(fd);
    return bad | others(cpu, "after it has counted", NULL);
}

#define MOST 64

int main(int argc, char **argv)
{
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), bad = 0, status;
    FILE *lines[MOST];

    if (argc != 2 || cpus > MOST) {
        fputs("Usage: watch TIMES\n", stderr);
        return 2;
    }
    // Each writes to a file of its own, shown when all have ended.
    for (int cpu = 0; cpu < cpus; cpu++) {
        lines[cpu] = tmpfile();
        if (!lines[cpu]) {
            perror("watch: temporary file");
            return 1;
        }
        fflush(stdout);
        if (fork() == 0) {
            dup2(fileno(lines[cpu]), 1);
            status = child(cpu, (unsigned int)atoi(argv[1]));
            fflush(stdout);
            _exit(status);
        }
    }
    while (wait(&status) > 0)
        bad |= status;
    for (int cpu = 0; cpu < cpus; cpu++) {
        char text[256];

        rewind(lines[cpu]);
        while (fgets(text, sizeof(text), lines[cpu]))
            fputs(text, stdout);
    }
    return bad != 0;
}
