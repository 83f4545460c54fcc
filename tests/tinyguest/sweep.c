// SPDX-License-Identifier: LGPL-2.1-or-later
// Every operation with every argument spoilt; what is expected is in doc/abi.md.
#include "tiny.h"

static union vcpu_page whole;
static struct xen_perfctr_vcpu_page *const page = &whole.page;
static uint8_t rings[4][PAGE] __section_page;
// Two pages, of which the second one gets another mapping.
static uint8_t edge[2][PAGE] __section_page;

#define NR_OPS (XEN_PERFCTR_OP_ring + 1)
static const struct {
    const char *name;
    uint32_t size;
    bool domain;            // its second word is a domain
} ops[NR_OPS] = {
    [XEN_PERFCTR_OP_query] = { "query", sizeof(struct xen_perfctr_query), false },
    [XEN_PERFCTR_OP_register] = { "register", sizeof(struct xen_perfctr_register), false },
    [XEN_PERFCTR_OP_unregister] = { "unregister", sizeof(struct xen_perfctr_register), false },
    [XEN_PERFCTR_OP_config_create] = { "config_create", sizeof(struct xen_perfctr_config), false },
    [XEN_PERFCTR_OP_config_destroy] = { "config_destroy", sizeof(struct xen_perfctr_config),
                                        false },
    [XEN_PERFCTR_OP_apply] = { "apply", 0, false },
    [XEN_PERFCTR_OP_policy_get] = { "policy_get", sizeof(struct xen_perfctr_policy), true },
    [XEN_PERFCTR_OP_policy_set] = { "policy_set", sizeof(struct xen_perfctr_policy), true },
    [XEN_PERFCTR_OP_vcpu_stats] = { "vcpu_stats", sizeof(struct xen_perfctr_vcpu_stats), true },
    [XEN_PERFCTR_OP_ring] = { "ring", sizeof(struct xen_perfctr_ring), false },
};

static void numbers(void)
{
    unsigned int wrong = 0;

    about = "unknown operation";
    check("the next one", perfctr_op(NR_OPS, NULL), -EOPNOTSUPP);
    for (unsigned int bit = 4; bit < 32; bit++)
        wrong += perfctr_op(1u << bit, edge) != -EOPNOTSUPP;
    check("each bit: refused otherwise", wrong, 0);
    check("all bits", perfctr_op(~0u, NULL), -EOPNOTSUPP);
}

// Addresses that are none; 0 is one, there is memory.
static void pointers(void)
{
    static const struct {
        const char *name;
        unsigned long address;
    } bad_pointers[] = {
        /* Xen does not see the upper bits of an HVM guest's: no page either way. */
        { "not canonical", 0x000800003ffff000 },
        { "Xen's memory", 0xffff82d080200000 },
        { "the last page", 0xfffffffffffff008 },
        { "at no page", 0x3ffff000 },
    };
    for (unsigned int op = 0; op < NR_OPS; op++) {
        if (op == XEN_PERFCTR_OP_apply)
            continue;
        about = ops[op].name;
        for (unsigned int i = 0; i < ARRAY_SIZE(bad_pointers); i++)
            check(bad_pointers[i].name, perfctr_op(op, (void *)bad_pointers[i].address),
                  -EFAULT);
        if (pvh)
            continue;
        set_pte(edge[1], 0);
        check("ends at a hole", perfctr_op(op, edge[1] - 8), -EFAULT);
        set_pte(edge[1], pte(edge[1], PTE_READ_WRITE));
    }
    about = "query";
    if (!pvh) {
        *(uint32_t *)edge[1] = sizeof(struct xen_perfctr_query);
        set_pte(edge[1], pte(edge[1], PTE_READ_ONLY));
        check("a read-only page", perfctr_op(XEN_PERFCTR_OP_query, edge[1]), -EFAULT);
        check("nothing was written", edge[1][4], 0);
        set_pte(edge[1], pte(edge[1], PTE_READ_WRITE));
    }
}

static void sizes(void)
{
    static uint32_t arg[256];

    for (unsigned int op = 0; op < NR_OPS; op++) {
        const uint32_t spoilt[] = { 0, ops[op].size - 1, ops[op].size + 1, ops[op].size + 8,
                                    ~0u };

        if (op == XEN_PERFCTR_OP_apply)
            continue;
        about = ops[op].name;
        for (unsigned int i = 0; i < ARRAY_SIZE(spoilt); i++) {
            arg[0] = spoilt[i];
            arg[1] = ops[op].domain ? DOMID_SELF : 0;
            check("wrong size", perfctr_op(op, arg), -EINVAL);
        }
    }
}

static void valid(struct xen_perfctr_config *c)
{
    memset(c, 0, sizeof(*c));
    c->size = sizeof(*c);
    c->nr = 1;
    c->counter[0].event = 0x00c0;
    c->counter[0].domain = XEN_PERFCTR_DOM_USER;
}

static long create(struct xen_perfctr_config *c, uint32_t *field)
{
    long ret = perfctr_op(XEN_PERFCTR_OP_config_create, c);

    *field = c->bad_field;
    return ret;
}

static void configurations(void)
{
    struct xen_perfctr_config c;
    uint32_t field, wrong = 0, handles = 0;
    uint64_t index;
    long ret;

    about = "configuration";
#define SPOILT(what, how, error, bad)                   \
    do {                                                \
        valid(&c);                                      \
        how;                                            \
        check(what, create(&c, &field), -(error));      \
        check(what ", its field", field, bad);          \
    } while (0)
    SPOILT("no counter", c.nr = 0, EINVAL, XEN_PERFCTR_BAD_NR);
    SPOILT("13 counters", c.nr = 13, EINVAL, XEN_PERFCTR_BAD_NR);
    SPOILT("2^32-1 counters", c.nr = ~0u, EINVAL, XEN_PERFCTR_BAD_NR);
    SPOILT("flag 1", c.flags = 2, EINVAL, XEN_PERFCTR_BAD_FLAGS);
    SPOILT("flag 31", c.flags = 1u << 31, EINVAL, XEN_PERFCTR_BAD_FLAGS);
    SPOILT("no domain", c.counter[0].domain = 0, EINVAL, XEN_PERFCTR_BAD_DOMAIN);
    SPOILT("domain 3", c.counter[0].domain = 8, EINVAL, XEN_PERFCTR_BAD_DOMAIN);
    SPOILT("Xen", c.counter[0].domain = XEN_PERFCTR_DOM_HYP, EPERM, XEN_PERFCTR_BAD_DOMAIN);
    SPOILT("mode 2", c.counter[0].mode = 2, EINVAL, XEN_PERFCTR_BAD_MODE);
    SPOILT("no period", c.counter[0].mode = 1, EINVAL, XEN_PERFCTR_BAD_PERIOD);
    SPOILT("period 2^46", (c.counter[0].mode = 1, c.counter[0].period = 1ull << 46), EINVAL,
           XEN_PERFCTR_BAD_PERIOD);
    SPOILT("period 1", (c.counter[0].mode = 1, c.counter[0].period = 1), EPERM,
           XEN_PERFCTR_BAD_PERIOD);
    SPOILT("a period, no sampling", c.counter[0].period = 1000, EINVAL, XEN_PERFCTR_BAD_PERIOD);
    SPOILT("zero", c.counter[0].zero = 1, EINVAL, XEN_PERFCTR_BAD_ZERO);
    SPOILT("unknown event", c.counter[0].event = 0xffff, ENOENT, XEN_PERFCTR_BAD_UNKNOWN);
    SPOILT("enable bit", c.counter[0].event |= 1u << 22, EINVAL, XEN_PERFCTR_BAD_EVENT);
    SPOILT("any thread", c.counter[0].event |= 1u << 21, EINVAL, XEN_PERFCTR_BAD_EVENT);
    SPOILT("interrupt", c.counter[0].event |= 1u << 20, EINVAL, XEN_PERFCTR_BAD_EVENT);
    SPOILT("pin control", c.counter[0].event |= 1u << 19, EINVAL, XEN_PERFCTR_BAD_EVENT);
    SPOILT("bit 40, of the host", c.counter[0].event |= 1ull << 40, EINVAL,
           XEN_PERFCTR_BAD_EVENT);
    for (unsigned int bit = 36; bit < 64; bit++) {
        valid(&c);
        c.counter[0].event |= 1ull << bit;
        wrong += create(&c, &field) != -EINVAL;
    }
    check("each high event bit: accepted", wrong, 0);

    about = "handles";
    for (ret = 0, wrong = 0; !ret && handles <= XEN_PERFCTR_MAX_CONFIGS; handles += !ret) {
        valid(&c);
        ret = create(&c, &field);
        wrong += !ret && (!c.handle || c.handle > XEN_PERFCTR_MAX_CONFIGS);
    }
    check("run out", ret, -ENOSPC);
    check("what ran out", field, XEN_PERFCTR_BAD_TABLE);
    check("how many there were", handles, XEN_PERFCTR_MAX_CONFIGS);
    check("out of their range", wrong, 0);
    for (c.handle = 1, wrong = 0; c.handle <= XEN_PERFCTR_MAX_CONFIGS; c.handle++)
        wrong += perfctr_op(XEN_PERFCTR_OP_config_destroy, &c) != 0;
    check("not given back", wrong, 0);
    check("the first one again", (c.handle = 1, perfctr_op(XEN_PERFCTR_OP_config_destroy, &c)),
          -ENOENT);
    check("handle 0", (c.handle = 0, perfctr_op(XEN_PERFCTR_OP_config_destroy, &c)), -ENOENT);
    check("handle 129", (c.handle = 129, perfctr_op(XEN_PERFCTR_OP_config_destroy, &c)),
          -ENOENT);
    check("RDPMC with nothing applied faults", rdpmc(0, &index), -1);
}

// A VCPU's life: nothing before its registration, nothing after its end.
static void order(void)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg), .time_gfn = ~0ull };
    struct xen_perfctr_ring ring = { .size = sizeof(ring), .nr_pages = 4 };
    struct xen_perfctr_config c;
    uint64_t first = 0, second = 0;
    uint32_t field, dirt = 0;

    about = "before registration";
    check("apply", perfctr_op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    check("apply, with an argument", perfctr_op(XEN_PERFCTR_OP_apply, edge), -ENOENT);
    check("unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), -ENOENT);
    for (unsigned int i = 0; i < 4; i++)
        ring.gfn[i] = frame(rings[i]);
    check("ring", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -ENOENT);

    about = "registered";
    memset(&whole, 0xff, sizeof(whole));
    memset(rings, 0xff, sizeof(rings));
    reg.gfn = frame(page);
    check("register", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    for (unsigned int i = sizeof(*page); i < PAGE; i++)
        dirt += whole.bytes[i] != 0;
    check("bytes of the page that are not zero", dirt, 0);
    check("twice", perfctr_op(XEN_PERFCTR_OP_register, &reg), -EEXIST);
    check("ring", perfctr_op(XEN_PERFCTR_OP_ring, &ring), 0);
    for (unsigned int i = 0; i < sizeof(rings); i++)
        dirt += rings[i / PAGE][i % PAGE] != 0;
    check("bytes of the ring that are not zero", dirt, 0);
    check("ring twice", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -EEXIST);

    about = "requests";
    valid(&c);
    c.counter[0].domain = XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL;
    check("create", create(&c, &field), 0);
#define APPLY(what, h, value, error)                                    \
    do {                                                                \
        page->request.handle = h;                                        \
        for (unsigned int i = 0; i < XEN_PERFCTR_MAX_COUNTERS; i++)     \
            page->request.start[i] = value;                              \
        page->request.seq++;                                             \
        check(what, perfctr_op(XEN_PERFCTR_OP_apply, NULL), -(error));  \
    } while (0)
    APPLY("handle 128, which is not there", 128, -1, ENOENT);
    APPLY("handle 129, which cannot be", 129, -1, ENOENT);
    APPLY("handle 2^32-1", ~0u, -1, ENOENT);
    check("the status says so", page->pub.status, -ENOENT);
    check("RDPMC is still there, and zero", rdpmc(0, &first), 0);
    check("zero", (long)first, 0);
    APPLY("nothing", 0, 0, 0);
    check("RDPMC is gone", rdpmc(0, &first), -1);
    APPLY("a good one", c.handle, -(1ull << 30), 0);
    check("RDPMC", rdpmc(c.counter[0].rdpmc, &first) || rdpmc(c.counter[0].rdpmc, &second), 0);
    check("it counts", second > first, 1);
    check("a configuration in use", perfctr_op(XEN_PERFCTR_OP_config_destroy, &c), -EBUSY);

    about = "unregistered";
    check("unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), 0);
    check("RDPMC is gone", rdpmc(c.counter[0].rdpmc, &first), -1);
    check("again", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), -ENOENT);
    check("apply", perfctr_op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    check("ring", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -ENOENT);
    check("destroy", perfctr_op(XEN_PERFCTR_OP_config_destroy, &c), 0);
    memset(&whole, 0, sizeof(whole));
    page->request.handle = 1;
    page->request.seq = 7;
    check("the page is left alone", page->pub.applied_seq, 0);
}

// Another VCPU, which is down: its page may be registered; one that is not there.
static void vcpus(void)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg), .time_gfn = ~0ull };
    struct xen_perfctr_ring ring = { .size = sizeof(ring), .nr_pages = 1 };
    static const uint32_t none[] = { 2, 63, 127, 4095, 8192, 0x80000000, ~0u };

    about = "VCPU";
    reg.gfn = frame(page);
    ring.gfn[0] = frame(rings[0]);
    for (unsigned int i = 0; i < ARRAY_SIZE(none); i++) {
        reg.vcpu = ring.vcpu = none[i];
        check("none such", perfctr_op(XEN_PERFCTR_OP_register, &reg), -ENOENT);
        check("none such, unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), -ENOENT);
        check("none such, ring", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -ENOENT);
    }
    reg.vcpu = ring.vcpu = 1;
    check("one that is down", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    check("twice", perfctr_op(XEN_PERFCTR_OP_register, &reg), -EEXIST);
    check("its ring", perfctr_op(XEN_PERFCTR_OP_ring, &ring), 0);
    check("apply is the caller's", perfctr_op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    ring.nr_pages = 0;
    check("its ring back", perfctr_op(XEN_PERFCTR_OP_ring, &ring), 0);
    check("its ring back twice", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -ENOENT);
    check("back", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), 0);
}

static void policies(void)
{
    static const uint32_t others[] = { DOMID_SELF, 0, 1, DOMID_XEN, DOMID_IO };
    struct xen_perfctr_policy pol = { .size = sizeof(pol), .tier = XEN_PERFCTR_TIER_FULL };
    struct xen_perfctr_vcpu_stats st = { .size = sizeof(st) };
    uint32_t allowed = 0;

    about = "policy";
    for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
        pol.domid = others[i];
        allowed += !perfctr_op(XEN_PERFCTR_OP_policy_set, &pol);
        allowed += !perfctr_op(XEN_PERFCTR_OP_policy_get, &pol);
    }
    check("set or read by the guest itself", allowed, 0);
    pol.domid = DOMID_SELF;
    check("set, own domain", perfctr_op(XEN_PERFCTR_OP_policy_set, &pol), -EPERM);
    check("get, own domain", perfctr_op(XEN_PERFCTR_OP_policy_get, &pol), -EPERM);
    pol.domid = 0;
    check("set, dom0", perfctr_op(XEN_PERFCTR_OP_policy_set, &pol), -EPERM);
    st.domid = 0;
    check("statistics of dom0", perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st), -EPERM);
    st.domid = 0x10000;
    check("statistics, domain 2^16", perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st), -EINVAL);
    st.domid = DOMID_SELF;
    st.vcpu = ~0u;
    check("statistics, VCPU 2^32-1", perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st), -ENOENT);
    st.vcpu = 0;
    check("own statistics", perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st), 0);
    check("their padding", (long)(st.pad[0] | st.pad[1]), 0);
}

// What is said many times over costs Xen neither memory nor log.
static void errors(void)
{
    struct xen_perfctr_config c;
    uint32_t field, wrong = 0;

    about = "100000 wrong calls";
    for (unsigned int i = 0; i < 50000; i++) {
        valid(&c);
        c.counter[0].event = 0xffff;
        wrong += create(&c, &field) != -ENOENT;
        wrong += perfctr_op(XEN_PERFCTR_OP_apply, NULL) != -ENOENT;
    }
    check("another answer", wrong, 0);
}

void sweep(void)
{
    struct xen_perfctr_vcpu_stats st = { .size = sizeof(st), .domid = DOMID_SELF };
    uint64_t writes;

    // Not zero in the life after a soft reset: the VCPU is the same.
    perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st);
    writes = st.msr_writes;
    numbers();
    pointers();
    sizes();
    configurations();
    about = "PMU registers";
    perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st);
    check("written until here", (long)(st.msr_writes - writes), 0);
    order();
    vcpus();
    policies();
    perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st);
    writes = st.msr_writes;
    errors();
    perfctr_op(XEN_PERFCTR_OP_vcpu_stats, &st);
    about = "PMU registers";
    check("written for wrong calls", (long)(st.msr_writes - writes), 0);
}

// A domain without permission: it can get rid of things, and have none.
void refused(void)
{
    struct xen_perfctr_query q = { .size = sizeof(q) };
    struct xen_perfctr_register reg = { .size = sizeof(reg), .time_gfn = ~0ull };
    struct xen_perfctr_ring ring = { .size = sizeof(ring), .nr_pages = 1 };
    struct xen_perfctr_config c;
    uint64_t value;

    about = "off";
    reg.gfn = frame(page);
    ring.gfn[0] = frame(rings[0]);
    valid(&c);
    check("query", perfctr_op(XEN_PERFCTR_OP_query, &q), -ENODEV);
    check("query tells nothing", q.abi, 0);
    check("register", perfctr_op(XEN_PERFCTR_OP_register, &reg), -ENODEV);
    check("ring", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -ENODEV);
    check("create", perfctr_op(XEN_PERFCTR_OP_config_create, &c), -ENODEV);
    check("apply", perfctr_op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    check("unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), -ENOENT);
    check("destroy", perfctr_op(XEN_PERFCTR_OP_config_destroy, &c), -ENOENT);
    check("RDPMC faults", rdpmc(0, &value), -1);
    check("RDPMC of a fixed counter faults", rdpmc(1u << 30, &value), -1);
}

// Nothing of the life before: no page that Xen writes, no counter that can be read.
// The sweep, which comes next, shows that the configurations are gone as well.
static void next_life(void)
{
    uint64_t value;

    console_init();
    print("tinyguest: after a soft reset\n");
    about = "after a soft reset";
    memset(&whole, 0, sizeof(whole));
    page->request.handle = 1;
    page->request.seq = 7;
    check("apply", perfctr_op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    check("the page is left alone", page->pub.applied_seq, 0);
    check("RDPMC faults", rdpmc(0, &value), -1);
}

// Counts and samples as much as it may, for ever, or until it crashes or has itself
// reset. Then all that this takes is there again: for others, or for itself.
void storm(void)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg), .time_gfn = ~0ull };
    struct xen_perfctr_ring ring = { .size = sizeof(ring), .nr_pages = 4 };
    struct sched_shutdown reset = { .reason = SHUTDOWN_soft_reset };
    struct xen_perfctr_config c;
    uint32_t field;

    about = "storm";
    reg.gfn = frame(page);
    for (unsigned int i = 0; i < 4; i++)
        ring.gfn[i] = frame(rings[i]);
    for (unsigned int i = 0; i < XEN_PERFCTR_MAX_CONFIGS; i++) {
        valid(&c);
        c.counter[0].domain = XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL;
        c.counter[0].mode = XEN_PERFCTR_MODE_SAMPLE;
        c.counter[0].period = 100;
        if (create(&c, &field))
            check("a configuration", c.bad_field, 0);
    }
    check("register", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    check("ring", perfctr_op(XEN_PERFCTR_OP_ring, &ring), 0);
    APPLY("apply", c.handle, -1, 0);
    print("tinyguest: counts, %u BAD\n", bad);
    flush();
    for (unsigned int n = 0;; n++) {
        page->ring_tail = *(volatile uint32_t *)&page->pub.ring_head;
        if (n < 1000000)
            continue;
        if (option("crash"))
            crash();
        if (option("reset")) {
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&reset, 0, 0);
            next_life();
            return;
        }
    }
}
