/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot option, and machines on which it is refused.
 */
#include "test.h"

static struct xen_perfctr_policy default_limits;

/* Runs before main(), thus before any test can change it. */
static void __attribute__((constructor)) remember_defaults(void)
{
    default_limits = perfctr_default_policy;
}

static void test_option(void)
{
    static const struct {
        const char *text;
        int rc;
        unsigned int tier, flags;
        bool on;
    } rows[] = {
        { "", 0, 0, XEN_PERFCTR_POLICY_KERNEL, true },
        { "on", 0, 0, XEN_PERFCTR_POLICY_KERNEL, true },
        { "off", 0, 0, XEN_PERFCTR_POLICY_KERNEL, false },
        { "default=off", 0, XEN_PERFCTR_TIER_OFF, 1, true },
        { "default=ipc", 0, XEN_PERFCTR_TIER_IPC, 1, true },
        { "default=arch", 0, XEN_PERFCTR_TIER_ARCH, 1, true },
        { "default=full", 0, XEN_PERFCTR_TIER_FULL, 1, true },
        { "default=full,off", 0, XEN_PERFCTR_TIER_FULL, 1, false },
        { "on,no-kernel", 0, 0, 0, true },
        { "on,kernel=0,hypervisor", 0, 0, XEN_PERFCTR_POLICY_HYP, true },
        { "on,hypervisor=no", 0, 0, 1, true },
        { "default=fuller", -EINVAL, 0, 1, false },
        { "default=", -EINVAL, 0, 1, false },
        { "default", -EINVAL, 0, 1, false },
        { "maybe", -EINVAL, 0, 1, false },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("perfctr=%s", rows[i].text);
        world_new();
        EQUAL(emul_parse_param("off,no-hypervisor,kernel"), 0);
        perfctr_default_policy.tier = 0;
        perfctr_enabled = false;

        EQUAL(emul_parse_param(rows[i].text), rows[i].rc);
        EQUAL(perfctr_default_policy.tier, rows[i].tier);
        EQUAL(perfctr_default_policy.flags, rows[i].flags);
        emul_booting = true;
        EQUAL(emul_initcall(), 0);
        emul_booting = false;
        EQUAL(perfctr_enabled, rows[i].on);
    }
}

static void test_limits(void)
{
    static const struct {
        const char *text;
        int rc;
        uint64_t min_period, pmi_rate;
    } rows[] = {
        { "on", 0, 100, 100000 },
        { "on,min-period=0x10,pmi-rate=50", 0, 16, 50 },
        { "pmi-rate=1000000000,on,min-period=0", 0, 0, 1000000000 },
        { "min-period=70368744177663,on", 0, (1ull << 46) - 1, 100000 },
        { "min-period=70368744177664", -EINVAL, 100, 100000 },
        { "min-period=", -EINVAL, 100, 100000 },
        { "min-period=9k", -EINVAL, 100, 100000 },
        { "min-period", -EINVAL, 100, 100000 },
        { "pmi-rate=0", -EINVAL, 100, 100000 },
        { "pmi-rate=1000000001", -EINVAL, 100, 100000 },
        { "pmi-rate=fast", -EINVAL, 100, 100000 },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("perfctr=%s: limits", rows[i].text);
        /* Leaves the defaults, and sets none itself. */
        world_new();
        EQUAL(emul_parse_param(rows[i].text), rows[i].rc);
        EQUAL(perfctr_default_policy.min_period, rows[i].min_period);
        EQUAL(perfctr_default_policy.pmi_rate, rows[i].pmi_rate);
    }

    test_case("the limits without any option");
    EQUAL(default_limits.min_period, 100);
    EQUAL(default_limits.pmi_rate, 100000);
}

static struct emul_boot *boot = &emul_boot;

static void other(void)        { boot->x86_vendor = X86_VENDOR_CENTAUR; }
static void bulldozer(void)    { boot->x86_vendor = X86_VENDOR_AMD;
                                 boot->x86 = 0x15; }
static void pentium4(void)     { boot->x86 = 15; }
static void old_cpuid(void)    { boot->max_leaf = 9; }
static void version1(void)     { boot->eax = (boot->eax & ~0xff) | 1; }
static void no_pmu(void)       { boot->eax = boot->ebx = boot->edx = 0; }
static void no_counters(void)  { boot->eax &= ~0xff00; }
static void width40(void)      { boot->eax ^= (48 ^ 40) << 16; }
static void fixed_width(void)  { boot->edx = 3 | 40 << 5; }
static void no_pdcm(void)      { boot->pdcm = false; }
static void no_fw_write(void)  { boot->capabilities = 0; }
static void vpmu(void)         { vpmu_mode = 1; }
static void watchdog(void)     { opt_watchdog = true; }
static void taken(void)        { boot->nmi_taken = true; }

static void test_refused(void)
{
    static const struct {
        const char *name;
        void (*change)(void);
        const char *said;
    } rows[] = {
        { "another vendor", other, "vendor not supported" },
        { "an AMD family before 17h", bulldozer, "family 21" },
        { "another family", pentium4, "family 15" },
        { "no leaf 0xa", old_cpuid, "not supported" },
        { "PMU version 1", version1, "needs PMU version 2" },
        { "no PMU", no_pmu, "needs PMU version 2" },
        { "no counters", no_counters, "0 counters" },
        { "40-bit counters", width40, "needs 48-bit counters" },
        { "40-bit fixed counters", fixed_width, "needs 48-bit counters" },
        { "no PERF_CAPABILITIES", no_pdcm, "no such writes" },
        { "no full-width writes", no_fw_write, "no such writes" },
        { "vpmu is on", vpmu, "vpmu= is on" },
        { "the watchdog is on", watchdog, "watchdog" },
        { "xenoprof has the counters", taken, "in use already" },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("refused at boot: %s", rows[i].name);
        world_new();
        perfctr_enabled = false;
        rows[i].change();
        emul_booting = true;
        EQUAL(emul_initcall(), 0);
        emul_booting = false;
        CHECK(!perfctr_enabled);
        EQUAL(emul_writes, 0);
        CHECK(strstr(emul_console, "perfctr: off"));
        CHECK(strstr(emul_console, rows[i].said));
        EQUAL(op(XEN_PERFCTR_OP_query, NULL), -ENODEV);
    }
}

static void test_reset(void)
{
    static const struct perfctr_cpu zero;
    unsigned int i;

    test_case("a CPU that comes up zeroes what firmware left");
    world_new();
    memset(&emul_pmu[1], 0x55, sizeof(emul_pmu[1]));
    emul_pmu[1].in_guest = false;
    emul_cpu = 1;
    emul_booting = true;
    emul_cpu_notifier->notifier_call(emul_cpu_notifier, CPU_STARTING, NULL);
    emul_booting = false;
    emul_cpu = 0;
    for ( i = 0; i < 8; i++ )
        CHECK(!emul_pmu[1].gp[i] && !emul_pmu[1].select[i]);
    for ( i = 0; i < 3; i++ )
        CHECK(!emul_pmu[1].fixed[i]);
    EQUAL(emul_pmu[1].global, 0);
    EQUAL(emul_pmu[1].fixed_ctrl, 0);
    EQUAL(emul_pmu[1].lvtpc, PMU_APIC_VECTOR);
    CHECK(!memcmp(emul_per_cpu_perfctr_cpu[1].select, zero.select,
                  sizeof(zero.select)));
}

void test_boot(void)
{
    test_option();
    test_limits();
    test_refused();
    test_reset();
}
