// SPDX-License-Identifier: LGPL-2.1-or-later
// Uses /dev/perfctr wrongly; each line is one use and the documented errno
// (doc/abi.md). Prints "ok NAME" or "BAD NAME ..."; exit status 1 if any is bad.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "vendor.h"

static int bad;

static void expect(const char *name, long result, int want)
{
    int got = result == -1 ? errno : 0;

    if (got != want) {
        bad = 1;
        printf("BAD %s: %s, expected %s\n", name, strerror(got), strerror(want));
    } else {
        printf("ok %s\n", name);
    }
}

static int open_set(void)
{
    return open("/dev/perfctr", O_RDWR | O_CLOEXEC);
}

static struct perfctr_config valid(void)
{
    struct perfctr_config c;

    memset(&c, 0, sizeof(c));
    c.size = sizeof(c);
    c.nr = 1;
    c.counter[0].event = INSTRUCTIONS;
    c.counter[0].domain = PERFCTR_DOM_USER;
    return c;
}

static void configure(const char *name, struct perfctr_config *c, int want)
{
    int fd = open_set();

    expect(name, ioctl(fd, PERFCTR_IOC_CONFIGURE, c), want);
    close(fd);
}

static void configurations(void)
{
    struct perfctr_config c;

#define SPOILT(name, want, how) (c = valid(), how, configure(name, &c, want))
    SPOILT("valid", 0, (void)0);
    SPOILT("size 0", EINVAL, c.size = 0);
    SPOILT("size + 8", EINVAL, c.size += 8);
    SPOILT("no counters", EINVAL, c.nr = 0);
    SPOILT("13 counters", EINVAL, c.nr = PERFCTR_MAX_COUNTERS + 1);
    SPOILT("2^32-1 counters", EINVAL, c.nr = ~0u);
    for (unsigned int bit = 5; bit < 32; bit++)
        SPOILT("unknown flag", EINVAL, c.flags = 1u << bit);
    SPOILT("no domain", EINVAL, c.counter[0].domain = 0);
    SPOILT("domain 8", EINVAL, c.counter[0].domain = 8);
    SPOILT("enable bit", EINVAL, c.counter[0].event |= 1u << 22);
    SPOILT("interrupt bit", EINVAL, c.counter[0].event |= 1u << 20);
    SPOILT("any-thread bit", EINVAL, c.counter[0].event |= 1u << 21);
    SPOILT("pin control bit", EINVAL, c.counter[0].event |= 1u << 19);
    SPOILT("bit 63", EINVAL, c.counter[0].event |= 1ull << 63);
    SPOILT("unknown event", ENOENT, c.counter[0].event = 0xffff);
    SPOILT("period 0", EINVAL, c.counter[0].mode = PERFCTR_MODE_SAMPLE);
    SPOILT("period 2^46", EINVAL,
           (c.counter[0].mode = PERFCTR_MODE_SAMPLE,
            c.counter[0].period = 1ull << 46));
    SPOILT("signal 65", EINVAL, c.signal = 65);
    SPOILT("SIGKILL", EINVAL, c.signal = 9);
    SPOILT("3 buffer pages", EINVAL, c.buffer_pages = 3);
    SPOILT("2^31 buffer pages", EINVAL, c.buffer_pages = 1u << 31);
    SPOILT("long chains", EINVAL, c.max_stack = PERFCTR_MAX_STACK + 1);
    SPOILT("mode 7", EINVAL, c.counter[0].mode = 7);
    SPOILT("period", EINVAL, c.counter[0].period = 1);
    SPOILT("zero", EINVAL, c.counter[0].zero = 1);
    SPOILT("no such thread", ESRCH, c.pid = 0x3fffffff);
    SPOILT("negative thread", ESRCH, c.pid = -5);
    c = valid();
    c.nr = 9;
    for (int i = 0; i < 9; i++) {
        c.counter[i].event = BRANCHES;
        c.counter[i].domain = PERFCTR_DOM_USER;
    }
    configure("9 general counters", &c, ENOSPC);
}

static void pointers(void)
{
    int fd = open_set();
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    expect("configure null", ioctl(fd, PERFCTR_IOC_CONFIGURE, NULL), EFAULT);
    expect("info null", ioctl(fd, PERFCTR_IOC_INFO, NULL), EFAULT);
    expect("read null", ioctl(fd, PERFCTR_IOC_READ, NULL), EFAULT);
    expect("kernel address", ioctl(fd, PERFCTR_IOC_CONFIGURE, 0xffff888000000000ul), EFAULT);
    expect("page end", ioctl(fd, PERFCTR_IOC_CONFIGURE, page + 4096 - 8), EFAULT);
    expect("unknown ioctl", ioctl(fd, _IO(PERFCTR_IOC_MAGIC, 77)), ENOTTY);
    expect("write()", write(fd, "x", 1), EINVAL);
    close(fd);
}

static void states(void)
{
    int fd = open_set(), second = open_set();
    struct perfctr_config c = valid();
    struct perfctr_info info = { .size = sizeof(info) };
    struct perfctr_read r = { .size = sizeof(r) };
    struct perfctr_slot *slot;
    unsigned int length;

    expect("info", ioctl(fd, PERFCTR_IOC_INFO, &info), 0);
    length = info.mmap_size;
    expect("start before configure", ioctl(fd, PERFCTR_IOC_START), EINVAL);
    expect("read before configure", ioctl(fd, PERFCTR_IOC_READ, &r), EINVAL);
    expect("mmap before configure",
           (long)mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0), EINVAL);
    expect("configure", ioctl(fd, PERFCTR_IOC_CONFIGURE, &c), 0);
    expect("configure again", ioctl(fd, PERFCTR_IOC_CONFIGURE, &c), EBUSY);
    expect("a second set", ioctl(second, PERFCTR_IOC_CONFIGURE, &c), EBUSY);
    r.flags = 0x80;
    expect("read flag", ioctl(fd, PERFCTR_IOC_READ, &r), EINVAL);
    r.flags = 0;
    r.size = 8;
    expect("read size", ioctl(fd, PERFCTR_IOC_READ, &r), EINVAL);

#define MAP(prot, flags, len, off) (long)mmap(NULL, len, prot, flags, fd, off)
    expect("mmap writable", MAP(PROT_READ | PROT_WRITE, MAP_SHARED, length, 0), EPERM);
    expect("mmap executable", MAP(PROT_READ | PROT_EXEC, MAP_SHARED, length, 0), EPERM);
    expect("mmap private", MAP(PROT_READ, MAP_PRIVATE, length, 0), EINVAL);
    expect("mmap longer", MAP(PROT_READ, MAP_SHARED, length + 4096, 0), EINVAL);
    expect("mmap offset", MAP(PROT_READ, MAP_SHARED, length, 4096), EINVAL);
    slot = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
    expect("mmap", (long)slot, 0);
    expect("make it writable", mprotect(slot, length, PROT_READ | PROT_WRITE), EACCES);
    expect("grow it", (long)mremap(slot, length, length + 4096, MREMAP_MAYMOVE), EFAULT);

    /* Not inherited by fork: the child's access faults. */
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(*(volatile unsigned int *)&slot->abi == 0);
    int status;
    waitpid(child, &status, 0);
    errno = EFAULT;
    expect("slot in a child", WIFSIGNALED(status) && WTERMSIG(status) == 11 ? -1 : 0, EFAULT);
}

/* A set's descriptor that a process was given or has inherited. */
static void descriptors(int of_root)
{
    struct perfctr_config c = valid();
    int fd = open_set(), status;

    fflush(stdout);
    if (fork() == 0) {
        expect("another user's descriptor", ioctl(of_root, PERFCTR_IOC_CONFIGURE, &c), EPERM);
        c.pid = getppid();
        expect("inherited descriptor, its opener", ioctl(fd, PERFCTR_IOC_CONFIGURE, &c), EPERM);
        c.pid = 0;
        expect("inherited descriptor, the child", ioctl(fd, PERFCTR_IOC_CONFIGURE, &c), 0);
        fflush(stdout);
        _exit(bad);
    }
    wait(&status);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        bad = 1;
    close(fd);
}

/* Xen has room for 128 configurations, of which one user gets half. */
static void many_configurations(void)
{
    enum { MOST = 64 };
    pid_t child[MOST + 1];
    int results[2], granted = 0, error = 0;

    if (pipe(results))
        return;
    fflush(stdout);
    for (int i = 0; i <= MOST; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            struct perfctr_config c = valid();

            c.counter[0].mode = PERFCTR_MODE_SAMPLE;
            c.counter[0].period = 1000000 + (unsigned int)i;
            error = ioctl(open_set(), PERFCTR_IOC_CONFIGURE, &c) ? errno : 0;
            if (write(results[1], &error, sizeof(error)) != sizeof(error))
                _exit(1);
            pause();
        }
        if (read(results[0], &error, sizeof(error)) != sizeof(error))
            break;
        granted += error == 0;
    }
    for (int i = 0; i <= MOST; i++)
        kill(child[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    errno = error;
    expect("the 65th configuration in use", -1, EAGAIN);
    errno = EAGAIN;
    expect("64 configurations in use", granted == MOST ? 0 : -1, 0);
}

static void unprivileged(void)
{
    struct perfctr_config c;
    int of_root = open_set();

    if (setgid(65534) || setuid(65534)) {
        bad = 1;
        perror("BAD setuid");
        return;
    }
    SPOILT("unprivileged, user mode", 0, (void)0);
    SPOILT("unprivileged, kernel", EACCES, c.counter[0].domain = PERFCTR_DOM_KERNEL);
    SPOILT("unprivileged, hypervisor", EACCES, c.counter[0].domain = PERFCTR_DOM_HYP);
    SPOILT("unprivileged, process 1", EPERM, c.pid = 1);
    descriptors(of_root);
    many_configurations();
}

int main(void)
{
    configurations();
    pointers();
    fflush(stdout);
    if (fork() == 0) {
        states();
        fflush(stdout);
        _exit(bad);
    }
    int status;
    wait(&status);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        bad = 1;
    unprivileged();
    return bad;
}
