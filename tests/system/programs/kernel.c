// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts a loop of known length in the guest's kernel (kloop.h): by counters of the
// kernel, of kernel and user, and of user alone. Xen's own instructions, those of
// other VCPUs and what Xen does at its interrupts must show in none of them.
// Prints "ok NAME: ..." or "BAD NAME: ..."; exit status 1 if any is bad.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/perfctr.h>

#include "kloop.h"
#include "vendor.h"

#define K PERFCTR_DOM_KERNEL
#define U PERFCTR_DOM_USER
#define REPEAT 20

static int bad;

static void count(int loop, const char *name, unsigned int index, unsigned long long rounds,
                  unsigned long long expected)
{
    struct kloop_run run = { .rdpmc = index, .rounds = rounds };
    unsigned int good = 0;

    for (int i = 0; i < REPEAT; i++) {
        if (ioctl(loop, KLOOP_RUN, &run)) {
            printf("BAD %s, %llu rounds: %s\n", name, rounds, strerror(errno));
            bad = 1;
            return;
        }
        /* Of as many bits as the counter has: the difference may have wrapped. */
        run.difference &= (1ull << 48) - 1;
        if (run.difference != expected)
            break;
        good++;
    }
    bad |= good != REPEAT;
    printf("%s %s, %llu rounds: %u times %llu, then %llu\n", good == REPEAT ? "ok" : "BAD", name,
           rounds, good, expected, (unsigned long long)run.difference);
}

int main(void)
{
    static const struct {
        const char *name;
        unsigned int domain;
    } domains[] = { { "k", K }, { "uk", U | K }, { "u", U } };

    for (unsigned int d = 0; d < 3; d++) {
        struct perfctr_config c = { .size = sizeof(c), .nr = 3 };
        const unsigned int events[] = { INSTRUCTIONS, BRANCHES, CONDITIONAL };
        int fd = open("/dev/perfctr", O_RDWR | O_CLOEXEC);
        int loop = open("/dev/kloop", O_RDWR | O_CLOEXEC);

        for (unsigned int i = 0; i < c.nr; i++) {
            c.counter[i].event = events[i];
            c.counter[i].domain = domains[d].domain;
        }
        if (ioctl(fd, PERFCTR_IOC_CONFIGURE, &c) || ioctl(fd, PERFCTR_IOC_START)) {
            printf("BAD configure %s: %s\n", domains[d].name, strerror(errno));
            return 1;
        }
        for (unsigned int i = 0; i < c.nr; i++) {
            static const char *const names[] = { "instructions", "branches",
                                                 "conditional branches" };
            static const unsigned long long rounds[] = { 1, 1000, 20000000 };
            int in_kernel = domains[d].domain & K;
            char name[64];

            snprintf(name, sizeof(name), "%s:%s", names[i], domains[d].name);
            for (unsigned int r = 0; r < 3; r++)
                count(loop, name, c.counter[i].rdpmc, rounds[r],
                      !in_kernel ? 0 : i ? KLOOP_BRANCHES(rounds[r])
                                         : KLOOP_INSTRUCTIONS(rounds[r]));
        }
        close(loop);
        close(fd);
    }
    return bad;
}
