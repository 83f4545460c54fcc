/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configurations: what is accepted, what is refused and with which words, and
 * which counters are assigned.
 */
#include "test.h"

static struct perfctr_model model;
static struct xen_perfctr_policy policy;
static struct perfctr_image img;

static struct xen_perfctr_config one(uint64_t event)
{
    struct xen_perfctr_config cfg = {
        .size = sizeof(cfg), .nr = 1,
        .counter[0] = { .event = event, .domain = U },
    };

    return cfg;
}

static int check(struct xen_perfctr_config *cfg)
{
    return perfctr_config_check(&model, &policy, false, cfg, &img);
}

static void refused(struct xen_perfctr_config cfg, int rc, unsigned int field,
                    unsigned int counter)
{
    int got = check(&cfg);

    EQUAL(got, rc);
    EQUAL(cfg.bad_field, field);
    EQUAL(cfg.bad_counter, counter);
}

static void accepted(struct xen_perfctr_config cfg)
{
    EQUAL(check(&cfg), 0);
    EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_NONE);
}

static void reset(unsigned int cpu_model)
{
    memset(&model, 0, sizeof(model));
    model.vendor = XEN_PERFCTR_VENDOR_INTEL;
    model.version = 4;
    model.nr_gp = 8;
    model.nr_fixed = 3;
    model.width = 48;
    model.event_mask = PERFCTR_EV_CODE | PERFCTR_EV_MODIFIERS;
    perfctr_intel_events(&model, cpu_model);
    policy = (struct xen_perfctr_policy){
        .tier = XEN_PERFCTR_TIER_FULL,
        .flags = XEN_PERFCTR_POLICY_KERNEL | XEN_PERFCTR_POLICY_HYP,
    };
}

static void test_frame(void)
{
    static const struct { uint32_t size; } sizes[] = {
        { 0 }, { 1 }, { sizeof(struct xen_perfctr_config) - 1 },
        { sizeof(struct xen_perfctr_config) + 1 }, { UINT32_MAX },
    };
    static const uint32_t nrs[] = { 0, XEN_PERFCTR_MAX_COUNTERS + 1, 127, 128,
                                    0x80000001u, UINT32_MAX };
    struct xen_perfctr_config cfg;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
    {
        test_case("size %u is refused", sizes[i].size);
        cfg = one(INSNS);
        cfg.size = sizes[i].size;
        refused(cfg, -EINVAL, XEN_PERFCTR_BAD_SIZE, 0);
    }
    for ( i = 0; i < ARRAY_SIZE(nrs); i++ )
    {
        test_case("%u counters are refused", nrs[i]);
        cfg = one(INSNS);
        cfg.nr = nrs[i];
        refused(cfg, -EINVAL, XEN_PERFCTR_BAD_NR, 0);
    }
    for ( i = 0; i < 32; i++ )
    {
        test_case("flag bit %u is %s", i, i ? "refused" : "accepted");
        cfg = one(INSNS);
        cfg.flags = 1u << i;
        if ( i )
            refused(cfg, -EINVAL, XEN_PERFCTR_BAD_FLAGS, 0);
        else
            accepted(cfg);
        EQUAL(img.notify, !i);

        test_case("bit %u of counter.zero is refused", i);
        cfg = one(INSNS);
        cfg.counter[0].zero = 1u << i;
        refused(cfg, -EINVAL, XEN_PERFCTR_BAD_ZERO, 0);
    }
    test_case("what the caller left in the answer's fields does not matter");
    cfg = one(INSNS);
    cfg.handle = cfg.bad_field = cfg.bad_counter = UINT32_MAX;
    cfg.counter[0].rdpmc = UINT32_MAX;
    accepted(cfg);
    test_case("counters beyond the last are not looked at");
    cfg = one(INSNS);
    memset(&cfg.counter[1], 0xff, 11 * sizeof(cfg.counter[0]));
    accepted(cfg);
}

static void test_event_bits(void)
{
    unsigned int bit;

    for ( bit = 16; bit < 64; bit++ )
    {
        struct xen_perfctr_config cfg = one(INSNS | 1ull << bit);
        bool modifier = bit == 18 || bit == 23 || (bit >= 24 && bit < 32);

        test_case("event bit %u is %s", bit, modifier ? "accepted" : "refused");
        if ( modifier )
        {
            EQUAL(check(&cfg), 0);
            EQUAL(img.used, 1);
            EQUAL(img.select[0], INSNS | 1ull << bit | PERFCTR_SEL_EN |
                                 PERFCTR_SEL_INT | PERFCTR_SEL_USR);
            EQUAL(img.tier, XEN_PERFCTR_TIER_FULL);
        }
        else
            refused(cfg, -EINVAL, XEN_PERFCTR_BAD_EVENT, 0);

        /* Reserved bits are seen before anything is said about the event. */
        if ( !modifier )
        {
            test_case("event bit %u is refused with an unknown event", bit);
            refused(one(0xffff | 1ull << bit), -EINVAL, XEN_PERFCTR_BAD_EVENT,
                    0);
        }
    }
    test_case("modifiers on what only a fixed counter counts");
    refused(one(REF_TSC | PERFCTR_EV_EDGE), -EINVAL, XEN_PERFCTR_BAD_EVENT, 0);
}

/* Each of the 65536 codes: accepted if and only if the table has it. */
static void test_codes(unsigned int cpu_model)
{
    unsigned int code, known = 0, i;

    test_case("model %#x: its table is sorted, without duplicates", cpu_model);
    for ( i = 1; i < model.nr_events; i++ )
        CHECK(model.events[i - 1].code < model.events[i].code);

    test_case("model %#x: of all codes the table's are accepted", cpu_model);
    for ( code = 0; code < 0x10000; code++ )
    {
        struct xen_perfctr_config cfg = one(code);
        bool listed = false;
        int rc = check(&cfg);

        for ( i = 0; i < model.nr_events; i++ )
            listed |= model.events[i].code == code;
        known += listed;
        if ( listed )
            EQUAL(rc, 0);
        else
        {
            EQUAL(rc, -ENOENT);
            EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_UNKNOWN);
            EQUAL(img.used, 0);
        }
    }
    EQUAL(known, model.nr_events);
}

static void test_absent(void)
{
    static const uint16_t arch[] = { 0x003c, 0x00c0, 0x013c, 0x4f2e, 0x412e,
                                     0x00c4, 0x00c5 };
    unsigned int bit;

    for ( bit = 0; bit < ARRAY_SIZE(arch); bit++ )
    {
        test_case("CPUID says that event %#x is absent", arch[bit]);
        model.absent = 1u << bit;
        refused(one(arch[bit]), -ENOENT, XEN_PERFCTR_BAD_UNKNOWN, 0);
        accepted(one(arch[(bit + 1) % ARRAY_SIZE(arch)]));
        model.absent = 0;
    }
}

static void test_tiers(void)
{
    static const struct {
        const char *name;
        uint64_t event;
        unsigned int tier;
    } rows[] = {
        { "cycles", CYCLES, XEN_PERFCTR_TIER_IPC },
        { "instructions", INSNS, XEN_PERFCTR_TIER_IPC },
        { "reference cycles", 0x013c, XEN_PERFCTR_TIER_IPC },
        { "reference cycles (fixed)", REF_TSC, XEN_PERFCTR_TIER_IPC },
        { "branches", BRANCHES, XEN_PERFCTR_TIER_ARCH },
        { "mispredicted branches", MISPRED, XEN_PERFCTR_TIER_ARCH },
        { "cache references", 0x4f2e, XEN_PERFCTR_TIER_ARCH },
        { "cache misses", LLC_MISS, XEN_PERFCTR_TIER_ARCH },
        { "loads retired", 0x81d0, XEN_PERFCTR_TIER_FULL },
        { "instructions with edge", INSNS | 1 << 18, XEN_PERFCTR_TIER_FULL },
        { "instructions with inv", INSNS | 1 << 23, XEN_PERFCTR_TIER_FULL },
        { "cycles with cmask", CYCLES | 1 << 24, XEN_PERFCTR_TIER_FULL },
    };
    unsigned int i, tier;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        for ( tier = XEN_PERFCTR_TIER_OFF; tier <= XEN_PERFCTR_TIER_FULL;
              tier++ )
        {
            policy.tier = tier;
            test_case("tier %u, %s", tier, rows[i].name);
            if ( tier >= rows[i].tier )
            {
                accepted(one(rows[i].event));
                EQUAL(img.tier, rows[i].tier);
                CHECK(perfctr_image_allowed(&policy, &img));
                policy.tier = rows[i].tier - 1;
                CHECK(!perfctr_image_allowed(&policy, &img));
            }
            else
                refused(one(rows[i].event), -EPERM, XEN_PERFCTR_BAD_TIER, 0);
        }
    policy.tier = XEN_PERFCTR_TIER_FULL;
}

static void test_domains(void)
{
    static const struct {
        uint32_t domain;
        int rc;
        unsigned int needs;     /* policy flags */
        bool user, kernel, hyp;
    } rows[] = {
        { 0, -EINVAL, 0, 0, 0, 0 },
        { U, 0, 0, 1, 0, 0 },
        { K, 0, XEN_PERFCTR_POLICY_KERNEL, 0, 1, 0 },
        { U | K, 0, XEN_PERFCTR_POLICY_KERNEL, 1, 1, 0 },
        { HYP, 0, XEN_PERFCTR_POLICY_HYP, 1, 1, 1 },
        { U | HYP, -EINVAL, 0, 0, 0, 0 },
        { K | HYP, -EINVAL, 0, 0, 0, 0 },
        { U | K | HYP, 0, XEN_PERFCTR_POLICY_KERNEL | XEN_PERFCTR_POLICY_HYP,
          1, 1, 1 },
    };
    unsigned int i, flags;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        for ( flags = 0; flags < 4; flags++ )
        {
            struct xen_perfctr_config cfg = one(BRANCHES);
            bool allowed = !(rows[i].needs & ~flags);

            policy.flags = flags;
            cfg.counter[0].domain = rows[i].domain;
            test_case("domain bits %#x with policy flags %#x", rows[i].domain,
                      flags);
            if ( rows[i].rc || !allowed )
            {
                refused(cfg, rows[i].rc ?: -EPERM, XEN_PERFCTR_BAD_DOMAIN, 0);
                continue;
            }
            accepted(cfg);
            EQUAL(img.user, rows[i].user);
            EQUAL(img.kernel, rows[i].kernel);
            EQUAL(img.policy, rows[i].needs);
            EQUAL(!!(img.select[0] & PERFCTR_SEL_OS), rows[i].hyp);
            EQUAL(!!(img.select[0] & PERFCTR_SEL_USR),
                  !!(rows[i].domain & (U | K)));
            CHECK(perfctr_image_allowed(&policy, &img));
            policy.flags = 0;
            EQUAL(perfctr_image_allowed(&policy, &img), !rows[i].needs);
        }
    policy.flags = XEN_PERFCTR_POLICY_KERNEL | XEN_PERFCTR_POLICY_HYP;

    for ( i = 3; i < 32; i++ )
    {
        struct xen_perfctr_config cfg = one(INSNS);

        cfg.counter[0].domain = U | 1u << i;
        test_case("domain bit %u is refused", i);
        refused(cfg, -EINVAL, XEN_PERFCTR_BAD_DOMAIN, 0);
    }
}

static void test_modes(void)
{
    static const struct {
        uint32_t mode;
        uint64_t period;
        int rc;
        unsigned int field;
    } rows[] = {
        { 0, 0, 0, 0 },
        { 0, 1, -EINVAL, XEN_PERFCTR_BAD_PERIOD },
        { 0, 1ull << 47, -EINVAL, XEN_PERFCTR_BAD_PERIOD },
        { 0, UINT64_MAX, -EINVAL, XEN_PERFCTR_BAD_PERIOD },
        { 1, 0, -EINVAL, XEN_PERFCTR_BAD_PERIOD },
        { 1, 1, -EPERM, XEN_PERFCTR_BAD_PERIOD },
        { 1, 99, -EPERM, XEN_PERFCTR_BAD_PERIOD },
        { 1, 100, 0, 0 },
        { 1, 100000, 0, 0 },
        { 1, (1ull << 46) - 1, 0, 0 },
        { 1, 1ull << 46, -EINVAL, XEN_PERFCTR_BAD_PERIOD },
        { 1, 1ull << 47, -EINVAL, XEN_PERFCTR_BAD_PERIOD },
        { 1, UINT64_MAX, -EINVAL, XEN_PERFCTR_BAD_PERIOD },
        { 2, 0, -EINVAL, XEN_PERFCTR_BAD_MODE },
        { 0x80000000u, 0, -EINVAL, XEN_PERFCTR_BAD_MODE },
        { UINT32_MAX, 0, -EINVAL, XEN_PERFCTR_BAD_MODE },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        struct xen_perfctr_config cfg = one(INSNS);

        policy.min_period = 100;
        cfg.counter[0].mode = rows[i].mode;
        cfg.counter[0].period = rows[i].period;
        test_case("mode %#x, period %#llx", rows[i].mode,
                  (unsigned long long)rows[i].period);
        if ( rows[i].rc )
            refused(cfg, rows[i].rc, rows[i].field, 0);
        else
            accepted(cfg);
    }

    test_case("without a least period 1 is one");
    policy.min_period = 0;
    {
        struct xen_perfctr_config cfg = one(INSNS);

        cfg.counter[0].mode = XEN_PERFCTR_MODE_SAMPLE;
        cfg.counter[0].period = 1;
        accepted(cfg);
        cfg.counter[0].period = 0;
        refused(cfg, -EINVAL, XEN_PERFCTR_BAD_PERIOD, 0);
    }

    test_case("the shortest period decides whether a policy still allows it");
    {
        struct xen_perfctr_config cfg = one(INSNS);

        cfg.nr = 4;
        for ( i = 0; i < 4; i++ )
        {
            cfg.counter[i] = cfg.counter[0];
            cfg.counter[i].mode = i != 2;
            cfg.counter[i].period = i == 2 ? 0 : 700 - 100 * i;
        }
        accepted(cfg);
        EQUAL(img.sample, 0xb);
        EQUAL(img.period[1], 600);
        policy.min_period = 400;
        CHECK(perfctr_image_allowed(&policy, &img));
        policy.min_period = 401;
        CHECK(!perfctr_image_allowed(&policy, &img));
        refused(cfg, -EPERM, XEN_PERFCTR_BAD_PERIOD, 3);
    }

    test_case("an image that does not sample has no shortest period");
    {
        policy.min_period = 400;
        accepted(one(INSNS));
        policy.min_period = (1ull << 46) - 1;
        CHECK(perfctr_image_allowed(&policy, &img));
        policy.min_period = 0;
    }
}

#define FIXED(n)  (32 + (n))
#define END       0xff

static void test_fit(void)
{
    static const struct {
        const char *name;
        unsigned int nr_gp, nr_fixed;
        unsigned int nr;
        uint64_t event[XEN_PERFCTR_MAX_COUNTERS];
        unsigned int bad;       /* counter that does not fit, or END */
        uint8_t hw[XEN_PERFCTR_MAX_COUNTERS];
    } rows[] = {
        { "the three fixed ones", 8, 3, 3, { INSNS, CYCLES, REF_TSC }, END,
          { FIXED(0), FIXED(1), FIXED(2) } },
        { "order does not matter", 8, 3, 3, { REF_TSC, CYCLES, INSNS }, END,
          { FIXED(2), FIXED(1), FIXED(0) } },
        { "a second of the same goes to a general one", 8, 3, 2,
          { INSNS, INSNS }, END, { FIXED(0), 0 } },
        { "a modifier needs a general one", 8, 3, 1,
          { INSNS | 1ull << 24 }, END, { 0 } },
        { "no fixed counters", 8, 0, 2, { INSNS, CYCLES }, END, { 0, 1 } },
        { "reference cycles need the third fixed one", 8, 2, 1, { REF_TSC }, 0,
          { 0 } },
        { "reference cycles twice", 8, 3, 2, { REF_TSC, REF_TSC }, 1, { 0 } },
        { "all 8 general ones", 8, 3, 8,
          { BRANCHES, BRANCHES, BRANCHES, BRANCHES, MISPRED, MISPRED, LLC_MISS,
            LLC_MISS }, END, { 0, 1, 2, 3, 4, 5, 6, 7 } },
        { "one more than 8", 8, 3, 9,
          { BRANCHES, BRANCHES, BRANCHES, BRANCHES, BRANCHES, BRANCHES,
            BRANCHES, BRANCHES, MISPRED }, 8, { 0 } },
        { "8 general and 3 fixed", 8, 3, 11,
          { INSNS, CYCLES, REF_TSC, BRANCHES, BRANCHES, BRANCHES, BRANCHES,
            BRANCHES, BRANCHES, BRANCHES, BRANCHES }, END,
          { FIXED(0), FIXED(1), FIXED(2), 0, 1, 2, 3, 4, 5, 6, 7 } },
        { "12 are one too many", 8, 3, 12,
          { INSNS, CYCLES, REF_TSC, BRANCHES, BRANCHES, BRANCHES, BRANCHES,
            BRANCHES, BRANCHES, BRANCHES, BRANCHES, BRANCHES }, 11, { 0 } },
        { "only counter 1 can", 8, 3, 2, { BRANCHES, 0x01c0 }, END, { 0, 1 } },
        { "only counter 1 can, and others stand before it", 8, 3, 3,
          { BRANCHES, BRANCHES, 0x01c0 }, END, { 0, 2, 1 } },
        { "only counter 1 can, twice", 8, 3, 2, { 0x01c0, 0x01c0 }, 1, { 0 } },
        { "only counter 1 can, and there is none", 1, 3, 1, { 0x01c0 }, 0,
          { 0 } },
        { "the lower four, behind four that can be anywhere", 8, 3, 8,
          { BRANCHES, BRANCHES, BRANCHES, BRANCHES, 0x81d0, 0x82d0, 0x01d1,
            0x02d1 }, END, { 4, 5, 6, 7, 0, 1, 2, 3 } },
        { "five for the lower four", 8, 3, 5,
          { 0x81d0, 0x82d0, 0x01d1, 0x02d1, 0x04d1 }, 4, { 0 } },
        { "counter 1 and three of the lower four", 8, 3, 5,
          { 0x81d0, 0x82d0, 0x01d1, 0x01c0, BRANCHES }, END,
          { 0, 2, 3, 1, 4 } },
        { "four for the lower four, besides counter 1", 8, 3, 5,
          { 0x81d0, 0x82d0, 0x01d1, 0x02d1, 0x01c0 }, 3, { 0 } },
        { "only two general counters", 2, 3, 3, { BRANCHES, BRANCHES, MISPRED },
          2, { 0 } },
    };
    unsigned int i, n;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        struct xen_perfctr_config cfg = {
            .size = sizeof(cfg), .nr = rows[i].nr };
        uint64_t used = 0;
        int rc;

        for ( n = 0; n < rows[i].nr; n++ )
            cfg.counter[n] = (struct xen_perfctr_counter){
                .event = rows[i].event[n], .domain = U };
        model.nr_gp = rows[i].nr_gp;
        model.nr_fixed = rows[i].nr_fixed;
        test_case("fit: %s", rows[i].name);
        rc = check(&cfg);
        if ( rows[i].bad != END )
        {
            EQUAL(rc, -ENOSPC);
            EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_FIT);
            EQUAL(cfg.bad_counter, rows[i].bad);
            continue;
        }
        EQUAL(rc, 0);
        EQUAL(img.nr, rows[i].nr);
        for ( n = 0; n < rows[i].nr; n++ )
        {
            unsigned int hw = rows[i].hw[n];

            EQUAL(img.hw[n], hw);
            EQUAL(cfg.counter[n].rdpmc,
                  hw < 32 ? hw : 0x40000000u | (hw - 32));
            used |= 1ull << hw;
            if ( hw < 32 )
                EQUAL(img.select[hw], rows[i].event[n] | PERFCTR_SEL_EN |
                                      PERFCTR_SEL_INT | PERFCTR_SEL_USR);
            else
                EQUAL(img.fixed_ctrl >> (4 * (hw - 32)) & 0xf,
                      PERFCTR_FIXED_USR | PERFCTR_FIXED_PMI);
        }
        EQUAL(img.used, used);
        EQUAL(img.user, used);
        EQUAL(img.kernel, 0);
    }
    model.nr_gp = 8;
    model.nr_fixed = 3;
}

static void test_budget(void)
{
    unsigned int budget, nr;

    for ( budget = 1; budget <= 4; budget++ )
        for ( nr = 1; nr <= 4; nr++ )
        {
            struct xen_perfctr_config cfg = one(BRANCHES);

            cfg.nr = nr;
            cfg.counter[1] = cfg.counter[2] = cfg.counter[3] = cfg.counter[0];
            policy.max_counters = budget;
            test_case("%u counters with a budget of %u", nr, budget);
            if ( nr > budget )
                refused(cfg, -ENOSPC, XEN_PERFCTR_BAD_BUDGET, budget);
            else
            {
                accepted(cfg);
                CHECK(perfctr_image_allowed(&policy, &img));
                policy.max_counters = nr - 1;
                EQUAL(perfctr_image_allowed(&policy, &img), nr == 1);
            }
        }
    policy.max_counters = 0;
}

/* The culprit is named wherever it stands. */
static void test_places(void)
{
    unsigned int i, n;

    for ( i = 0; i < XEN_PERFCTR_MAX_COUNTERS; i++ )
    {
        struct xen_perfctr_config cfg = {
            .size = sizeof(cfg), .nr = XEN_PERFCTR_MAX_COUNTERS };

        for ( n = 0; n < cfg.nr; n++ )
            cfg.counter[n] = (struct xen_perfctr_counter){
                .event = BRANCHES, .domain = U };
        cfg.counter[i].event = 0xeeee;
        test_case("an unknown event in place %u", i);
        refused(cfg, -ENOENT, XEN_PERFCTR_BAD_UNKNOWN, i);
        cfg.counter[i].event = BRANCHES | 1ull << 21;
        test_case("ANYTHREAD in place %u", i);
        refused(cfg, -EINVAL, XEN_PERFCTR_BAD_EVENT, i);
    }
}

void test_config(void)
{
    reset(0x5e);
    test_frame();
    test_event_bits();
    test_codes(0x5e);
    test_absent();
    test_tiers();
    test_domains();
    test_modes();
    test_fit();
    test_budget();
    test_places();

    /* A CPU that nobody knows: the architectural events. */
    reset(0x01);
    test_codes(0x01);
    test_case("an unknown CPU has no loads retired");
    refused(one(0x81d0), -ENOENT, XEN_PERFCTR_BAD_UNKNOWN, 0);
}
