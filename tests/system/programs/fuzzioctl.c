// SPDX-License-Identifier: LGPL-2.1-or-later
// fuzzioctl SEED CALLS: CALLS random uses of /dev/perfctr on each CPU at once.
//
// The same seed makes the same calls. Most arguments are nearly right, so that they get
// past the first check; sets count, sample, are mapped, closed and inherited all the
// while. Every answer has to be one that doc/abi.md knows, and the process has to be
// able to count afterwards. Prints "ok NAME: numbers" or "BAD NAME: what".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "vendor.h"

#define SETS 6

static uint64_t state;
static volatile sig_atomic_t signals;
static int fds[SETS];
static void *maps[SETS];
static size_t lengths[SETS];
static char *edge; // a page, and nothing behind it
static unsigned long answers[134], calls;

static uint64_t any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t n)
{
    return any() % n;
}

static void on_signal(int number)
{
    (void)number;
    signals++;
}

// What the interface documents; 0 is success.
static void answer(const char *what, int result)
{
    static const int known[] = {0, EINVAL, EFAULT, ENOENT, ENOSPC, EACCES, EOPNOTSUPP, EBUSY,
                                ESRCH, EPERM, EAGAIN, ENODEV, ENOTTY, ENOMEM, EBADF};
    int error = result < 0 ? errno : 0;

    calls++;
    for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (error == known[i]) {
            answers[error]++;
            return;
        }
    printf("BAD fuzzioctl: call %lu, %s: %s\n", calls, what, strerror(error));
    exit(1);
}

static uint64_t event(void)
{
    static const uint64_t codes[] = {0xc0, 0xc4, 0xc2, 0x3c, 0x76, 0x412e, 0x300, 0xc5};
    uint64_t code = codes[below(8)];

    if (below(8) == 0)
        code |= any() & 0xff000000;
    if (below(16) == 0)
        code ^= 1ull << below(64);
    return code;
}

static void spoil(void *what, size_t size)
{
    for (uint64_t n = below(4); n; n--)
        ((unsigned char *)what)[below(size)] = (unsigned char)any();
}

static void configure(int fd)
{
    struct perfctr_config c;

    memset(&c, 0, sizeof(c));
    c.size = sizeof(c);
    c.nr = 1 + (uint32_t)below(4);
    c.flags = below(4) ? 0 : (uint32_t)below(32);
    c.buffer_pages = below(3) ? 0 : 1u << below(4);
    c.signal = below(8) ? 0 : SIGUSR1;
    c.max_stack = c.flags & PERFCTR_F_CALLCHAIN ? (uint32_t)below(130) : 0;
    for (uint32_t i = 0; i < c.nr; i++) {
        c.counter[i].event = event();
        c.counter[i].domain = below(6) ? PERFCTR_DOM_USER : (uint32_t)below(8);
        if (below(3) == 0) {
            c.counter[i].mode = PERFCTR_MODE_SAMPLE;
            c.counter[i].period = below(8) ? 100000 + below(1 << 20) : any() >> below(64);
        }
    }
    if (below(3) == 0)
        spoil(&c, sizeof(c));
    // Nor are the signals that would end or stop us; 9 is refused.
    if (c.signal == SIGSEGV || c.signal == SIGBUS || c.signal == SIGSTOP || c.signal == 32 ||
        c.signal == 33)
        c.signal = SIGUSR1;
    if (c.pid > 0 && c.pid != getpid() && c.pid < 0x400000)
        c.pid = 0; // another process of this machine is not ours to disturb
    answer("configure", ioctl(fd, PERFCTR_IOC_CONFIGURE, &c));
}

static void read_threads(int fd)
{
    static struct perfctr_thread threads[8];
    struct perfctr_read_threads r = {
        .size = sizeof(r), .nr = (uint32_t)below(9), .threads = (uintptr_t)threads};

    if (below(8) == 0)
        spoil(&r, sizeof(r));
    // A count beyond the array may be filled in: keep what is behind it ours.
    if (r.threads == (uintptr_t)threads && r.nr > 8)
        r.nr = 8;
    else if (r.threads != (uintptr_t)threads)
        r.threads = (uintptr_t)edge + 4096;
    answer("read threads", ioctl(fd, PERFCTR_IOC_READ_THREADS, &r));
}

static void unmap(unsigned int i)
{
    if (maps[i])
        munmap(maps[i], lengths[i]);
    maps[i] = NULL;
}

static void map(unsigned int i)
{
    size_t length = 4096 << below(5);
    off_t place = below(2) ? 0 : below(4) ? PERFCTR_MMAP_BUFFER : (off_t)(any() & ~0xfffull) >> 8;
    int prot = PROT_READ | (below(2) ? PROT_WRITE : 0);

    unmap(i);
    maps[i] = mmap(NULL, length, prot, below(8) ? MAP_SHARED : MAP_PRIVATE, fds[i],
                   place & ~0xfffl);
    lengths[i] = length;
    if (maps[i] == MAP_FAILED) {
        maps[i] = NULL;
        return;
    }
    // The tail of a buffer is ours to write; whatever is there.
    if (prot & PROT_WRITE)
        *(volatile uint64_t *)((char *)maps[i] + 0x80) = any();
}

static void raw(int fd)
{
    void *where[] = {NULL, edge + 4096 - 8, (void *)0xffff888000000000ul, (void *)0x8000000000000ul,
                     edge};
    unsigned long number = below(2) ? _IOC(below(4), PERFCTR_IOC_MAGIC, below(10), below(512))
                                    : (unsigned long)(uint32_t)any();

    // Those of the terminal and of files are not this driver's.
    if (_IOC_TYPE(number) != PERFCTR_IOC_MAGIC)
        number = _IOC(_IOC_DIR(number), PERFCTR_IOC_MAGIC, _IOC_NR(number), _IOC_SIZE(number));
    spoil(edge, 4096);
    answer("raw", ioctl(fd, number, where[below(5)]));
}

static void fork_one(void)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        answer("child start", ioctl(fds[below(SETS)], PERFCTR_IOC_START));
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

static void one(void)
{
    unsigned int i = (unsigned int)below(SETS);
    struct perfctr_info info = {.size = sizeof(info)};
    struct perfctr_read r = {.size = sizeof(r)};
    struct perfctr_period p = {
        .size = sizeof(p), .counter = (uint32_t)below(5), .period = 50000 + below(1 << 20)};
    struct pollfd poll_fd = {.fd = fds[i], .events = POLLIN};

    switch (below(24)) {
    case 0:
    case 1:
        unmap(i);
        close(fds[i]);
        fds[i] = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
        if (fds[i] < 0) {
            perror("BAD fuzzioctl: open");
            exit(1);
        }
        break;
    case 2 ... 7:
        configure(fds[i]);
        break;
    case 8 ... 10:
        answer("start", ioctl(fds[i], PERFCTR_IOC_START));
        break;
    case 11:
        answer("stop", ioctl(fds[i], PERFCTR_IOC_STOP));
        break;
    case 12:
        answer("reset", ioctl(fds[i], PERFCTR_IOC_RESET));
        break;
    case 13 ... 15:
        if (below(8) == 0)
            spoil(&r, sizeof(r));
        answer("read", ioctl(fds[i], PERFCTR_IOC_READ, &r));
        break;
    case 16:
        read_threads(fds[i]);
        break;
    case 17:
        if (below(4) == 0)
            spoil(&p, sizeof(p));
        answer("period", ioctl(fds[i], PERFCTR_IOC_PERIOD, &p));
        break;
    case 18:
        answer("info", ioctl(fds[i], PERFCTR_IOC_INFO, &info));
        break;
    case 19:
        map(i);
        break;
    case 20 ... 21:
        raw(fds[i]);
        break;
    case 22:
        poll(&poll_fd, 1, 0);
        break;
    case 23:
        if (below(16) == 0)
            fork_one();
        else
            sched_yield();
        break;
    }
}

static int run(unsigned int cpu, uint64_t seed, unsigned long count)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
    state = seed * 0x9e3779b97f4a7c15ull + cpu + 1;
    edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + 4096, 4096);
    signal(SIGUSR1, on_signal);
    // What a random configuration asks for; the default action would end us.
    for (int number = 1; number <= SIGRTMAX; number++)
        if (number != SIGCHLD && number != SIGSEGV && number != SIGBUS && number != SIGUSR1)
            signal(number, SIG_IGN);
    for (unsigned int i = 0; i < SETS; i++)
        fds[i] = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
    while (calls < count)
        one();
    printf("ok fuzzioctl on CPU %u: %lu calls, %lu succeeded, %lu EINVAL, %lu EBUSY, %lu ENOENT, "
           "%d signals\n", cpu, calls, answers[0], answers[EINVAL], answers[EBUSY],
           answers[ENOENT], (int)signals);
    return answers[0] < count / 100; // otherwise it has tried nothing
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000;
    unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
    int bad = 0, status;

    for (unsigned int cpu = 0; cpu < cpus; cpu++) {
        pid_t child = fork();

        if (child == 0)
            exit(run(cpu, seed, count));
    }
    while (wait(&status) > 0)
        if (!WIFEXITED(status) || WEXITSTATUS(status)) {
            printf("BAD fuzzioctl: a process ended with status %#x\n", (unsigned int)status);
            bad = 1;
        }
    return bad;
}
