/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first and only process: what does perf_event count for known programs? */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int passed, failed;

static void check(int ok, const char *format, ...)
{
    va_list ap;

    if (ok) {
        passed++;
        return;
    }
    failed++;
    va_start(ap, format);
    printf("FAIL ");
    vprintf(format, ap);
    printf("\n");
    va_end(ap);
}

static int open_event(uint32_t type, uint64_t config, pid_t pid, int kernel)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr), .type = type, .config = config, .disabled = 1,
        .enable_on_exec = 1, .exclude_kernel = !kernel, .exclude_user = kernel,
        .exclude_hv = 1,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };

    return syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0);
}

static int amd;                 /* the maker's event codes */
static int counters;            /* that can count at once */

static void detect(void)
{
    unsigned a, b, c, d;

    __cpuid(0, a, b, c, d);
    amd = b == signature_AMD_ebx;
    __cpuid(0x80000001, a, b, c, d);
    counters = !amd ? 8 : c & 1 << 23 ? 6 : 4;
}

struct event {
    const char *name;
    uint32_t type;
    uint64_t config, want;
    int32_t amd;                /* the AMD code of a raw event, or ABSENT */
};
#define ABSENT  (-1)

static void measure_some(const char *program, const struct event *event, int n)
{
    int gate[2], status, fd[16];
    uint64_t got[3];
    char byte = 0;
    pid_t pid;

    if (pipe(gate)) {
        exit(1);
    }
    pid = fork();
    if (!pid) {
        if (read(gate[0], &byte, 1) == 1) {
            execl(program, program, (char *)0);
        }
        _exit(1);
    }
    for (int i = 0; i < n; i++) {
        fd[i] = open_event(event[i].type, event[i].config, pid, 0);
        check(fd[i] >= 0, "%s: %s: %s", program, event[i].name, strerror(errno));
    }
    check(write(gate[1], &byte, 1) == 1, "start");
    waitpid(pid, &status, 0);
    check(status == 0, "%s ends with %x", program, status);
    for (int i = 0; i < n; i++) {
        if (fd[i] < 0) {
            continue;
        }
        if (read(fd[i], got, sizeof(got)) != sizeof(got)) {
            memset(got, 0, sizeof(got));
        }
        check(got[0] == event[i].want && got[1] == got[2],
              "%s: %s: %llu, expected %llu%s", program, event[i].name,
              (unsigned long long)got[0], (unsigned long long)event[i].want,
              got[1] == got[2] ? "" : " (multiplexed)");
        close(fd[i]);
    }
    close(gate[0]);
    close(gate[1]);
}

/* Those that this maker has, as many at once as there are counters. */
static void measure(const char *program, const struct event *event, int n)
{
    struct event some[8];
    int m = 0;

    for (int i = 0; i < n; i++) {
        if (amd && event[i].amd == ABSENT) {
            continue;
        }
        some[m] = event[i];
        if (amd && event[i].type == PERF_TYPE_RAW) {
            some[m].config = event[i].amd;
        }
        if (++m == counters) {
            measure_some(program, some, m);
            m = 0;
        }
    }
    if (m) {
        measure_some(program, some, m);
    }
}

#define HW(n)  PERF_TYPE_HARDWARE, n
#define RAW(n) PERF_TYPE_RAW, n
#define MEASURE(program, ...)                                       \
    do {                                                            \
        static const struct event e[] = { __VA_ARGS__ };            \
        for (int times = 0; times < 2; times++) {                   \
            measure(program, e, sizeof(e) / sizeof(*e));            \
        }                                                           \
    } while (0)

/* Samples of branches: as many as there are periods, all at one place. */
static void test_sampling(void)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr), .type = PERF_TYPE_HARDWARE,
        .config = PERF_COUNT_HW_BRANCH_INSTRUCTIONS, .sample_period = 10000,
        .disabled = 1, .exclude_kernel = 1, .exclude_hv = 1,
        .sample_type = PERF_SAMPLE_IP, .wakeup_events = 1,
    };
    int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    struct perf_event_mmap_page *page;
    uint64_t tail = 0, in_loop = 0, all = 0;
    char *data;

    check(fd >= 0, "a sampling event: %s", strerror(errno));
    page = mmap(0, 17 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || page == MAP_FAILED) {
        check(0, "the sample buffer");
        return;
    }
    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
    extern char sample_loop[];
    asm volatile("mov $1000000, %%ecx\n"
                 ".globl sample_loop\nsample_loop:\n\t"
                 "nop\n\tdec %%ecx\n\tjnz sample_loop"
                 : : : "rcx");
    ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    data = (char *)page + 4096;
    while (tail < page->data_head) {
        struct perf_event_header *h = (void *)(data + tail % (16 * 4096));

        if (h->type == PERF_RECORD_SAMPLE) {
            uint64_t ip = *(uint64_t *)(h + 1);

            all++;
            /* After the overflowing branch: the loop's first instruction. */
            in_loop += ip == (uint64_t)sample_loop;
        }
        tail += h->size;
    }
    check(all == 100, "samples: %llu, expected 100", (unsigned long long)all);
    check(in_loop == all, "samples at the branch's target: %llu of %llu",
          (unsigned long long)in_loop, (unsigned long long)all);
    close(fd);
}

/* The report's user instructions between two tags are known. */
static void test_report(void)
{
    cpu_set_t one;

    if (iopl(3) || inl(0x5e0) != 0x31554d50) {
        printf("no pmu-report device\n");
        return;
    }
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof(one), &one);
    asm volatile("mov $0x5e0, %%edx\n\tmov $1, %%eax\n\tout %%eax, %%dx\n\t"
                 "mov $1000000, %%ecx\n1:\tdec %%ecx\n\tjnz 1b\n\t"
                 "mov $2, %%eax\n\tout %%eax, %%dx"
                 : : : "rax", "rcx", "rdx");
}

static void set(const char *path, const char *value)
{
    FILE *f = fopen(path, "w");

    if (f) {
        fputs(value, f);
        fclose(f);
    }
}

static void run_perf(char *const argv[])
{
    pid_t pid = fork();

    if (!pid) {
        dup2(1, 2);
        execv("/usr/bin/perf", argv);
        _exit(1);
    }
    waitpid(pid, 0, 0);
}
#define perf(...)  run_perf((char *[]){ "perf", __VA_ARGS__, 0 })

int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    detect();
    mkdir("/proc", 0755);
    mount("proc", "/proc", "proc", 0, 0);
    /* The watchdog takes a counter; throttling by host time stops samples. */
    set("/proc/sys/kernel/nmi_watchdog", "0");
    set("/proc/sys/kernel/perf_cpu_time_max_percent", "0");
    set("/proc/sys/kernel/perf_event_max_sample_rate", "10000000");

    MEASURE("/loop", { "instructions", HW(PERF_COUNT_HW_INSTRUCTIONS), 2000004 },
            { "branches", HW(PERF_COUNT_HW_BRANCH_INSTRUCTIONS), 1000001 },
            { "cycles", HW(PERF_COUNT_HW_CPU_CYCLES), 2000004 + 999999 + 10 },
            { "ref-cycles", HW(PERF_COUNT_HW_REF_CPU_CYCLES), 3000013 / 2, ABSENT },
            { "conditional", RAW(0x01c4), 1000000, 0xd1 },
            { "not taken", RAW(0x10c4), 1, ABSENT },
            { "far", RAW(0x40c4), 1, 0xc6 });
    MEASURE("/mixed", { "instructions", HW(PERF_COUNT_HW_INSTRUCTIONS), 17012 },
            { "branches", HW(PERF_COUNT_HW_BRANCH_INSTRUCTIONS), 5001 },
            { "calls", RAW(0x02c4), 2000, ABSENT }, { "returns", RAW(0x08c4), 2000, 0xc8 });
    MEASURE("/mixed", { "instructions", HW(PERF_COUNT_HW_INSTRUCTIONS), 17012 },
            { "loads", RAW(0x81d0), 8102, 0x129 }, { "stores", RAW(0x82d0), 8102, 0x229 });
    MEASURE("/kernel", { "instructions", HW(PERF_COUNT_HW_INSTRUCTIONS),
                         3 + 256 * 4 + 1 + 500 * 4 + 2 + 100 * 5 + 3 },
            { "branches", HW(PERF_COUNT_HW_BRANCH_INSTRUCTIONS), 256 + 1000 + 100 + 1 },
            { "far", RAW(0x40c4), 501, 0xc6 });
    MEASURE("/kernel", { "instructions", HW(PERF_COUNT_HW_INSTRUCTIONS),
                         3 + 256 * 4 + 1 + 500 * 4 + 2 + 100 * 5 + 3 },
            { "stores", RAW(0x82d0), 256, 0x229 }, { "loads", RAW(0x81d0), 0, 0x129 });
    test_sampling();
    test_report();
    if (access("/usr/bin/perf", X_OK) == 0) {
        /* What it prints is compared outside. */
        perf("stat", "-x,", "-e", "instructions:u,branches:u,cycles:u", "/loop");
        perf("record", "-q", "-e", "branches:u", "-c", "10000", "-o", "/samples",
             "/loop");
        perf("script", "-i", "/samples", "-F", "ip");
    }
    printf("linux: %d passed, %d failed, 0 skipped\n", passed, failed);
    sync();
    reboot(RB_POWER_OFF);
}
