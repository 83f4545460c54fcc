// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads a counter in user mode and is stopped by another process before each of the
// read's instructions in turn, and moved to another CPU: there the thread is switched
// out, its counts are folded, and it goes on with other hardware counters. Another
// counter of the set samples meanwhile.
//
// The read begins again when it was stopped between its two looks at the epoch, and
// counts how often it begins. So it is known how many instructions lie between two
// reads, and the difference of their values must be that.
// Prints "ok NAME: ..." or "BAD NAME: ..."; exit status 1 if any is bad.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "vendor.h"

// The instructions of a read, and those before which a stop makes it begin again.
#define LENGTH 12
#define FIRST_AGAIN 2
#define LAST_AGAIN 10
#define ROUNDS 8
#define READS (ROUNDS * LENGTH + 2)
#define PERIOD 211ull
#define PAGES 16u

extern const unsigned long stepping_at[LENGTH];

struct shared {
    volatile unsigned long long value[READS];
    volatile unsigned int passes[READS];
    unsigned long long samples, missed, lost, events;
};

// The algorithm of <linux/perfctr.h>. Once, so that each instruction has one address.
__attribute__((noinline, noclone)) static unsigned long long
read_counter(volatile struct perfctr_slot *slot, unsigned int *passes_made)
{
    unsigned long long value;
    unsigned int epoch, index, passes = 0;

    // The NOP is where the reader is awaited, so that it is not a place to be stopped at.
    __asm__ volatile("nop\n"
                     "10: inc %[passes]\n"
                     "11: mov %[s_epoch], %[epoch]\n"
                     "12: mov %[s_index], %[index]\n"
                     "13: mov %[index], %%ecx\n"
                     "14: rdpmc\n"
                     "15: shl $32, %%rdx\n"
                     "16: or %%rdx, %%rax\n"
                     "17: shl $16, %%rax\n"
                     "18: sar $16, %%rax\n"
                     "19: add %[s_offset], %%rax\n"
                     "20: cmp %[s_epoch], %[epoch]\n"
                     "21: jne 10b\n"
                     ".pushsection .rodata\n"
                     ".balign 8\n"
                     ".globl stepping_at\n"
                     "stepping_at: .quad 10b, 11b, 12b, 13b, 14b, 15b, 16b, 17b\n"
                     ".quad 18b, 19b, 20b, 21b\n"
                     ".popsection"
                     : "=&a"(value), [epoch] "=&r"(epoch), [index] "=&r"(index),
                       [passes] "+&r"(passes)
                     : [s_epoch] "m"(slot->epoch), [s_index] "m"(slot->counter[0].index),
                       [s_offset] "m"(slot->counter[0].offset)
                     : "rcx", "rdx", "cc");
    *passes_made = passes;
    return value;
}

static void reader(struct shared *s)
{
    struct perfctr_config c = { .size = sizeof(c), .nr = 2, .buffer_pages = PAGES };
    struct perfctr_info info = { .size = sizeof(info) };
    struct perfctr_read r = { .size = sizeof(r) };
    volatile struct perfctr_buffer *b;
    struct perfctr_slot *slot;
    int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);

    c.counter[0].event = INSTRUCTIONS;
    c.counter[0].domain = PERFCTR_DOM_USER;
    c.counter[1].event = INSTRUCTIONS;
    c.counter[1].domain = PERFCTR_DOM_USER;
    c.counter[1].mode = PERFCTR_MODE_SAMPLE;
    c.counter[1].period = PERIOD;
    if (ioctl(fd, PERFCTR_IOC_INFO, &info) || ioctl(fd, PERFCTR_IOC_CONFIGURE, &c)) {
        perror("BAD configure");
        exit(1);
    }
    slot = mmap(NULL, info.mmap_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    b = mmap(NULL, (1 + PAGES) * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
             PERFCTR_MMAP_BUFFER);
    if (slot == MAP_FAILED || b == MAP_FAILED || ptrace(PTRACE_TRACEME, 0, 0, 0) ||
        ioctl(fd, PERFCTR_IOC_START)) {
        perror("BAD start");
        exit(1);
    }
    raise(SIGSTOP);
    for (int i = 0; i < READS; i++) {
        unsigned int passes;

        s->value[i] = read_counter(slot, &passes);
        s->passes[i] = passes;
    }
    raise(SIGSTOP);
    if (ioctl(fd, PERFCTR_IOC_STOP) || ioctl(fd, PERFCTR_IOC_READ, &r))
        exit(1);
    for (unsigned long long at = 0; at != b->data_head;) {
        const struct perfctr_record *record =
            (const void *)((const char *)b + b->data_offset + at % b->data_size);

        s->samples += record->type == PERFCTR_RECORD_SAMPLE;
        at += record->size;
    }
    s->missed = r.missed[1];
    s->lost = r.buffer_lost;
    s->events = r.value[1];
    exit(0);
}

static void move(pid_t pid, unsigned int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(pid, sizeof(set), &set)) {
        perror("BAD sched_setaffinity");
        exit(1);
    }
}

// Lets it run until it comes to an address.
static void run_to(pid_t pid, unsigned long address)
{
    int status;

    if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), 0) ||
        ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[0]), address) ||
        ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), 1) ||
        ptrace(PTRACE_CONT, pid, 0, 0) || waitpid(pid, &status, 0) != pid ||
        !WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) {
        puts("BAD reader: has not come to its next stop");
        exit(1);
    }
}

static int check(const char *name, int good, unsigned long long got, unsigned long long want)
{
    printf("%s %s: %llu, expected %llu\n", good ? "ok" : "BAD", name, got, want);
    return !good;
}

int main(void)
{
    unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), cpu = 0;
    struct shared *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                            0);
    unsigned long long plain;
    int bad = 0, status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        reader(s);
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP) {
        puts("BAD reader: has not started");
        return 1;
    }
    // The first two reads are not stopped within; the others once each, and before.
    run_to(pid, (unsigned long)read_counter);
    run_to(pid, (unsigned long)read_counter);
    for (int i = 2; i < READS; i++) {
        run_to(pid, (unsigned long)read_counter);
        move(pid, cpu++ % cpus);
        run_to(pid, stepping_at[i % LENGTH]);
        move(pid, cpu++ % cpus);
    }
    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), 0);
    ptrace(PTRACE_CONT, pid, 0, 0);
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP) {
        puts("BAD reader: has not come to its end");
        return 1;
    }
    ptrace(PTRACE_CONT, pid, 0, 0);
    waitpid(pid, &status, 0);

    // Of the first two reads each began once, but for a chance stop of the scheduler's.
    plain = s->value[1] - s->value[0] - (s->passes[1] - 1) * LENGTH;
    bad |= check("instructions from read to read", plain > LENGTH && plain < 40, plain, 26);
    for (int at = 0; at < LENGTH; at++) {
        unsigned int begun = at >= FIRST_AGAIN && at <= LAST_AGAIN ? 2 : 1, least = ~0u;
        unsigned long long wrong = 0;
        char name[64];

        for (int i = 2; i < READS; i++) {
            if (i % LENGTH != at)
                continue;
            least = s->passes[i] < least ? s->passes[i] : least;
            wrong += s->value[i] - s->value[i - 1] != plain + (s->passes[i] - 1) * LENGTH;
        }
        snprintf(name, sizeof(name), "stopped before instruction %d, reads begun", at);
        bad |= check(name, least == begun, least, begun);
        snprintf(name, sizeof(name), "stopped before instruction %d, wrong values", at);
        bad |= check(name, !wrong, wrong, 0);
    }
    bad |= check("overflows of the counter that samples",
                 s->events > READS * plain &&
                     s->samples + s->missed + s->lost == s->events / PERIOD,
                 s->samples + s->missed + s->lost, s->events / PERIOD);
    return bad || !WIFEXITED(status) || WEXITSTATUS(status);
}
