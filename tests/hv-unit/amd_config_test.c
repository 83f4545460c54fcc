/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configurations on AMD: which events, on which counters, and which bits of the
 * selectors, for PV and for HVM guests.
 */
#include "test.h"

static struct perfctr_model model;
static struct xen_perfctr_policy policy;
static struct perfctr_image img;

static void reset(unsigned int family, unsigned int version)
{
    model = (struct perfctr_model){
        .vendor = XEN_PERFCTR_VENDOR_AMD, .version = version, .nr_gp = 6,
        .width = 48, .select_guest = true, .no_status = version < 2,
        .event_mask = PERFCTR_EV_CODE | PERFCTR_EV_HIGH |
                      PERFCTR_EV_MODIFIERS,
    };
    perfctr_amd_events(&model, family);
    policy = (struct xen_perfctr_policy){
        .tier = XEN_PERFCTR_TIER_FULL,
        .flags = XEN_PERFCTR_POLICY_KERNEL | XEN_PERFCTR_POLICY_HYP,
    };
}

static struct xen_perfctr_config one(uint64_t event, uint32_t domain)
{
    return (struct xen_perfctr_config){
        .size = sizeof(struct xen_perfctr_config), .nr = 1,
        .counter[0] = { .event = event, .domain = domain },
    };
}

static int check(struct xen_perfctr_config *cfg, bool hvm)
{
    return perfctr_config_check(&model, &policy, hvm, cfg, &img);
}

/* The codes as Linux 6.1 and libpfm4 give them for these processors. */
static void test_events(void)
{
    static const struct { uint64_t event; unsigned int tier; } rows[] = {
        { 0x76, XEN_PERFCTR_TIER_IPC }, { 0xc0, XEN_PERFCTR_TIER_IPC },
        { 0xc2, XEN_PERFCTR_TIER_ARCH }, { 0xc3, XEN_PERFCTR_TIER_ARCH },
        { 0xff60, XEN_PERFCTR_TIER_ARCH }, { 0x0964, XEN_PERFCTR_TIER_ARCH },
        { 0xc4, XEN_PERFCTR_TIER_FULL }, { 0xd1, XEN_PERFCTR_TIER_FULL },
        { 0x0129, XEN_PERFCTR_TIER_FULL }, { 0x0229, XEN_PERFCTR_TIER_FULL },
        { 0x0329, XEN_PERFCTR_TIER_FULL }, { 0x0287, XEN_PERFCTR_TIER_FULL },
        { 0x0187, XEN_PERFCTR_TIER_FULL }, { 0xa9, XEN_PERFCTR_TIER_FULL },
        { 0x1000000d0ull, XEN_PERFCTR_TIER_FULL },
        { 0xc0 | 1 << 24, XEN_PERFCTR_TIER_FULL },
        { 0xc0 | 1 << 18 | 1 << 23, XEN_PERFCTR_TIER_FULL },
    };
    static const uint64_t unknown[] = {
        0x00, 0x03, 0xff03, 0x01c0, 0x80c2, 0x1029, 0x0761 | 0x100, 0xff,
        0x3c, 0x412e, 0x0300, 0x0829, 0x20cb, 0x1000001cfull & ~0x100ull,
        0x1000000c0ull, 0x200000076ull, 0xf000000c2ull, 0x100000120ull,
    };
    unsigned int i, tier;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        for ( tier = 0; tier <= XEN_PERFCTR_TIER_FULL; tier++ )
        {
            struct xen_perfctr_config cfg = one(rows[i].event, U);
            int rc;

            test_case("AMD event %#llx at tier %u",
                      (unsigned long long)rows[i].event, tier);
            reset(0x17, 1);
            policy.tier = tier;
            rc = check(&cfg, false);
            EQUAL(rc, tier >= rows[i].tier ? 0 : -EPERM);
            EQUAL(cfg.bad_field, rc ? XEN_PERFCTR_BAD_TIER : 0);
            if ( !rc )
                EQUAL(img.tier, rows[i].tier);
        }

    for ( i = 0; i < ARRAY_SIZE(unknown); i++ )
    {
        struct xen_perfctr_config cfg = one(unknown[i], U);

        test_case("AMD event %#llx is unknown",
                  (unsigned long long)unknown[i]);
        reset(0x17, 2);
        EQUAL(check(&cfg, false), -ENOENT);
        EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_UNKNOWN);
    }

    for ( i = 16; i < 64; i++ )
    {
        struct xen_perfctr_config cfg = one(0xc0 | 1ull << i, U);
        bool modifier = i == 18 || i == 23 || (i >= 24 && i < 32);
        bool high = i >= 32 && i < 36;

        test_case("AMD event bit %u is %s", i,
                  modifier ? "a modifier" : high ? "of the event" : "refused");
        reset(0x17, 2);
        EQUAL(check(&cfg, true), modifier ? 0 : high ? -ENOENT : -EINVAL);
        EQUAL(cfg.bad_field, modifier ? 0 : high ? XEN_PERFCTR_BAD_UNKNOWN
                                                 : XEN_PERFCTR_BAD_EVENT);
    }

    test_case("the AMD tables are sorted, each code is there once");
    for ( i = 0x17; i <= 0x1a; i++ )
    {
        unsigned int n, version;

        for ( version = 1; version <= 2; version++ )
        {
            reset(i, version);
            for ( n = 1; n < model.nr_events; n++ )
                CHECK(model.events[n - 1].code < model.events[n].code);
            CHECK(perfctr_find_event(&model, model.insns));
            CHECK(perfctr_find_event(&model, model.branches));
            CHECK(perfctr_find_event(&model, 0xff60));
        }
    }

    test_case("reference cycles from Zen 4 on only");
    {
        struct xen_perfctr_config cfg = one(0x100000120ull, U);

        reset(0x19, 1);
        EQUAL(check(&cfg, false), -ENOENT);
        reset(0x19, 2);
        EQUAL(check(&cfg, false), 0);
        EQUAL(img.tier, XEN_PERFCTR_TIER_IPC);
        EQUAL(img.select[0], 0x100510120ull);
        cfg = one(0xd1, U);
        EQUAL(check(&cfg, false), -ENOENT);
    }
}

/*
 * EN 22, INT 20, OS 17, USR 16, GuestOnly 40, HostOnly 41.  A PV guest's kernel
 * is in ring 3, an HVM guest's in ring 0 like Xen.
 */
static void test_selectors(void)
{
    static const struct {
        uint32_t domain;
        uint64_t pv, hvm;
    } rows[] = {
        { U,           0x5100c0, 0x100005100c0 },
        { K,           0x5100c0, 0x100005200c0 },
        { U | K,       0x5100c0, 0x100005300c0 },
        { HYP,         0x5200c0, 0x200005200c0 },
        { U | K | HYP, 0x5300c0, 0x5300c0 },
    };
    static const uint32_t bad[] = { 0, U | HYP, K | HYP, 8, 0xff };
    struct xen_perfctr_config cfg;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("AMD selector for %s%s%s", rows[i].domain & U ? "u" : "",
                  rows[i].domain & K ? "k" : "",
                  rows[i].domain & HYP ? "h" : "");
        reset(0x17, 2);
        cfg = one(0xc0, rows[i].domain);
        EQUAL(check(&cfg, false), 0);
        EQUAL(img.select[0], rows[i].pv);
        EQUAL(img.user, rows[i].domain == K ? 0 : 1);
        EQUAL(img.kernel, rows[i].domain == U ? 0 : 1);
        EQUAL(check(&cfg, true), 0);
        EQUAL(img.select[0], rows[i].hvm);
        EQUAL(img.user & img.kernel, 1);
        EQUAL(cfg.counter[0].rdpmc, 0);
        EQUAL(img.fixed_ctrl, 0);
        EQUAL(img.insns, 1);
        EQUAL(img.branches, 0);
    }

    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        test_case("AMD, HVM: domain %#x is refused", bad[i]);
        reset(0x17, 2);
        cfg = one(0xc0, bad[i]);
        EQUAL(check(&cfg, true), -EINVAL);
        EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_DOMAIN);
    }

    test_case("Intel, HVM: rings by selector, Xen by the control register");
    memset(&model, 0, sizeof(model));
    model.nr_gp = 8;
    model.nr_fixed = 3;
    model.width = 48;
    model.event_mask = PERFCTR_EV_CODE | PERFCTR_EV_MODIFIERS;
    perfctr_intel_events(&model, 0x5e);
    cfg = (struct xen_perfctr_config){
        .size = sizeof(cfg), .nr = 4,
        .counter = { { .event = BRANCHES, .domain = U },
                     { .event = MISPRED, .domain = K },
                     { .event = INSNS, .domain = HYP },
                     { .event = CYCLES, .domain = U | K | HYP } } };
    EQUAL(check(&cfg, true), 0);
    EQUAL(img.select[0], 0x5100c4);
    EQUAL(img.select[1], 0x5200c5);
    /* fixed 0: ring 0; fixed 1: both; each with its interrupt */
    EQUAL(img.fixed_ctrl, 0xb9);
    EQUAL(img.guest, 1ull << 0 | 1ull << 1 | 1ull << 33);
    EQUAL(img.host, 1ull << 32 | 1ull << 33);
    EQUAL(img.branches, 1);
    EQUAL(img.insns, 4);
}

static void test_counters(void)
{
    struct xen_perfctr_config cfg = { .size = sizeof(cfg), .nr = 6 };
    unsigned int i;

    test_case("AMD: six counters, the seventh does not fit");
    reset(0x17, 2);
    for ( i = 0; i < 7; i++ )
        cfg.counter[i] = (struct xen_perfctr_counter){
            .event = 0xc0, .domain = U };
    EQUAL(check(&cfg, true), 0);
    EQUAL(img.used, 0x3f);
    for ( i = 0; i < 6; i++ )
        EQUAL(cfg.counter[i].rdpmc, i);
    cfg.nr = 7;
    EQUAL(check(&cfg, true), -ENOSPC);
    EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_FIT);
    EQUAL(cfg.bad_counter, 6);

    test_case("AMD: four old counters, the fifth does not fit");
    model.nr_gp = 4;
    cfg.nr = 4;
    EQUAL(check(&cfg, false), 0);
    EQUAL(img.used, 0xf);
    cfg.nr = 5;
    EQUAL(check(&cfg, false), -ENOSPC);
    EQUAL(cfg.bad_counter, 4);

    test_case("with modifiers it counts other things than instructions");
    reset(0x17, 2);
    cfg = one(0xc0 | 1 << 24, U);
    EQUAL(check(&cfg, true), 0);
    EQUAL(img.insns, 0);
    cfg = one(0xc2, K);
    EQUAL(check(&cfg, true), 0);
    EQUAL(img.branches, 1);
    EQUAL(img.dom_kernel, 1);
    EQUAL(img.dom_user, 0);
}

void test_amd_config(void)
{
    test_events();
    test_selectors();
    test_counters();
}
