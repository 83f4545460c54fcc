/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VCPU samples at random: at every moment
 *
 *     count     = raw - start + reloads since it was applied
 *     overflows = records + missed - unpassed = those that happened
 *
 * where the guest's kernel notes down the sums before it writes a request.
 */
#include "test.h"

#define COUNTERS 3
#define BUDGET   5              /* of a window of 10 ms, at this rate: */
#define RATE     500

static const uint64_t three[] = { BRANCHES, INSNS, MISPRED };
static struct vperfctr *p;

static const struct xen_perfctr_published *pub(void)
{
    return &p->page->pub;
}

/* What a guest's kernel knows about its current request. */
static struct {
    unsigned int nr;
    uint64_t period[COUNTERS];
    int64_t start[COUNTERS];
    uint64_t reload[COUNTERS], missed[COUNTERS];
    uint64_t cookie;
    uint64_t records[COUNTERS];
    uint32_t seen;                      /* records looked at */
    uint64_t truth;                     /* events since it was applied */
    uint32_t in_window;
    uint64_t window;
} g;

static void look_at_records(void)
{
    unsigned int i;

    for ( ; g.seen != pub()->ring_head; g.seen++ )
    {
        const struct xen_perfctr_sample *r = record(g.seen);

        EQUAL(r->cookie, g.cookie);
        CHECK(r->counters && r->counters < 1u << g.nr);
        CHECK(r->count && r->count <= g.truth);
        for ( i = 0; i < g.nr; i++ )
            g.records[i] += r->counters >> i & 1;
        if ( p->window_begin != g.window )
        {
            g.window = p->window_begin;
            g.in_window = 0;
        }
        CHECK(++g.in_window <= BUDGET);
    }
}

static void check(void)
{
    unsigned int i;

    look_at_records();
    for ( i = 0; i < g.nr; i++ )
    {
        int64_t raw = perfctr_value(perfctr_rdpmc(p->img->hw[i]));
        uint64_t passed, happened;

        EQUAL(raw - g.start[i] + pub()->reload_sum[i] - g.reload[i], g.truth);

        passed = g.records[i] + pub()->missed[i] - g.missed[i];
        if ( raw < 0 )
            passed -= (-raw - 1) / g.period[i];
        else                            /* nobody has looked yet */
            passed += 1 + raw / g.period[i];
        happened = (int64_t)g.truth < -g.start[i]
                   ? 0 : 1 + (g.truth + g.start[i]) / g.period[i];
        EQUAL(passed, happened);
    }
}

static void pass_time(void)
{
    static const s_time_t times[] = { 0, 1000, MILLISECS(2), MILLISECS(11) };

    emul_pass(times[rand() % ARRAY_SIZE(times)]);
}

static void wander(void)
{
    run_on(emul_cpu, NULL);
    if ( rand() % 2 )
    {
        run_on(!emul_cpu, vcpu(1, 0));
        run_on(emul_cpu, NULL);
    }
    pass_time();
    run_on(rand() % 2, vcpu(0, 0));
}

static void new_request(const struct xen_perfctr_config *cfg)
{
    unsigned int i;

    /* Counters that run in the kernel must have been looked at. */
    interrupt_xen();
    check();

    memset(g.records, 0, sizeof(g.records));
    g.nr = cfg->nr;
    for ( i = 0; i < g.nr; i++ )
    {
        g.period[i] = cfg->counter[i].period;
        g.start[i] = -1 - (int64_t)(rand() % g.period[i]);
        g.reload[i] = pub()->reload_sum[i];
        g.missed[i] = pub()->missed[i];
    }
    if ( rand() % 2 )
        wander();
    request(cfg->handle, 0);
    p->page->request.cookie = ++g.cookie;
    for ( i = 0; i < g.nr; i++ )
        p->page->request.start[i] = g.start[i];
    if ( rand() % 2 )
        wander();
    g.truth = 0;
    if ( rand() % 2 )
        to_user();
    else
        EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    EQUAL(pub()->status, 0);
}

static void random_samples(uint32_t domain, const char *name)
{
    static const uint64_t periods[2][COUNTERS] = { { 150, 1000, 77777 },
                                                   { 100 } };
    struct xen_perfctr_config cfg[2];
    unsigned int seed, i, n;

    for ( seed = 1; seed <= 10; seed++ )
    {
        test_case("random samples, %s, seed %u", name, seed);
        srand(seed);
        world_new();
        run_on(0, vcpu(0, 0));
        EQUAL(register_page(0), 0);
        EQUAL(register_ring(RING_FRAME, 1), 0);
        p = current->arch.perfctr;
        current->domain->arch.perfctr->policy.pmi_rate = RATE;
        for ( i = 0; i < 2; i++ )
        {
            cfg[i] = (struct xen_perfctr_config){
                .size = sizeof(*cfg), .nr = i ? 1 : COUNTERS,
                .flags = i * XEN_PERFCTR_CONFIG_NOTIFY };
            for ( n = 0; n < cfg[i].nr; n++ )
                cfg[i].counter[n] = (struct xen_perfctr_counter){
                    .event = three[n], .domain = domain,
                    .mode = XEN_PERFCTR_MODE_SAMPLE, .period = periods[i][n] };
            EQUAL(op(XEN_PERFCTR_OP_config_create, &cfg[i]), 0);
        }
        memset(&g, 0, sizeof(g));
        new_request(&cfg[0]);
        for ( n = 0; n < 4000; n++ )
        {
            bool user = !(current->arch.flags & TF_kernel_mode);
            uint64_t events = rand() % (rand() % 16 ? 120 : 3000);

            switch ( rand() % 12 )
            {
            default:
                emul_user(events);
                if ( user || (domain & K) )
                    g.truth += events;
                if ( rand() % 4 )
                    interrupt_guest();
                break;
            case 5:
                emul_xen(events);
                if ( domain & HYP )
                    g.truth += events;
                break;
            case 6:
                interrupt_xen();
                break;
            case 7:
                wander();
                break;
            case 8:
                pass_time();
                break;
            case 9:
                user ? to_kernel() : to_user();
                break;
            case 10:
                check();
                if ( !(rand() % 48) )
                    p->page->ring_tail = pub()->ring_head - rand() % 9;
                break;
            case 11:
                if ( user )
                    to_kernel();
                new_request(&cfg[rand() % 2]);
                break;
            }
            check();
        }
        CHECK(p->throttles > 10);
        CHECK(p->samples > 100);
        CHECK(p->ring.full);
    }
}

void test_sample_random(void)
{
    random_samples(U, "u");
    random_samples(U | K, "uk");
    random_samples(U | K | HYP, "ukh");
}
