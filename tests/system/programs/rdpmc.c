// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * RDPMC in user mode without a counter set
 *
 * rdpmc      must die of SIGSEGV
 * rdpmc all  tries every index that a processor may have, and prints which could be
 *            read; fails if any could
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

// Intel's
#define FIXED   0x40000000u
#define METRICS 0x20000000u

static sigjmp_buf back;

static void fault(int signal)
{
    siglongjmp(back, signal);
}

static unsigned long long rdpmc(unsigned int index)
{
    unsigned int lo, hi;

    __asm__ volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(index));
    return (unsigned long long)hi << 32 | lo;
}

static int readable(unsigned int index)
{
    if (sigsetjmp(back, 1))
        return 0;
    printf("counter %#x: %llu\n", index, rdpmc(index));
    return 1;
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = fault };
    unsigned int index, found = 0;

    if (argc < 2 || strcmp(argv[1], "all")) {
        rdpmc(0);
        return 0;
    }
    sigaction(SIGSEGV, &action, NULL);
    for (index = 0; index < 64; index++)
        found += readable(index) + readable(FIXED | index) + readable(METRICS | index);
    return found != 0;
}
