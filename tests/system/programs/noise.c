// SPDX-License-Identifier: LGPL-2.1-or-later
// noise secret HEX: until it is killed, on every CPU, work of which all event counts
// follow the bits of a secret.
// noise rdpmc: until it is killed, on every CPU, reads every counter, without having
// one; should that ever work, it ends with status 1.
// noise start: until it is killed, on every CPU, creates, starts, stops and closes
// counter sets.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "vendor.h"

static sigjmp_buf fault;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(fault, 1);
}

static void secret(unsigned long long bits)
{
    volatile unsigned int cells[64] = { 0 };

    for (unsigned int i = 0;; i = (i + 1) % 64)
        for (unsigned int n = 0; n < (bits >> i & 1 ? 4000u : 1000u); n++)
            if (bits >> i & 1)
                cells[n % 64] += cells[(n + 1) % 64];
            else
                __asm__ volatile("mul %%rcx" : : : "rax", "rdx");
}

static void rdpmc(void)
{
    struct sigaction action = { .sa_handler = on_fault };
    unsigned int lo, hi;

    sigaction(SIGSEGV, &action, NULL);
    for (volatile unsigned int i = 0;; i = i + 1) {
        if (sigsetjmp(fault, 1))
            continue;
        __asm__ volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(i % 32 | (i & 32 ? 1u << 30 : 0)));
        exit(1);
    }
}

static void start(void)
{
    struct perfctr_config c = { .size = sizeof(c), .nr = 2 };

    c.counter[0].event = INSTRUCTIONS;
    c.counter[1].event = BRANCHES;
    for (unsigned int n = 0;; n++) {
        int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);

        c.counter[0].domain = PERFCTR_DOM_USER | (n & 1 ? PERFCTR_DOM_KERNEL : 0);
        c.counter[1].domain = PERFCTR_DOM_USER;
        c.counter[1].mode = n & 2 ? PERFCTR_MODE_SAMPLE : PERFCTR_MODE_ACCUMULATE;
        c.counter[1].period = n & 2 ? 1000 + n % 100 : 0;
        if (ioctl(fd, PERFCTR_IOC_CONFIGURE, &c)) {
            perror("noise: configure");
            exit(1);
        }
        for (int i = 0; i < 10; i++)
            if (ioctl(fd, PERFCTR_IOC_START) || ioctl(fd, PERFCTR_IOC_STOP))
                exit(1);
        close(fd);
    }
}

int main(int argc, char **argv)
{
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), status, bad = 0;

    if (argc < 2 || (!strcmp(argv[1], "secret") && argc != 3)) {
        fputs("Usage: noise secret HEX | rdpmc | start\n", stderr);
        return 2;
    }
    for (int cpu = 0; cpu < cpus; cpu++) {
        cpu_set_t set;

        if (fork())
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        sched_setaffinity(0, sizeof(set), &set);
        if (!strcmp(argv[1], "secret"))
            secret(strtoull(argv[2], NULL, 16));
        if (!strcmp(argv[1], "rdpmc"))
            rdpmc();
        if (!strcmp(argv[1], "start"))
            start();
        exit(2);
    }
    while (wait(&status) > 0)
        bad |= status;
    return bad != 0;
}
