/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The limit of the rate: what is taken off in advance, and when it is given
 * back.
 */
#include "test.h"

#define PERIOD 1000
#define BUDGET 5                /* of a window of 10 ms, at this rate: */
#define RATE   500

static const uint64_t two[] = { BRANCHES, INSNS };
static struct vperfctr *p;

static const struct xen_perfctr_published *pub(void)
{
    return &p->page->pub;
}

static void fresh_at(uint64_t rate, uint32_t flags)
{
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    EQUAL(register_ring(RING_FRAME, 1), 0);
    p = current->arch.perfctr;
    current->domain->arch.perfctr->policy.pmi_rate = rate;
    request_and_go(create_sampling(1, two, U, PERIOD, flags), -PERIOD);
}

static void fresh(uint32_t flags)
{
    fresh_at(RATE, flags);
}

static void overflow(void)
{
    emul_user(-perfctr_value(emul_pmu[0].gp[0]));
    interrupt_guest();
}

/* Take all the samples of a window. */
static void exhaust(void)
{
    unsigned int i;

    for ( i = 0; i < BUDGET; i++ )
    {
        CHECK(!p->throttled);
        overflow();
    }
    CHECK(p->throttled);
}

static uint64_t unpassed(void)
{
    return (-perfctr_value(emul_pmu[0].gp[0]) - 1) / PERIOD;
}

static uint64_t overflows(void)
{
    return pub()->ring_head + pub()->missed[0] - unpassed();
}

static void test_limit(void)
{
    /* 10 ms at 3 GHz and 8 events a cycle */
    const uint64_t most = 10000 * 3000ull * 8;

    test_case("the last sample of a window sets the counter far back");
    fresh(0);
    exhaust();
    EQUAL(pub()->ring_head, BUDGET);
    EQUAL(p->throttles, 1);
    CHECK((uint64_t)-perfctr_value(emul_pmu[0].gp[0]) >= most);
    CHECK((uint64_t)-perfctr_value(emul_pmu[0].gp[0]) < most + most / 100);
    EQUAL(pub()->missed[0], unpassed());
    EQUAL(overflows(), BUDGET);
    EQUAL(perfctr_value(emul_pmu[0].gp[0]) + PERIOD + pub()->reload_sum[0],
          BUDGET * PERIOD);

    test_case("crossings while it lasts change nothing");
    emul_user(7 * PERIOD + 3);
    to_kernel();
    to_user();
    EQUAL(overflows(), BUDGET + 7);
    CHECK(unpassed());
    emul_pass(MILLISECS(10) - 1);
    to_kernel();
    to_user();
    CHECK(unpassed());

    test_case("afterwards what has not passed is given back, in user mode");
    emul_pass(1);
    interrupt_guest();
    to_kernel();
    CHECK(unpassed());
    to_user();
    EQUAL(unpassed(), 0);
    CHECK(!p->throttled);
    EQUAL(pub()->missed[0], 7);
    EQUAL(p->missed_sum, 7);
    EQUAL(overflows(), BUDGET + 7);
    EQUAL(perfctr_value(emul_pmu[0].gp[0]), 3 - PERIOD);
    EQUAL(pub()->reload_sum[0], (BUDGET + 7) * PERIOD);

    test_case("and there are samples again, also where the TSC is behind");
    exhaust();
    EQUAL(pub()->ring_head, 2 * BUDGET);
    EQUAL(p->throttles, 2);
    emul_tsc = p->window_begin - 1;
    to_kernel();
    to_user();
    CHECK(!p->throttled);
    EQUAL(unpassed(), 0);

    test_case("less time left, less is taken");
    fresh(0);
    overflow();
    emul_pass(MILLISECS(9));
    overflow();
    overflow();
    overflow();
    overflow();
    CHECK(unpassed() * PERIOD >= most / 10 - PERIOD);
    CHECK(unpassed() * PERIOD < most / 9);

    test_case("too soon all the same: no record, no interrupt each");
    fresh(0);
    exhaust();
    overflow();
    EQUAL(pub()->ring_head, BUDGET);
    CHECK(unpassed());
    EQUAL(p->throttles, 1);

    test_case("the counter itself ends it, without a crossing");
    fresh(0);
    exhaust();
    emul_pass(MILLISECS(10));
    overflow();
    EQUAL(pub()->ring_head, BUDGET + 1);
    EQUAL(unpassed(), 0);

    test_case("given back to a VCPU that is switched in in user mode");
    fresh(0);
    exhaust();
    run_on(0, NULL);
    emul_pass(MILLISECS(10));
    run_on(1, vcpu(0, 0));
    EQUAL(perfctr_value(emul_pmu[1].gp[0]), -PERIOD);
    EQUAL(pub()->missed[0], 0);
    EQUAL(pub()->reload_sum[0], BUDGET * PERIOD);

    test_case("with NOTIFY the guest is told of it");
    fresh(XEN_PERFCTR_CONFIG_NOTIFY);
    exhaust();
    to_kernel();
    emul_pass(MILLISECS(10));
    EQUAL(current->virqs, BUDGET);
    to_user();
    EQUAL(current->virqs, BUDGET + 1);
}

/* A kernel may have noted down the sums for the request that it writes. */
static void test_not_given_back(void)
{
    struct xen_perfctr_policy policy = {
        .size = sizeof(policy), .domid = DOMID_SELF,
        .tier = XEN_PERFCTR_TIER_OFF };
    uint64_t sum, missed;

    test_case("not given back while the guest's kernel runs");
    fresh(0);
    exhaust();
    to_kernel();
    sum = pub()->reload_sum[0];
    missed = pub()->missed[0];
    emul_pass(MILLISECS(10));
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    interrupt_xen();
    EQUAL(pub()->reload_sum[0], sum);
    EQUAL(pub()->missed[0], missed);

    test_case("nor when a request waits, which leaves the sums as they are");
    request(1, -3);
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    to_user();
    EQUAL(perfctr_value(emul_pmu[0].gp[0]), -3);
    EQUAL(pub()->reload_sum[0], sum);
    EQUAL(pub()->missed[0], missed);
    CHECK(!p->throttled);
    EQUAL(p->missed_sum, 0);
    overflow();
    EQUAL(pub()->reload_sum[0], sum + PERIOD);
    EQUAL(pub()->missed[0], missed);
    EQUAL(record(BUDGET)->count, 3);

    test_case("nor to a VCPU switched in in user mode whose request waits");
    fresh(0);
    exhaust();
    sum = pub()->reload_sum[0];
    request(1, -3);
    run_on(0, NULL);
    emul_pass(MILLISECS(10));
    run_on(0, vcpu(0, 0));
    EQUAL(pub()->reload_sum[0], sum);

    test_case("nor after a revocation: values stay");
    fresh(0);
    exhaust();
    sum = pub()->reload_sum[0];
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    emul_pass(MILLISECS(10));
    to_kernel();
    to_user();
    EQUAL(pub()->reload_sum[0], sum);
    EQUAL(emul_pmu[0].gp[0],
          (BUDGET * PERIOD - PERIOD - sum) & PERFCTR_COUNT_MASK);

    test_case("the statistics are right, however it ends");
    fresh(0);
    exhaust();
    emul_user(2 * PERIOD);
    to_kernel();
    request_and_go(0, 0);
    EQUAL(p->missed_sum, 2);
    fresh(0);
    exhaust();
    emul_user(3 * PERIOD);
    run_on(0, NULL);
    perfctr_release(&emul_domain[0]);
    EQUAL(p->missed_sum, 3);
}

/* Of the TSC, see emul.c. */
#define HZ 3000000000ull

static void test_rates(void)
{
    static const struct {
        uint64_t rate;
        uint32_t tokens;
        uint64_t window;
    } rows[] = {
        { 0, 1000, HZ / 100 },
        { 1, 1, HZ },
        { 99, 1, HZ / 99 },
        { 100, 1, HZ / 100 },
        { 101, 2, 2 * HZ / 101 },
        { 12345, 124, 124 * HZ / 12345 },
        { 1000000000, 10000000, HZ / 100 },
    };
    unsigned int i, n;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("rate %llu", (unsigned long long)rows[i].rate);
        fresh_at(rows[i].rate, 0);
        overflow();
        EQUAL(p->tokens, rows[i].tokens - 1);
        EQUAL(p->window_length, rows[i].window);
        EQUAL(p->throttled, rows[i].tokens == 1);
    }

    test_case("the longest period at the lowest rate");
    fresh_at(1, 0);
    to_kernel();
    request_and_go(create_sampling(1, two, U, (1ull << 46) - 1, 0), -1);
    overflow();
    EQUAL(perfctr_value(emul_pmu[0].gp[0]), 1 - (1ll << 46));
    EQUAL(pub()->missed[0], 0);

    test_case("never set back by 2^46 or more");
    cpu_khz = 30000000000;
    fresh_at(1, 0);
    overflow();
    CHECK(-perfctr_value(emul_pmu[0].gp[0]) < 1ll << 46);
    CHECK(-perfctr_value(emul_pmu[0].gp[0]) > 1ll << 45);
    EQUAL(overflows(), 1);
    cpu_khz = 3000000;

    test_case("the counters of a VCPU share the budget");
    fresh(0);
    to_kernel();
    request(create_sampling(2, two, U, PERIOD, 0), -PERIOD);
    p->page->request.start[1] = -PERIOD / 2;
    to_user();
    for ( n = 0; n < 20; n++ )
    {
        emul_user(PERIOD / 2);
        interrupt_guest();
    }
    EQUAL(pub()->ring_head, BUDGET);
    CHECK(pub()->missed[0] && pub()->missed[1]);

    test_case("a VCPU does not use up another's");
    fresh(0);
    exhaust();
    run_on(1, vcpu(0, 1));
    EQUAL(register_page(1), 0);
    request_and_go(1, -1);
    emul_user(1);
    interrupt_guest();
    EQUAL(current->arch.perfctr->pmis, 1);
    CHECK(!current->arch.perfctr->throttled);
}

void test_throttle(void)
{
    test_limit();
    test_not_given_back();
    test_rates();
}
