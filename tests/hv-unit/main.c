/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Xen's counter code, compiled in user space: run all tests.
 *
 * Prints failures, and with -v the name of each case.
 */
#include "test.h"

static unsigned int passed, failed;
static bool case_open, case_ok, verbose;
static char case_name[160];

static void close_case(void)
{
    if ( !case_open )
        return;
    case_open = false;
    if ( case_ok )
        passed++;
    else
        failed++;
    if ( verbose || !case_ok )
        printf("%s %s\n", case_ok ? "PASS" : "FAIL", case_name);
}

void test_case(const char *fmt, ...)
{
    va_list ap;

    close_case();
    va_start(ap, fmt);
    vsnprintf(case_name, sizeof(case_name), fmt, ap);
    va_end(ap);
    case_open = case_ok = true;
}

void test_check(bool ok, const char *what, const char *file, int line)
{
    if ( ok )
        return;
    printf("%s:%d: in \"%s\": %s\n", file, line, case_name, what);
    case_ok = false;
}

void test_equal(uint64_t is, uint64_t should, const char *what,
                const char *file, int line)
{
    if ( is == should )
        return;
    printf("%s:%d: in \"%s\": %s is %#llx, should be %#llx\n", file, line,
           case_name, what, (unsigned long long)is, (unsigned long long)should);
    case_ok = false;
}

int main(int argc, char **argv)
{
    verbose = argc > 1 && !strcmp(argv[1], "-v");
    setvbuf(stdout, NULL, _IOLBF, 0);

    test_config();
    test_amd_config();
    test_boot();
    test_handles();
    test_pages();
    test_apply();
    test_switch();
    test_overflow();
    test_sample();
    test_throttle();
    test_sample_random();
    test_ring();
    test_op();
    test_policy_rules();
    test_race();
    test_amd();
    test_hvm();
    test_hvm_sample();
    test_emulated();

    test_case("nothing is left over at the end");
    world_new();
    close_case();

    printf("%u passed, %u failed, 0 skipped\n", passed, failed);

    return failed ? 1 : 0;
}
