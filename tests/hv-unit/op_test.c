/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hypercall: who may call what, with which arguments, and what comes back.
 */
#include "test.h"

static void fresh(void)
{
    world_new();
    run_on(0, vcpu(0, 0));
}

static const struct {
    const char *name;
    unsigned int cmd, size;
} ops[] = {
    { "query", XEN_PERFCTR_OP_query, sizeof(struct xen_perfctr_query) },
    { "register", XEN_PERFCTR_OP_register,
      sizeof(struct xen_perfctr_register) },
    { "unregister", XEN_PERFCTR_OP_unregister,
      sizeof(struct xen_perfctr_register) },
    { "config_create", XEN_PERFCTR_OP_config_create,
      sizeof(struct xen_perfctr_config) },
    { "config_destroy", XEN_PERFCTR_OP_config_destroy,
      sizeof(struct xen_perfctr_config) },
    { "policy_get", XEN_PERFCTR_OP_policy_get,
      sizeof(struct xen_perfctr_policy) },
    { "policy_set", XEN_PERFCTR_OP_policy_set,
      sizeof(struct xen_perfctr_policy) },
    { "vcpu_stats", XEN_PERFCTR_OP_vcpu_stats,
      sizeof(struct xen_perfctr_vcpu_stats) },
    { "ring", XEN_PERFCTR_OP_ring, sizeof(struct xen_perfctr_ring) },
};

static void test_frames(void)
{
    static const int off[] = { -1, 1, 4, 8 };
    uint32_t arg[256];
    unsigned int i, n;

    for ( i = 0; i < ARRAY_SIZE(ops); i++ )
    {
        test_case("%s: no argument", ops[i].name);
        fresh();
        EQUAL(op(ops[i].cmd, NULL), -EFAULT);

        for ( n = 0; n < ARRAY_SIZE(off) + 2; n++ )
        {
            uint32_t size = n < ARRAY_SIZE(off) ? ops[i].size + off[n]
                            : n == ARRAY_SIZE(off) ? 0 : UINT32_MAX;

            test_case("%s: size %u", ops[i].name, size);
            fresh();
            memset(arg, 0, sizeof(arg));
            arg[0] = size;
            EQUAL(op(ops[i].cmd, arg), -EINVAL);
            EQUAL(arg[0], size);
        }

        test_case("%s: the argument is fetched once", ops[i].name);
        fresh();
        memset(arg, 0, sizeof(arg));
        arg[0] = ops[i].size;
        emul_copies_in = 0;
        op(ops[i].cmd, arg);
        EQUAL(emul_copies_in, 1);

        test_case("%s: denied by XSM", ops[i].name);
        fresh();
        emul_xsm_rc = -EACCES;
        EQUAL(op(ops[i].cmd, arg), -EACCES);
        EQUAL(emul_domain[0].arch.perfctr->policy.tier, XEN_PERFCTR_TIER_FULL);

        test_case("%s: perfctr is off in Xen", ops[i].name);
        fresh();
        perfctr_enabled = false;
        EQUAL(op(ops[i].cmd, arg), -ENODEV);
        perfctr_enabled = true;

        test_case("%s: from a 32-bit PV domain", ops[i].name);
        fresh();
        emul_domain[0].pv32 = true;
        if ( ops[i].cmd < XEN_PERFCTR_OP_policy_get ||
             ops[i].cmd == XEN_PERFCTR_OP_ring )
            EQUAL(op(ops[i].cmd, arg), -EOPNOTSUPP);

        test_case("%s: from a domain that is not PV", ops[i].name);
        fresh();
        perfctr_domain_destroy(&emul_domain[0]);
        EQUAL(op(ops[i].cmd, arg), -EOPNOTSUPP);
    }

    for ( i = 0; i < 32; i++ )
    {
        unsigned int cmd = i == 3 ? UINT32_MAX : 1u << i;

        if ( cmd <= XEN_PERFCTR_OP_vcpu_stats )
            continue;
        test_case("operation %#x does not exist", cmd);
        fresh();
        EQUAL(op(cmd, arg), -EOPNOTSUPP);
    }
    test_case("operation 10 does not exist");
    EQUAL(op(XEN_PERFCTR_OP_ring + 1, arg), -EOPNOTSUPP);
}

static void test_query(void)
{
    struct xen_perfctr_query q = { .size = sizeof(q) };

    test_case("query: everything is filled in");
    fresh();
    memset((char *)&q + 4, 0xff, sizeof(q) - 4);
    EQUAL(op(XEN_PERFCTR_OP_query, &q), 0);
    EQUAL(q.abi, XEN_PERFCTR_ABI);
    EQUAL(q.vendor, XEN_PERFCTR_VENDOR_INTEL);
    EQUAL(q.pmu_version, 4);
    EQUAL(q.nr_gp, 8);
    EQUAL(q.nr_fixed, 3);
    EQUAL(q.width, 48);
    EQUAL(q.flags, XEN_PERFCTR_CAP_IRET_APPLY | XEN_PERFCTR_CAP_KERNEL |
                   XEN_PERFCTR_CAP_HYP | XEN_PERFCTR_CAP_SAMPLE);
    EQUAL(q.tier, XEN_PERFCTR_TIER_FULL);
    EQUAL(q.max_configs, XEN_PERFCTR_MAX_CONFIGS);
    EQUAL(q.min_period, 100);

    test_case("query: a least period of 0 is one of 1");
    emul_domain[0].arch.perfctr->policy.min_period = 0;
    EQUAL(op(XEN_PERFCTR_OP_query, &q), 0);
    EQUAL(q.min_period, 1);

    test_case("query: the answer cannot be written");
    emul_read_only = true;
    EQUAL(op(XEN_PERFCTR_OP_query, &q), -EFAULT);
    emul_read_only = false;
}

static void test_off(void)
{
    static const uint64_t insns[] = { INSNS };
    struct xen_perfctr_query q = { .size = sizeof(q) };
    struct xen_perfctr_register reg = {
        .size = sizeof(reg), .time_gfn = ~0ull };
    struct xen_perfctr_config cfg = { .size = sizeof(cfg), .handle = 1 };
    struct xen_perfctr_policy off = {
        .size = sizeof(off), .domid = DOMID_SELF };

    test_case("tier off: nothing new, but what there is can be given back");
    fresh();
    EQUAL(register_page(0), 0);
    EQUAL(create(1, insns, U), 1);
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &off), 0);
    EQUAL(op(XEN_PERFCTR_OP_query, &q), -ENODEV);
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), -ENODEV);
    EQUAL(op(XEN_PERFCTR_OP_config_create, &cfg), -ENODEV);
    request(1, 0);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), -EPERM);
    EQUAL(op(XEN_PERFCTR_OP_config_destroy, &cfg), 0);
    EQUAL(register_ring(RING_FRAME, 1), -ENODEV);
    emul_domain[0].arch.perfctr->policy.tier = XEN_PERFCTR_TIER_IPC;
    EQUAL(register_ring(RING_FRAME, 1), 0);
    emul_domain[0].arch.perfctr->policy.tier = XEN_PERFCTR_TIER_OFF;
    EQUAL(register_ring(0, 0), 0);
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), 0);
}

static void test_create_faults(void)
{
    struct xen_perfctr_config cfg = {
        .size = sizeof(cfg), .nr = 1,
        .counter[0] = { .event = INSNS, .domain = U } };
    unsigned int i;

    test_case("config_create: a handle that cannot be told is taken back");
    fresh();
    emul_read_only = true;
    for ( i = 0; i < 2 * XEN_PERFCTR_MAX_CONFIGS; i++ )
        EQUAL(op(XEN_PERFCTR_OP_config_create, &cfg), -EFAULT);
    emul_read_only = false;
    EQUAL(op(XEN_PERFCTR_OP_config_create, &cfg), 0);
    EQUAL(cfg.handle, 1);

    for ( i = 16; i < 64; i++ )
    {
        struct xen_perfctr_config one = cfg;
        bool modifier = i == 18 || i == 23 || (i >= 24 && i < 32);

        test_case("config_create: event bit %u, by hypercall", i);
        one.counter[0].event |= 1ull << i;
        EQUAL(op(XEN_PERFCTR_OP_config_create, &one), modifier ? 0 : -EINVAL);
        if ( modifier )
            EQUAL(op(XEN_PERFCTR_OP_config_destroy, &one), 0);
        EQUAL(emul_writes, 0);
    }

    test_case("config_create: 10^5 refusals leave nothing behind");
    cfg.counter[0].event = 0xffff;
    for ( i = 0; i < 100000; i++ )
        op(XEN_PERFCTR_OP_config_create, &cfg);
    EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_UNKNOWN);
    cfg.counter[0].event = INSNS;
    EQUAL(op(XEN_PERFCTR_OP_config_create, &cfg), 0);
    EQUAL(cfg.handle, 2);
    EQUAL(emul_writes, 0);
}

static void test_policy(void)
{
    struct xen_perfctr_policy good = {
        .size = sizeof(good), .domid = 1, .tier = XEN_PERFCTR_TIER_ARCH,
        .flags = XEN_PERFCTR_POLICY_KERNEL, .max_counters = 3,
        .min_period = 1000, .pmi_rate = 5000 }, p, seen;
    unsigned int i;

    test_case("policy: set and get");
    fresh();
    p = good;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), 0);
    seen = (struct xen_perfctr_policy){ .size = sizeof(seen), .domid = 1 };
    EQUAL(op(XEN_PERFCTR_OP_policy_get, &seen), 0);
    CHECK(!memcmp(&seen, &good, sizeof(good)));
    EQUAL(emul_domain[0].arch.perfctr->policy.tier, XEN_PERFCTR_TIER_FULL);

    test_case("policy: DOMID_SELF");
    p = good;
    p.domid = DOMID_SELF;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), 0);
    EQUAL(emul_domain[0].arch.perfctr->policy.tier, XEN_PERFCTR_TIER_ARCH);

    for ( i = 0; i < 3; i++ )
    {
        static const uint32_t ids[] = { 3, 0x10000, UINT32_MAX };

        test_case("policy: domain %#x", ids[i]);
        p = good;
        p.domid = ids[i];
        EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), i ? -EINVAL : -ESRCH);
        EQUAL(op(XEN_PERFCTR_OP_policy_get, &p), i ? -EINVAL : -ESRCH);
    }

    for ( i = 0; i < 44; i++ )
    {
        fresh();
        p = good;
        switch ( i )
        {
        case 0: p.tier = XEN_PERFCTR_TIER_FULL + 1; break;
        case 1: p.tier = UINT32_MAX; break;
        case 2: p.zero = 1; break;
        case 3: p.pad[0] = 1; break;
        case 4: p.pad[1] = 1u << 31; break;
        case 5: p.pad[2] = 1; break;
        case 40: p.min_period = 1ull << 46; break;
        case 41: p.min_period = UINT64_MAX; break;
        case 42: p.pmi_rate = 1000000001; break;
        case 43: p.pmi_rate = UINT64_MAX; break;
        default:
            if ( i < 8 )
                continue;
            p.flags = 1u << (i - 8);
            if ( i - 8 < 2 )
                continue;
            if ( p.flags == XEN_PERFCTR_POLICY_DEFAULT )
                p.pmi_rate = 1;
            break;
        }
        test_case("policy: bad value %u", i);
        EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), -EINVAL);
        EQUAL(emul_domain[1].arch.perfctr->policy.tier, XEN_PERFCTR_TIER_FULL);
    }

    test_case("policy: two VCPUs pause each other, one waits");
    fresh();
    emul_pause_rc = -ERESTART;
    p = good;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), EMUL_CONTINUATION);
    EQUAL(emul_domain[1].arch.perfctr->policy.tier, XEN_PERFCTR_TIER_FULL);

    test_case("policy: of a domain that has no counters");
    fresh();
    perfctr_domain_destroy(&emul_domain[1]);
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &p), -EOPNOTSUPP);
}

static void test_stats(void)
{
    static const uint64_t insns[] = { INSNS };
    struct xen_perfctr_vcpu_stats s = {
        .size = sizeof(s), .domid = DOMID_SELF };

    test_case("vcpu_stats: zeros before registration, no VCPU 99");
    fresh();
    memset((char *)&s + 12, 0xff, sizeof(s) - 12);
    EQUAL(op(XEN_PERFCTR_OP_vcpu_stats, &s), 0);
    EQUAL(s.flags, 0);
    EQUAL(s.applies + s.msr_writes + s.pad[0] + s.pad[1], 0);
    s.vcpu = 99;
    EQUAL(op(XEN_PERFCTR_OP_vcpu_stats, &s), -ENOENT);

    test_case("vcpu_stats: what has been done");
    s.vcpu = 0;
    EQUAL(register_page(0), 0);
    request_and_go(create(1, insns, U), 0);
    to_kernel();
    request_and_go(55, 0);
    to_kernel();
    vperfctr_count_hypercall(current, __HYPERVISOR_perfctr_op);
    vperfctr_count_hypercall(current, 1);
    vperfctr_count_hypercall(current, 2);
    vperfctr_count_hypercall(current, __HYPERVISOR_iret);
    EQUAL(op(XEN_PERFCTR_OP_vcpu_stats, &s), 0);
    EQUAL(s.flags, XEN_PERFCTR_STAT_REGISTERED);
    EQUAL(s.applies, 1);
    EQUAL(s.apply_errors, 1);
    EQUAL(s.hypercalls_perfctr, 1);
    EQUAL(s.hypercalls_other, 2);
    EQUAL(page(current)->pub.hypercalls_perfctr, 1);
    EQUAL(page(current)->pub.hypercalls_other, 2);
    CHECK(s.msr_writes);
}

void test_op(void)
{
    test_frames();
    test_query();
    test_off();
    test_create_faults();
    test_policy();
    test_stats();
}
