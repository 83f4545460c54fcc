// SPDX-License-Identifier: LGPL-2.1-or-later
// The ends of descriptors, mappings and threads, and who may look at a mapping.
// Prints "ok NAME: ..." or "BAD NAME: ..."; exit status 1 if any is bad.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "vendor.h"

static int bad;

static void expect(const char *name, long got, long want)
{
    bad |= got != want;
    printf("%s %s: %ld, expected %ld\n", got == want ? "ok" : "BAD", name, got, want);
}

static struct perfctr_info info = { .size = sizeof(info) };

static int counting(struct perfctr_slot **slot)
{
    struct perfctr_config c = { .size = sizeof(c), .nr = 1 };
    int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);

    c.counter[0].event = INSTRUCTIONS;
    c.counter[0].domain = PERFCTR_DOM_USER;
    if (fd < 0 || ioctl(fd, PERFCTR_IOC_INFO, &info) || ioctl(fd, PERFCTR_IOC_CONFIGURE, &c) ||
        ioctl(fd, PERFCTR_IOC_START)) {
        perror("BAD configure");
        _exit(1);
    }
    *slot = mmap(NULL, info.mmap_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    return fd;
}

// Runs it in a child; the signal that ended the child, or minus its exit status.
static int in_child(int (*function)(void))
{
    int status;

    fflush(stdout);
    if (fork() == 0)
        _exit(function());
    wait(&status);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static int slot_after_close(void)
{
    struct perfctr_slot *slot;
    int fd = counting(&slot);

    close(fd);
    // A mapping holds the set: it goes on.
    return *(volatile unsigned int *)&slot->abi != PERFCTR_ABI_VERSION;
}

static int slot_after_munmap(void)
{
    struct perfctr_slot *slot;

    counting(&slot);
    munmap(slot, info.mmap_size);
    return *(volatile unsigned int *)&slot->abi == 0;
}

static int rdpmc_after_end(void)
{
    struct perfctr_slot *slot;
    int fd = counting(&slot);
    unsigned int lo, hi;

    munmap(slot, info.mmap_size);
    close(fd);
    __asm__ volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(0));
    return 1;
}

static void *end_process(void *set)
{
    int fd = *(int *)set;
    struct perfctr_read r = { .size = sizeof(r) };
    struct perfctr_slot *own;

    // The leader has gone: its counts stay, and this thread can count itself.
    for (int i = 0; i < 200; i++) {
        if (ioctl(fd, PERFCTR_IOC_READ, &r))
            _exit(1);
        if (r.state == PERFCTR_STATE_EXITED)
            break;
        usleep(10000);
    }
    if (r.state != PERFCTR_STATE_EXITED || !r.value[0])
        _exit(2);
    counting(&own);
    _exit(own->state == PERFCTR_STATE_RUNNING ? 0 : 3);
}

static int leader_exits(void)
{
    static int fd;
    struct perfctr_slot *slot;
    pthread_t thread;

    fd = counting(&slot);
    if (pthread_create(&thread, NULL, end_process, &fd))
        return 4;
    syscall(SYS_exit, 0);
    return 5;
}

// Another process, of root's, does not write there either.
static void foreign_writes(void)
{
    struct perfctr_slot *slot, *addresses[2];
    unsigned int word;
    struct iovec mine = { &word, sizeof(word) }, its;
    int go[2], status;
    char path[64];
    pid_t pid;

    if (pipe(go))
        return;
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        counting(&slot);
        addresses[0] = slot;
        if (write(go[1], addresses, sizeof(*addresses)) < 0)
            _exit(1);
        pause();
        _exit(0);
    }
    if (read(go[0], addresses, sizeof(*addresses)) != sizeof(*addresses))
        return;
    its.iov_base = addresses[0];
    its.iov_len = sizeof(word);
    word = 1;
    expect("process_vm_writev() to a slot", process_vm_writev(pid, &mine, 1, &its, 1, 0) == -1
                                                ? errno : 0, EFAULT);
    snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    int fd = open(path, O_RDWR);
    expect("write to a slot through /proc", pwrite(fd, &word, sizeof(word), (off_t)addresses[0])
                                                == sizeof(word), 0);
    close(fd);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

int main(void)
{
    expect("slot after close()", in_child(slot_after_close), 0);
    expect("slot after munmap()", in_child(slot_after_munmap), SIGSEGV);
    expect("RDPMC after the end of the set", in_child(rdpmc_after_end), SIGSEGV);
    expect("the group's leader exits", in_child(leader_exits), 0);
    foreign_writes();
    return bad;
}
