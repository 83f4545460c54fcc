/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples: where an overflow is noticed, what the record says, and that what
 * the counter has counted beyond zero is kept.
 */
#include "test.h"

#define PERIOD    1000
#define GUEST_IP  0x401000
#define XEN_IP    0xffff82d040200000ull

static const uint64_t two[] = { BRANCHES, INSNS };
static const struct vperfctr *p;

static const struct xen_perfctr_published *pub(void)
{
    return &p->page->pub;
}

static void fresh(unsigned int n, uint32_t domain, uint64_t start)
{
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    EQUAL(register_ring(RING_FRAME, 1), 0);
    p = current->arch.perfctr;
    emul_guest_regs[0].rip = emul_guest_regs[1].rip = GUEST_IP;
    emul_xen_regs.rip = XEN_IP;
    request_and_go(create_sampling(n, two, domain, PERIOD, 0), start);
    EQUAL(pub()->status, 0);
}

/* The only record is this one, and the counter has been set back. */
static void one_record(uint32_t mode, uint32_t flags, uint64_t count)
{
    const struct xen_perfctr_sample *r = record(0);

    EQUAL(pub()->ring_head, 1);
    EQUAL(r->ip, mode == XEN_PERFCTR_IN_HYP ? XEN_IP : GUEST_IP);
    EQUAL(r->mode, mode);
    EQUAL(r->flags, flags);
    EQUAL(r->counters, 1);
    EQUAL(r->count, count);
    EQUAL(r->handle, 1);
    EQUAL(r->cookie, 101);
    EQUAL(r->seq, 1);
    EQUAL(r->vcpu, 0);
    EQUAL(r->pad[0] | r->pad[1], 0);
    EQUAL(p->samples, 1);
    EQUAL(p->missed_sum, 0);
    EQUAL(pub()->reload_sum[0], PERIOD);
    EQUAL(pub()->missed[0], 0);
    EQUAL(pub()->overflow, 0);
    EQUAL(pub()->version & 1, 0);
}

/* Another look finds nothing: neither late interrupt, nor crossing, ... */
static void nothing_more(void)
{
    uint64_t head = pub()->ring_head, sum = pub()->reload_sum[0];

    interrupt_guest();
    interrupt_xen();
    to_kernel();
    interrupt_xen();
    run_on(0, NULL);
    interrupt_xen();
    run_on(1, vcpu(0, 0));
    interrupt_guest();
    to_user();
    run_on(0, vcpu(0, 0));
    interrupt_guest();
    EQUAL(pub()->ring_head, head);
    EQUAL(pub()->reload_sum[0], sum);
    EQUAL(current->virqs, 0);
}

static void test_places(void)
{
    struct xen_perfctr_policy policy = {
        .size = sizeof(policy), .domid = DOMID_SELF,
        .tier = XEN_PERFCTR_TIER_OFF };
    struct xen_perfctr_register reg = { .size = sizeof(reg) };

    test_case("interrupt in user mode, with skid");
    fresh(1, U, -PERIOD);
    emul_tsc = 4711;
    emul_user(PERIOD - 1);
    interrupt_guest();
    EQUAL(p->spurious, 1);
    EQUAL(pub()->ring_head, 0);
    emul_user(4);
    interrupt_guest();
    one_record(XEN_PERFCTR_IN_USER, 0, PERIOD + 3);
    EQUAL(record(0)->tsc, 4711);
    EQUAL(emul_pmu[0].gp[0], (3 - PERIOD) & PERFCTR_COUNT_MASK);
    EQUAL(p->pmis, 1);
    EQUAL(p->spurious, 1);
    nothing_more();

    test_case("the skid shortens the way to the next one");
    fresh(1, U, -1);
    emul_user(11);
    interrupt_guest();
    emul_user(PERIOD - 11);
    interrupt_guest();
    EQUAL(pub()->ring_head, 1);
    emul_user(1);
    interrupt_guest();
    EQUAL(pub()->ring_head, 2);
    EQUAL(record(1)->count, PERIOD + 1);
    EQUAL(pub()->reload_sum[0], 2 * PERIOD);
    EQUAL(pub()->missed[0], 0);

    test_case("interrupt in the guest's kernel");
    fresh(1, K, -PERIOD);
    to_kernel();
    emul_user(PERIOD);
    interrupt_guest();
    one_record(XEN_PERFCTR_IN_KERNEL, 0, PERIOD);

    test_case("interrupt in Xen: where it returns to");
    fresh(1, U | K, -PERIOD);
    emul_user(PERIOD + 1);
    interrupt_xen();
    one_record(XEN_PERFCTR_IN_USER, XEN_PERFCTR_SAMPLE_ENTERED, PERIOD + 1);

    test_case("the instruction that enters the kernel: at the crossing");
    fresh(1, U, -PERIOD);
    emul_user(PERIOD);
    to_kernel();
    one_record(XEN_PERFCTR_IN_USER, XEN_PERFCTR_SAMPLE_ENTERED, PERIOD);
    interrupt_xen();
    EQUAL(p->pmis, 0);
    EQUAL(p->spurious, 1);
    to_user();
    nothing_more();

    test_case("an interrupt that came first is no entry");
    {
        static const struct {
            uint32_t vector;
            uint8_t flags;
        } ways[] = {
            { LOCAL_TIMER_VECTOR, 0 }, { FIRST_DYNAMIC_VECTOR, 0 },
            { TRAP_nmi, 0 }, { TRAP_machine_check, 0 },
            { TRAP_syscall, XEN_PERFCTR_SAMPLE_ENTERED },
            { TRAP_page_fault, XEN_PERFCTR_SAMPLE_ENTERED },
            { LEGACY_SYSCALL_VECTOR, XEN_PERFCTR_SAMPLE_ENTERED },
            { TRAP_syscall | LOCAL_TIMER_VECTOR, XEN_PERFCTR_SAMPLE_ENTERED },
        };
        unsigned int i;

        for ( i = 0; i < ARRAY_SIZE(ways); i++ )
        {
            fresh(1, U, -PERIOD);
            emul_user(PERIOD);
            guest_cpu_user_regs()->entry_vector = ways[i].vector;
            to_kernel();
            one_record(XEN_PERFCTR_IN_USER, ways[i].flags, PERIOD);
            fresh(1, U, -PERIOD);
            emul_user(PERIOD);
            interrupt_xen();
            one_record(XEN_PERFCTR_IN_USER, ways[i].flags, PERIOD);
        }
        guest_cpu_user_regs()->entry_vector = 0;
    }

    test_case("the one that leaves it, too");
    fresh(1, U | K, -PERIOD);
    to_kernel();
    emul_user(PERIOD);
    to_user();
    one_record(XEN_PERFCTR_IN_KERNEL, XEN_PERFCTR_SAMPLE_ENTERED, PERIOD);
    nothing_more();

    test_case("at a switch-out, with the value that is resumed");
    fresh(1, U, -PERIOD);
    emul_user(PERIOD + 5);
    run_on(0, NULL);
    one_record(XEN_PERFCTR_IN_USER, XEN_PERFCTR_SAMPLE_ENTERED, PERIOD + 5);
    run_on(0, vcpu(0, 0));
    EQUAL(p->resumes, 1);
    EQUAL(emul_pmu[0].gp[0], (5 - PERIOD) & PERFCTR_COUNT_MASK);
    nothing_more();
    EQUAL(emul_pmu[0].gp[0], (5 - PERIOD) & PERFCTR_COUNT_MASK);

    test_case("at the next request, with the old one's cookie");
    fresh(1, K, -PERIOD);
    to_kernel();
    emul_user(PERIOD + 2);
    request(1, -7);
    p->page->request.cookie = 555;
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    one_record(XEN_PERFCTR_IN_KERNEL, XEN_PERFCTR_SAMPLE_ENTERED, PERIOD + 2);
    EQUAL(pub()->applied_cookie, 555);
    EQUAL(emul_pmu[0].gp[0], -7 & PERFCTR_COUNT_MASK);
    emul_user(8);
    interrupt_guest();
    EQUAL(record(1)->cookie, 555);
    EQUAL(record(1)->seq, 2);
    EQUAL(record(1)->count, 8);

    test_case("at a request that is refused");
    fresh(1, K, -PERIOD);
    to_kernel();
    emul_user(PERIOD);
    request(77, -7);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    one_record(XEN_PERFCTR_IN_KERNEL, XEN_PERFCTR_SAMPLE_ENTERED, PERIOD);

    test_case("at a revocation");
    fresh(1, K, -PERIOD);
    to_kernel();
    emul_user(PERIOD + 9);
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    EQUAL(pub()->flags, XEN_PERFCTR_PUB_REVOKED);
    one_record(XEN_PERFCTR_IN_KERNEL, XEN_PERFCTR_SAMPLE_ENTERED, PERIOD + 9);
    EQUAL(current->virqs, 1);

    test_case("at the end of the registration");
    fresh(1, K, -PERIOD);
    to_kernel();
    emul_user(PERIOD);
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), 0);
    EQUAL(p->samples, 1);
    EQUAL(p->missed_sum, 0);
}

static void test_hyp(void)
{
    test_case("Xen's own: interrupt in Xen");
    fresh(1, HYP, -PERIOD);
    emul_xen(PERIOD + 1);
    interrupt_xen();
    one_record(XEN_PERFCTR_IN_HYP, 0, PERIOD + 1);
    EQUAL(emul_pmu[0].global, 1);

    test_case("Xen's own: the counters stand still while it is looked at");
    emul_xen(PERIOD);
    emul_forget();
    interrupt_xen();
    EQUAL(emul_writes_to(0x38f, 0x38f), 2);
    EQUAL(emul_write[1].msr, MSR_CORE_PERF_GLOBAL_CTRL);
    EQUAL(emul_write[1].val, 0);
    EQUAL(emul_pmu[0].global, 1);

    test_case("Xen's own: without the permission no address");
    fresh(1, HYP, -PERIOD);
    emul_domain[0].arch.perfctr->policy.flags = XEN_PERFCTR_POLICY_KERNEL;
    emul_xen(PERIOD + 1);
    interrupt_xen();
    EQUAL(record(0)->mode, XEN_PERFCTR_IN_HYP);
    EQUAL(record(0)->ip, 0);

    test_case("Xen's own: noticed at a switch-out");
    fresh(1, HYP, -PERIOD);
    emul_xen(PERIOD);
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(pub()->ring_head, 1);
    EQUAL(record(0)->mode, XEN_PERFCTR_IN_HYP);
    CHECK(record(0)->ip != GUEST_IP);

    test_case("everything: an interrupt in the guest is the guest's");
    fresh(1, U | K | HYP, -PERIOD);
    emul_user(PERIOD);
    interrupt_guest();
    one_record(XEN_PERFCTR_IN_USER, 0, PERIOD);
}

static void test_several(void)
{
    struct xen_perfctr_config cfg = {
        .size = sizeof(cfg), .nr = 3,
        .counter = {
            { .event = INSNS, .domain = U },
            { .event = BRANCHES, .domain = U, .period = PERIOD,
              .mode = XEN_PERFCTR_MODE_SAMPLE },
            { .event = MISPRED, .domain = U, .period = 300,
              .mode = XEN_PERFCTR_MODE_SAMPLE },
        } };
    struct xen_perfctr_request *req;

    test_case("two counters on one instruction: one record");
    fresh(2, U, -PERIOD);
    emul_user(PERIOD);
    interrupt_guest();
    EQUAL(pub()->ring_head, 1);
    EQUAL(record(0)->counters, 3);
    EQUAL(pub()->reload_sum[1], PERIOD);
    EQUAL(p->samples, 1);

    test_case("a counter that accumulates beside two that sample");
    fresh(1, U, -PERIOD);
    EQUAL(op(XEN_PERFCTR_OP_config_create, &cfg), 0);
    to_kernel();
    request(cfg.handle, -300);
    req = &p->page->request;
    req->start[0] = -1300;
    req->start[1] = -PERIOD;
    to_user();
    EQUAL(pub()->status, 0);
    emul_user(650);             /* insns -650, branches -350, mispred 350 */
    interrupt_guest();
    EQUAL(pub()->overflow, 0);
    EQUAL(current->virqs, 0);
    EQUAL(record(0)->counters, 4);
    EQUAL(record(0)->count, 650);
    EQUAL(pub()->reload_sum[2], 600);
    EQUAL(pub()->missed[2], 1);
    emul_user(350);
    to_kernel();
    EQUAL(pub()->ring_head, 2);
    EQUAL(record(1)->counters, 6);
    EQUAL(record(1)->count, PERIOD);
    EQUAL(pub()->reload_sum[1], PERIOD);
    EQUAL(pub()->reload_sum[2], 900);
    EQUAL(pub()->missed[2], 1);
    EQUAL(pub()->overflow, 0);
    to_user();
    emul_user(300);
    interrupt_guest();
    EQUAL(pub()->overflow, 1);
    EQUAL(current->virqs, 1);
    EQUAL(pub()->ring_head, 3);
    EQUAL(record(2)->counters, 4);
    EQUAL(pub()->reload_sum[0], 0);
    EQUAL(perfctr_value(perfctr_rdpmc(p->img->hw[0])), 0);

    test_case("several periods at once: one record, the others missed");
    fresh(1, U, -1);
    emul_user(1 + 5 * PERIOD + 17);
    interrupt_guest();
    EQUAL(pub()->ring_head, 1);
    EQUAL(pub()->missed[0], 5);
    EQUAL(pub()->reload_sum[0], 6 * PERIOD);
    EQUAL(emul_pmu[0].gp[0], (17 - PERIOD) & PERFCTR_COUNT_MASK);
    EQUAL(record(0)->count, 5 * PERIOD + 18);

    test_case("a configuration that does not sample is not looked at");
    fresh(1, U, -PERIOD);
    to_kernel();
    request_and_go(create(2, two, U), -PERIOD);
    emul_user(2 * PERIOD);
    to_kernel();
    EQUAL(pub()->ring_head, 0);
    EQUAL(pub()->overflow, 0);
}

static void test_start(void)
{
    static const struct { uint64_t start; int rc; } rows[] = {
        { -1ull, 0 }, { -PERIOD, 0 }, { -PERIOD + 1, 0 },
        { INT64_MAX, 0 }, { 0xabcdull << 48 | (-5ull & 0xffffffffffff), 0 },
        { 0, -EINVAL }, { 1, -EINVAL }, { -PERIOD - 1, -EINVAL },
        { 1ull << 47, -EINVAL }, { (1ull << 47) - 1, -EINVAL },
        { 1ull << 48, -EINVAL },
    };
    unsigned int i, before;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        for ( before = 0; before < 2; before++ )
        {
            test_case("start at %#llx%s", (unsigned long long)rows[i].start,
                      before ? ", from another configuration" : "");
            fresh(2, U, -PERIOD);
            if ( before )
            {
                to_kernel();
                request_and_go(create(2, two, U), 0);
            }
            to_kernel();
            request(1, -9);
            p->page->request.start[1] = rows[i].start;
            to_user();
            EQUAL(pub()->status, rows[i].rc);
            EQUAL(pub()->applied_handle, !rows[i].rc);
            EQUAL(!emul_pmu[0].global, !!rows[i].rc);
            EQUAL(current->virqs, !!rows[i].rc);
            EQUAL(emul_domain[0].arch.perfctr->entries[0].refs,
                  rows[i].rc ? 1 : 2);
            if ( !rows[i].rc )
                EQUAL(emul_pmu[0].fixed[0],
                      rows[i].start & PERFCTR_COUNT_MASK);
        }
}

static void test_policy(void)
{
    struct xen_perfctr_policy policy = {
        .size = sizeof(policy), .domid = DOMID_SELF,
        .tier = XEN_PERFCTR_TIER_FULL, .min_period = PERIOD };

    test_case("a policy with the same least period changes nothing");
    fresh(1, U, -PERIOD);
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    EQUAL(pub()->flags, 0);

    test_case("with a longer one the configuration is frozen, then refused");
    policy.min_period = PERIOD + 1;
    emul_user(10);
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    EQUAL(pub()->flags, XEN_PERFCTR_PUB_REVOKED);
    EQUAL(emul_pmu[0].global, 0);
    EQUAL(emul_pmu[0].gp[0], (10 - PERIOD) & PERFCTR_COUNT_MASK);
    EQUAL(current->virqs, 1);
    to_kernel();
    request_and_go(1, -PERIOD);
    EQUAL(pub()->status, -EPERM);
}

static void test_stats(void)
{
    struct xen_perfctr_vcpu_stats s = {
        .size = sizeof(s), .domid = DOMID_SELF };

    test_case("statistics");
    fresh(1, U, -PERIOD);
    emul_user(2 * PERIOD);
    interrupt_guest();
    EQUAL(op(XEN_PERFCTR_OP_vcpu_stats, &s), 0);
    EQUAL(s.samples, 1);
    EQUAL(s.missed, 1);
    EQUAL(s.throttled, 0);
    EQUAL(s.pmis, 1);

    test_case("the costs are the ones that the VCPU is told");
    {
        uint64_t before = p->msr_writes;

        emul_forget();
        emul_user(PERIOD);
        to_kernel();
        to_user();
        emul_user(PERIOD);
        interrupt_guest();
        emul_user(PERIOD);
        run_on(0, NULL);
        run_on(0, vcpu(0, 0));
        interrupt_guest();
        EQUAL(p->msr_writes - before, emul_writes);
    }

    test_case("a crossing without an overflow takes no register more");
    fresh(2, U, -PERIOD);
    emul_forget();
    to_kernel();
    to_user();
    EQUAL(emul_writes, 2);
}

void test_sample(void)
{
    test_places();
    test_hyp();
    test_several();
    test_start();
    test_policy();
    test_stats();
}
