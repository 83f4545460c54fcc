/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VCPU switches and crossings: how many register writes, and that no value is
 * lost or shown to somebody else.
 */
#include "test.h"

static const uint64_t four[] = { BRANCHES, MISPRED, LLC_MISS, INSNS | 1 << 24 };
static const uint64_t two[] = { MISPRED, BRANCHES };
static const uint64_t fixed[] = { INSNS, CYCLES };

/* What everybody who may use RDPMC on a CPU sees: its own, or zero. */
static void check_private(unsigned int cpu)
{
    const struct vperfctr *p;
    uint64_t used = 0;
    unsigned int i;

    if ( !(emul_pmu[cpu].cr4 & X86_CR4_PCE) )
        return;
    p = emul_current[cpu]->arch.perfctr;
    if ( p->img )
        used = p->img->used;
    for ( i = 0; i < 8; i++ )
        if ( !(used & (1ull << i)) )
            EQUAL(emul_pmu[cpu].gp[i], 0);
    for ( i = 0; i < 3; i++ )
        if ( !(used & (1ull << (32 + i))) )
            EQUAL(emul_pmu[cpu].fixed[i], 0);
}

/* The cost table of the design: writes to go from one to the other. */
static void test_costs(void)
{
    test_case("cost: neither counts: 0");
    world_new();
    run_on(0, vcpu(0, 0));
    run_on(0, vcpu(1, 0));
    run_on(0, NULL);
    EQUAL(emul_writes, 0);

    test_case("cost: registered, but does not count: 0");
    EQUAL((run_on(0, vcpu(0, 0)), register_page(0)), 0);
    to_user();
    to_kernel();
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 0);
    CHECK(!(emul_pmu[0].cr4 & X86_CR4_PCE));

    test_case("cost: counting to not counting: 1");
    world_new();
    start_user(0, 4, four, U);
    run_on(0, vcpu(2, 0));
    EQUAL(emul_writes, 1);
    EQUAL(emul_write[0].msr, MSR_CORE_PERF_GLOBAL_CTRL);
    EQUAL(emul_write[0].val, 0);
    CHECK(!(emul_pmu[0].cr4 & X86_CR4_PCE));

    test_case("cost: back to the one who counted last: 1");
    emul_forget();
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 1);
    EQUAL(emul_write[0].val, 0xf);
    CHECK(emul_pmu[0].cr4 & X86_CR4_PCE);
    EQUAL(current->arch.perfctr->resumes, 1);

    test_case("cost: u-only, in the guest's kernel: 0 out, 0 in");
    to_kernel();
    emul_forget();
    run_on(0, NULL);
    EQUAL(emul_writes, 0);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 0);

    test_case("cost: crossing of a u-only set: 1, of a uk set: 0");
    emul_forget();
    to_user();
    EQUAL(emul_writes, 1);
    to_kernel();
    EQUAL(emul_writes, 2);
    world_new();
    start_user(0, 4, four, U | K);
    to_kernel();
    to_user();
    EQUAL(emul_writes, 0);

    test_case("cost: 4 counters to 2 of another domain, on the same ones");
    world_new();
    start_user(1, 2, two, U);
    start_user(0, 4, four, U);
    run_on(0, vcpu(1, 0));
    /* 2 controls, 2 selectors (swapped), 2 values, 2 zeros */
    EQUAL(emul_writes_to(0x38f, 0x38f), 2);
    EQUAL(emul_writes_to(MSR_P6_EVNTSEL(0), MSR_P6_EVNTSEL(7)), 2);
    EQUAL(emul_writes_to(MSR_IA32_A_PERFCTR0, MSR_IA32_A_PERFCTR0 + 7), 4);
    EQUAL(emul_writes, 8);
    check_private(0);
    EQUAL(emul_pmu[0].gp[0], 2001);

    test_case("cost: and back to the 4");
    emul_forget();
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes_to(MSR_P6_EVNTSEL(0), MSR_P6_EVNTSEL(7)), 2);
    EQUAL(emul_writes, 2 + 2 + 4);
    EQUAL(emul_pmu[0].gp[3], 1001);

    test_case("cost: disjoint counters: values, zeros, selectors, 2");
    world_new();
    start_user(1, 2, fixed, U);
    start_user(0, 4, four, U);
    run_on(0, vcpu(1, 0));
    /* the fixed counters' control has not changed */
    EQUAL(emul_writes, 2 + 2 + 4);
    check_private(0);

    test_case("cost: the same configuration in another domain: values and 2");
    world_new();
    start_user(1, 4, four, U);
    start_user(0, 4, four, U);
    run_on(0, vcpu(1, 0));
    EQUAL(emul_writes, 2 + 4);
    EQUAL(emul_pmu[0].gp[0], 2001);

    test_case("the costs are the ones that the VCPU is told");
    world_new();
    start_user(0, 4, four, U);
    {
        uint64_t before = current->arch.perfctr->msr_writes;

        to_kernel();
        to_user();
        run_on(0, NULL);
        run_on(0, vcpu(0, 0));
        EQUAL(current->arch.perfctr->msr_writes - before, emul_writes);
    }
}

static void test_values(void)
{
    unsigned int i;

    test_case("values go with the VCPU from CPU to CPU");
    world_new();
    start_user(0, 4, four, U);
    for ( i = 0; i < 5; i++ )
    {
        run_on(i & 1, NULL);
        run_on(!(i & 1), vcpu(0, 0));
        emul_user(10);
        check_private(!(i & 1));
        run_on(!(i & 1), NULL);
    }
    run_on(0, vcpu(0, 0));
    EQUAL(emul_pmu[0].gp[0], 1051);

    test_case("coming back to a CPU after counting elsewhere is a restore");
    world_new();
    start_user(0, 4, four, U);
    run_on(0, NULL);
    run_on(1, vcpu(0, 0));
    emul_user(100);
    run_on(1, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_pmu[0].gp[2], 1101);
    EQUAL(current->arch.perfctr->resumes, 0);
    EQUAL(current->arch.perfctr->restores, 2);

    test_case("a new request elsewhere, too");
    world_new();
    start_user(0, 4, four, U);
    run_on(0, NULL);
    run_on(1, vcpu(0, 0));
    to_kernel();
    request_and_go(page(current)->pub.applied_handle, 42);
    run_on(1, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_pmu[0].gp[2], 42);

    test_case("kernel and Xen are not counted for u, user is not for k");
    world_new();
    start_user(0, 2, two, U);
    emul_xen(1000);
    to_kernel();
    emul_user(1000);
    to_user();
    emul_user(3);
    EQUAL(emul_pmu[0].gp[0], 1004);
    world_new();
    start_user(0, 2, two, K);
    emul_user(500);
    to_kernel();
    emul_user(7);
    emul_xen(1000);
    to_user();
    EQUAL(emul_pmu[0].gp[0], 1007);

    test_case("a VCPU switched out in its kernel is let in there");
    world_new();
    start_user(0, 2, two, U);
    to_kernel();
    run_on(0, NULL);
    run_on(1, vcpu(0, 0));
    emul_user(99);
    EQUAL(emul_pmu[1].gp[0], 1001);
    to_user();
    emul_user(1);
    EQUAL(emul_pmu[1].gp[0], 1002);

    test_case("nobody without counters gets RDPMC");
    run_on(1, vcpu(2, 0));
    CHECK(!(emul_pmu[1].cr4 & X86_CR4_PCE));
    CHECK(!perfctr_rdpmc_allowed(current));

    test_case("h counts Xen's work for this VCPU only");
    world_new();
    start_user(0, 1, two, HYP);
    emul_user(1000);
    emul_xen(5);
    run_on(0, vcpu(2, 0));
    emul_xen(1000);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_pmu[0].gp[0], 1005);
}

/* Two domains' VCPUs wander over two CPUs at random, against a plain sum. */
static void test_random(void)
{
    unsigned int seed, i, n;

    for ( seed = 1; seed <= 20; seed++ )
    {
        struct vcpu *v[4] = { vcpu(0, 0), vcpu(1, 0), vcpu(0, 1), vcpu(2, 0) };
        uint64_t truth[4] = { 0 }, start_at[4] = { 0 };
        uint32_t handles[2][2];

        test_case("random switches, seed %u", seed);
        world_new();
        srand(seed);
        for ( i = 0; i < 3; i++ )
        {
            run_on(0, v[i]);
            EQUAL(register_page(i == 1 ? EMUL_FRAMES / 2 : i), 0);
            if ( i < 2 )
            {
                handles[i][0] = create(4, four, U);
                handles[i][1] = create(2, i ? fixed : two, U);
            }
            to_user();
        }
        run_on(0, NULL);
        for ( n = 0; n < 3000; n++ )
        {
            unsigned int who = rand() % 4, cpu = rand() % 2;
            uint64_t events = rand() % 50;
            const struct perfctr_image *img;

            if ( emul_current[!cpu] == v[who] )
                run_on(!cpu, NULL);
            if ( emul_current[cpu] != v[who] )
                run_on(cpu, v[who]);
            emul_cpu = cpu;
            check_private(cpu);
            emul_user(events);
            if ( !v[who]->arch.perfctr )
                continue;
            img = v[who]->arch.perfctr->img;
            if ( img )
            {
                truth[who] += events;
                for ( i = 0; i < img->nr; i++ )
                    EQUAL(perfctr_rdpmc(img->hw[i]),
                          start_at[who] + truth[who]);
            }
            if ( rand() % 8 )
                continue;
            to_kernel();
            emul_user(rand() % 50);
            if ( rand() % 2 )
            {
                start_at[who] = rand();
                truth[who] = 0;
                request(rand() % 4 ? handles[who == 1][rand() % 2] : 0,
                        start_at[who]);
            }
            to_user();
        }
    }
}

static void test_time(void)
{
    struct xen_perfctr_register reg = {
        .size = sizeof(reg), .gfn = 0, .time_gfn = 1, .time_offset = 128 };
    const struct xen_perfctr_time *time;

    test_case("stolen time is the time off the CPU, since registration");
    world_new();
    run_on(0, vcpu(0, 0));
    emul_tsc = 5000;
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), 0);
    time = emul_frame[1].va + 128;
    EQUAL(time->stolen, 0);
    emul_tsc = 6000;
    run_on(0, NULL);
    EQUAL(time->stolen, 0);
    EQUAL(time->version, 0);
    emul_tsc = 6500;
    run_on(1, vcpu(0, 0));
    EQUAL(time->stolen, 500);
    EQUAL(time->version, 2);
    emul_tsc = 7000;
    run_on(1, vcpu(2, 0));
    emul_tsc = 7001;
    run_on(1, vcpu(0, 0));
    EQUAL(time->stolen, 501);
    EQUAL(time->version, 4);
}

void test_switch(void)
{
    test_costs();
    test_values();
    test_random();
    test_time();
}
