/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policies: each rule at its boundary, what is said about a bad one, and what a
 * change does to a domain that has configurations and counts.
 */
#include "test.h"

static struct xen_perfctr_policy good(void)
{
    return (struct xen_perfctr_policy){
        .size = sizeof(struct xen_perfctr_policy), .domid = 0,
        .tier = XEN_PERFCTR_TIER_FULL,
        .flags = XEN_PERFCTR_POLICY_KERNEL | XEN_PERFCTR_POLICY_HYP,
        .min_period = 100, .pmi_rate = 1000,
    };
}

static void set(struct xen_perfctr_policy p)
{
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), 0);
    EQUAL(p.bad_field, XEN_PERFCTR_POLICY_BAD_NONE);
}

/* Refused, the culprit is named, and the policy is what it was. */
static void refused(struct xen_perfctr_policy p, int rc, uint32_t field,
                    uint32_t event)
{
    struct xen_perfctr_policy before = { .size = sizeof(before) }, after;

    EQUAL(op(XEN_PERFCTR_OP_policy_get, &before), 0);
    p.bad_field = p.bad_event = UINT32_MAX;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), rc);
    EQUAL(p.bad_field, field);
    EQUAL(p.bad_event, event);
    after = (struct xen_perfctr_policy){ .size = sizeof(after) };
    EQUAL(op(XEN_PERFCTR_OP_policy_get, &after), 0);
    CHECK(!memcmp(&before, &after, sizeof(before)));
}

static void fresh(void)
{
    world_new();
    run_on(0, vcpu(0, 0));
}

static void test_fields(void)
{
    struct xen_perfctr_policy p;
    unsigned int i;

#define BOUND(name, field, most, bad) \
    test_case("policy: " name " at its bound"); \
    p = good(); p.field = (most); set(p); \
    test_case("policy: " name " beyond its bound"); \
    p = good(); p.field = (most) + 1; refused(p, -EINVAL, bad, 0); \
    p.field = ~(typeof(p.field))0; refused(p, -EINVAL, bad, 0)

    fresh();
    BOUND("tier", tier, XEN_PERFCTR_TIER_FULL, XEN_PERFCTR_POLICY_BAD_TIER);
    BOUND("max_counters", max_counters, XEN_PERFCTR_MAX_COUNTERS,
          XEN_PERFCTR_POLICY_BAD_COUNTERS);
    BOUND("min_period", min_period, (1ull << 46) - 1,
          XEN_PERFCTR_POLICY_BAD_PERIOD);
    BOUND("pmi_rate", pmi_rate, 1000000000ull, XEN_PERFCTR_POLICY_BAD_RATE);
#undef BOUND

    for ( i = 2; i < 31; i++ )
    {
        test_case("policy: flag bit %u", i);
        p = good();
        p.flags |= 1u << i;
        refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_FLAGS, 0);
    }

    test_case("policy: fields that must be zero");
    p = good();
    p.zero = 1;
    refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_ZERO, 0);
    for ( i = 0; i < ARRAY_SIZE(p.pad); i++ )
    {
        p = good();
        p.pad[i] = 1u << 31;
        refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_ZERO, 0);
    }

    test_case("policy: what is wrong cannot be told");
    p = good();
    p.tier = 9;
    emul_read_only = true;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), -EFAULT);
    emul_read_only = false;

    test_case("policy: a good one is not written to");
    p = good();
    emul_read_only = true;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), 0);
    emul_read_only = false;
}

static void test_list(void)
{
    struct xen_perfctr_policy p;
    unsigned int i;

    test_case("policy: a list of 64 events");
    fresh();
    p = good();
    p.nr_events = XEN_PERFCTR_MAX_EVENTS;
    for ( i = 0; i < p.nr_events; i++ )
        p.event[i] = INSNS;
    set(p);

    test_case("policy: a list of 65 events, or many");
    p.nr_events++;
    refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_NR, 0);
    p.nr_events = UINT32_MAX;
    refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_NR, 0);

    for ( i = 0; i < XEN_PERFCTR_MAX_EVENTS; i += 21 )
    {
        test_case("policy: entry %u is not an event", i);
        p = good();
        p.nr_events = i + 1;
        for ( unsigned int n = 0; n < i; n++ )
            p.event[n] = CYCLES;
        p.event[i] = 0xffff;
        refused(p, -ENOENT, XEN_PERFCTR_POLICY_BAD_UNKNOWN, i);
        p.event[i] = INSNS | 1ull << 22;
        refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_EVENT, i);

        test_case("policy: entry %u is outside the tier", i);
        p.event[i] = BRANCHES;
        p.tier = XEN_PERFCTR_TIER_IPC;
        refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_OUTSIDE, i);
        p.event[i] = CYCLES | 1u << 24;
        p.tier = XEN_PERFCTR_TIER_ARCH;
        refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_OUTSIDE, i);

        test_case("policy: an event behind %u entries", i + 1);
        p.event[i] = CYCLES;
        set(p);
        p.nr_events = i;
        refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_ZERO, 0);
    }

    test_case("policy: a list in tier off");
    p = good();
    p.tier = XEN_PERFCTR_TIER_OFF;
    p.nr_events = 1;
    p.event[0] = INSNS;
    refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_OUTSIDE, 0);
}

/* A configuration of one event, by hypercall. */
static int try(uint64_t event, uint32_t *field)
{
    struct xen_perfctr_config cfg = {
        .size = sizeof(cfg), .nr = 2,
        .counter[0] = { .event = CYCLES, .domain = U },
        .counter[1] = { .event = event, .domain = U } };
    int rc = op(XEN_PERFCTR_OP_config_create, &cfg);

    *field = cfg.bad_field;
    if ( rc )
        EQUAL(cfg.bad_counter, 1);
    else
        EQUAL(op(XEN_PERFCTR_OP_config_destroy, &cfg), 0);

    return rc;
}

static void test_allowed(void)
{
    static const uint64_t others[] = {
        INSNS, BRANCHES | 1u << 18, BRANCHES | 1u << 23, BRANCHES | 1u << 24,
        MISPRED, LLC_MISS, 0x81d0, CYCLES | 2u << 24,
    };
    struct xen_perfctr_policy p = good();
    uint32_t field;
    unsigned int i;

    fresh();
    p.nr_events = 3;
    p.event[0] = CYCLES;
    p.event[1] = BRANCHES;
    p.event[2] = CYCLES | 1u << 24;
    set(p);

    test_case("list: what it names is counted, modifiers included");
    EQUAL(try(BRANCHES, &field), 0);
    EQUAL(try(CYCLES | 1u << 24, &field), 0);

    for ( i = 0; i < ARRAY_SIZE(others); i++ )
    {
        test_case("list: event %#llx is not in it",
                  (unsigned long long)others[i]);
        EQUAL(try(others[i], &field), -EPERM);
        EQUAL(field, XEN_PERFCTR_BAD_ALLOW);
    }

    test_case("list: an unknown event is still an unknown one");
    EQUAL(try(0xffff, &field), -ENOENT);
    EQUAL(field, XEN_PERFCTR_BAD_UNKNOWN);

    test_case("list: without one the tier decides");
    set(good());
    EQUAL(try(MISPRED, &field), 0);
}

static struct xen_perfctr_published *pub(void)
{
    return &page(current)->pub;
}

/*
 * Domain 0 counts cycles and branches of user and kernel, sampling the second;
 * each policy either still allows that or not.
 */
static void test_revoke(void)
{
    static const uint64_t two[] = { CYCLES, BRANCHES };
    static const struct {
        const char *name;
        bool allowed;
        uint32_t tier, flags, max_counters;
        uint64_t min_period;
        uint32_t nr;
        uint64_t event[2];
    } rows[] = {
        { "the same", true, 3, 3, 0, 100, 0, {} },
        { "tier arch", true, 2, 3, 0, 100, 0, {} },
        { "tier ipc", false, 1, 3, 0, 100, 0, {} },
        { "tier off", false, 0, 3, 0, 100, 0, {} },
        { "no hypervisor", true, 3, 1, 0, 100, 0, {} },
        { "no kernel", false, 3, 2, 0, 100, 0, {} },
        { "two counters", true, 3, 3, 2, 100, 0, {} },
        { "one counter", false, 3, 3, 1, 100, 0, {} },
        { "its period", true, 3, 3, 0, 5000, 0, {} },
        { "a longer period", false, 3, 3, 0, 5001, 0, {} },
        { "a list of both", true, 3, 3, 0, 100, 2, { BRANCHES, CYCLES } },
        { "a list of one", false, 3, 3, 0, 100, 1, { CYCLES } },
        { "a list of others", false, 3, 3, 0, 100, 2, { CYCLES, INSNS } },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        struct xen_perfctr_policy p = good();
        uint64_t value;
        uint32_t handle;

        test_case("while counting: %s", rows[i].name);
        fresh();
        EQUAL(register_page(0), 0);
        handle = create_sampling(2, two, U | K, 5000, 0);
        CHECK(handle);
        request_and_go(handle, -5000ull);
        EQUAL(pub()->status, 0);
        emul_user(7);
        value = perfctr_rdpmc(0);

        p.tier = rows[i].tier;
        p.flags = rows[i].flags;
        p.max_counters = rows[i].max_counters;
        p.min_period = rows[i].min_period;
        p.nr_events = rows[i].nr;
        memcpy(p.event, rows[i].event, sizeof(rows[i].event));
        set(p);

        EQUAL(pub()->flags, rows[i].allowed ? 0 : XEN_PERFCTR_PUB_REVOKED);
        EQUAL(pub()->status, rows[i].allowed ? 0 : -EPERM);
        EQUAL(current->virqs, !rows[i].allowed);
        emul_user(11);
        EQUAL(perfctr_rdpmc(0), value + (rows[i].allowed ? 11 : 0));

        /* The next request is judged by the same rule. */
        to_kernel();
        request(handle, -5000ull);
        to_user();
        EQUAL(pub()->status, rows[i].allowed ? 0 : -EPERM);
        EQUAL(pub()->applied_handle, rows[i].allowed ? handle : 0);

        /* A configuration outlives the policy that denied it. */
        set(good());
        to_kernel();
        request(handle, -5000ull);
        to_user();
        EQUAL(pub()->status, 0);
        EQUAL(pub()->applied_handle, handle);
    }

    test_case("while counting: a handle that is used again is judged anew");
    {
        struct xen_perfctr_policy p = good();
        struct xen_perfctr_config cfg = { .size = sizeof(cfg) };

        fresh();
        EQUAL(register_page(0), 0);
        cfg.handle = create(1, &two[1], U);
        p.tier = XEN_PERFCTR_TIER_IPC;
        set(p);
        EQUAL(op(XEN_PERFCTR_OP_config_destroy, &cfg), 0);
        EQUAL(create(1, &two[0], U), cfg.handle);
        request_and_go(cfg.handle, 0);
        EQUAL(pub()->status, 0);
    }

    test_case("the guest sees that its policy has been set");
    {
        struct xen_perfctr_policy bad = good();
        uint32_t before = pub()->policy;

        set(good());
        EQUAL(pub()->policy, before + 1);
        bad.tier = 9;
        EQUAL(op(XEN_PERFCTR_OP_policy_set, &bad), -EINVAL);
        EQUAL(pub()->policy, before + 1);
        /* A page that is registered afterwards has the number, too. */
        run_on(1, vcpu(0, 1));
        EQUAL(register_page(1), 0);
        EQUAL(pub()->policy, before + 1);
        bad = good();
        bad.tier = XEN_PERFCTR_TIER_IPC;
        set(bad);
        run_on(0, vcpu(0, 0));
        EQUAL(pub()->policy, before + 2);
    }

    test_case("another domain's policy does not matter");
    {
        struct xen_perfctr_policy p = good();
        uint32_t before = pub()->policy;

        p.domid = 1;
        p.tier = XEN_PERFCTR_TIER_OFF;
        set(p);
        EQUAL(pub()->flags, 0);
        EQUAL(pub()->policy, before);
        EQUAL(emul_domain[0].arch.perfctr->policy.tier, XEN_PERFCTR_TIER_IPC);
    }
}

static void test_default(void)
{
    struct xen_perfctr_policy p, seen = { .size = sizeof(seen) };
    const struct xen_perfctr_policy reset = {
        .size = sizeof(reset), .flags = XEN_PERFCTR_POLICY_DEFAULT };

    test_case("policy: back to the default of the command line");
    fresh();
    p = good();
    p.nr_events = 1;
    p.event[0] = INSNS;
    p.max_counters = 1;
    set(p);
    set(reset);
    EQUAL(op(XEN_PERFCTR_OP_policy_get, &seen), 0);
    EQUAL(seen.tier, XEN_PERFCTR_TIER_FULL);
    EQUAL(seen.flags, XEN_PERFCTR_POLICY_KERNEL | XEN_PERFCTR_POLICY_HYP);
    EQUAL(seen.min_period, 100);
    EQUAL(seen.pmi_rate, 100000);
    EQUAL(seen.max_counters + seen.nr_events + seen.event[0], 0);

    test_case("policy: the default is nothing else besides");
#define WITH(field) \
    p = reset; p.field = 1; \
    refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_FLAGS, 0)
    WITH(tier);
    WITH(max_counters);
    WITH(min_period);
    WITH(pmi_rate);
    WITH(nr_events);
#undef WITH
    p = reset;
    p.flags |= XEN_PERFCTR_POLICY_KERNEL;
    refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_FLAGS, 0);
    p = reset;
    p.event[63] = 1;
    refused(p, -EINVAL, XEN_PERFCTR_POLICY_BAD_ZERO, 0);
}

void test_policy_rules(void)
{
    test_fields();
    test_list();
    test_allowed();
    test_revoke();
    test_default();
}
