/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AMD's counters: what is found at boot, and each register write of switches and
 * crossings, with and without the global control of version 2.
 */
#include "test.h"

#define A_CYCLES   0x76
#define A_BRANCHES 0xc2
#define SELECT(n)  (MSR_AMD_FAM15H_EVNTSEL0 + 2 * (n))
#define COUNTER(n) (MSR_AMD_FAM15H_PERFCTR0 + 2 * (n))
#define ALL_MSRS   SELECT(0), COUNTER(5)

static const uint64_t three[] = { INSNS, A_BRANCHES, A_CYCLES };
static const uint64_t two[] = { A_CYCLES, A_BRANCHES };

struct row { unsigned int msr; uint64_t val; };

/* The writes since emul_forget(), in order. */
static void wrote(const struct row *rows, unsigned int n)
{
    unsigned int i;

    EQUAL(emul_writes, n);
    for ( i = 0; i < n && i < emul_writes; i++ )
    {
        EQUAL(emul_write[i].msr, rows[i].msr);
        EQUAL(emul_write[i].val, rows[i].val);
    }
    emul_forget();
}
#define WROTE(...) \
    wrote((const struct row[]){ __VA_ARGS__ }, \
          sizeof((struct row[]){ __VA_ARGS__ }) / sizeof(struct row))

static void test_boot_amd(void)
{
    static const struct {
        const char *name;
        bool core;
        unsigned int max_leaf, v2_eax, v2_counters, nr, version;
    } rows[] = {
        { "old counters", false, 0x80000008, 0, 0, 4, 1 },
        { "core extension", true, 0x8000001f, 0, 0, 6, 1 },
        { "leaf without the bit", true, 0x80000022, 0, 0, 6, 1 },
        { "version 2", true, 0x80000022, 1, 6, 6, 2 },
        { "version 2, no core extension", false, 0x80000022, 1, 0, 4, 1 },
        { "version 2 with 4 counters", true, 0x80000022, 1, 4, 4, 2 },
        { "version 2 with 8 counters", true, 0x80000022, 1, 8, 6, 2 },
    };
    struct xen_perfctr_query q;
    unsigned int i, n;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("AMD at boot: %s", rows[i].name);
        world_new_on(ZEN, false);
        emul_boot.core = rows[i].core;
        emul_boot.max_ext_leaf = rows[i].max_leaf;
        emul_boot.v2_eax = rows[i].v2_eax;
        emul_boot.v2_counters = rows[i].v2_counters;
        emul_shared_stopped = 0;
        memset(emul_pmu[0].gp, 0x55, sizeof(emul_pmu[0].gp));
        memset(emul_pmu[0].select, 0x55, sizeof(emul_pmu[0].select));
        emul_booting = true;
        EQUAL(emul_initcall(), 0);
        emul_booting = false;
        CHECK(perfctr_enabled);
        for ( n = 0; n < rows[i].nr; n++ )
            CHECK(!emul_pmu[0].gp[n] && !emul_pmu[0].select[n]);
        EQUAL(emul_pmu[0].global, 0);
        EQUAL(emul_pmu[0].lvtpc, PMU_APIC_VECTOR);
        EQUAL(emul_shared_stopped, 10);
        run_on(0, vcpu(0, 0));
        q.size = sizeof(q);
        EQUAL(op(XEN_PERFCTR_OP_query, &q), 0);
        EQUAL(q.vendor, XEN_PERFCTR_VENDOR_AMD);
        EQUAL(q.pmu_version, rows[i].version);
        EQUAL(q.nr_gp, rows[i].nr);
        EQUAL(q.nr_fixed, 0);
        EQUAL(q.width, 48);
    }

    test_case("Hygon is an AMD");
    world_new_on(ZEN, false);
    emul_boot.x86_vendor = X86_VENDOR_HYGON;
    emul_boot.x86 = 0x18;
    perfctr_enabled = false;
    emul_booting = true;
    EQUAL(emul_initcall(), 0);
    emul_booting = false;
    CHECK(perfctr_enabled);
}

/* Version 2: as on Intel, with other registers. */
static void test_v2(void)
{
    test_case("AMD v2: start: selectors, values, control");
    world_new_on(ZEN_V2, false);
    run_on(0, vcpu(0, 0));
    register_page(0);
    request(create(3, three, U), 1000);
    emul_forget();
    to_user();
    WROTE({ SELECT(0), 0x5100c0 }, { SELECT(1), 0x5100c2 },
          { SELECT(2), 0x510076 }, { COUNTER(0), 1000 }, { COUNTER(1), 1000 },
          { COUNTER(2), 1000 }, { EMUL_AMD_CTL, 7 });

    test_case("AMD v2: crossings: 1 each");
    to_kernel();
    to_user();
    WROTE({ EMUL_AMD_CTL, 0 }, { EMUL_AMD_CTL, 7 });

    test_case("AMD v2: out 1, in again 1");
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    WROTE({ EMUL_AMD_CTL, 0 }, { EMUL_AMD_CTL, 7 });

    test_case("AMD v2: to another domain's two counters");
    start_user(1, 2, two, U);
    run_on(0, vcpu(0, 0));
    emul_forget();
    run_on(0, vcpu(1, 0));
    /* selector 1 is the same; the third counter is zeroed */
    WROTE({ EMUL_AMD_CTL, 0 }, { SELECT(0), 0x510076 }, { COUNTER(2), 0 },
          { COUNTER(0), 2001 }, { COUNTER(1), 2001 }, { EMUL_AMD_CTL, 3 });

    test_case("AMD v2: to a VCPU without counters");
    run_on(0, vcpu(2, 0));
    WROTE({ EMUL_AMD_CTL, 0 });

    test_case("AMD v2: an overflow is seen in the status, which is cleared");
    world_new_on(ZEN_V2, false);
    start_user(0, 1, three, U);
    to_kernel();
    request_and_go(create(1, three, U), -5ull & ((1ull << 48) - 1));
    emul_user(7);
    EQUAL(emul_pmu[0].status, 1);
    emul_forget();
    interrupt_guest();
    WROTE({ EMUL_AMD_STATUS_CLR, 1 });
    EQUAL(page(current)->pub.overflow, 1);
    EQUAL(current->virqs, 1);
    EQUAL(current->arch.perfctr->pmis, 1);
}

/* Without a global control selectors start and stop; EN is bit 22. */
static void test_v1(void)
{
    test_case("AMD v1: start: values, then selectors with EN");
    world_new_on(ZEN, false);
    run_on(0, vcpu(0, 0));
    register_page(0);
    request(create(3, three, U), 1000);
    emul_forget();
    to_user();
    WROTE({ COUNTER(0), 1000 }, { COUNTER(1), 1000 }, { COUNTER(2), 1000 },
          { SELECT(0), 0x5100c0 }, { SELECT(1), 0x5100c2 },
          { SELECT(2), 0x510076 });

    test_case("AMD v1: crossings: one selector per counter each");
    to_kernel();
    to_user();
    WROTE({ SELECT(0), 0x1100c0 }, { SELECT(1), 0x1100c2 },
          { SELECT(2), 0x110076 }, { SELECT(0), 0x5100c0 },
          { SELECT(1), 0x5100c2 }, { SELECT(2), 0x510076 });

    test_case("AMD v1: crossings of uk counters: 0");
    world_new_on(ZEN, false);
    start_user(0, 3, three, U | K);
    to_kernel();
    to_user();
    EQUAL(emul_writes, 0);

    test_case("AMD v1: out and in again: N each");
    run_on(0, NULL);
    EQUAL(emul_writes, 3);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 6);
    EQUAL(emul_writes_to(ALL_MSRS), 6);
    EQUAL(current->arch.perfctr->resumes, 1);

    test_case("AMD v1: u-only, in the guest's kernel: 0 out, 0 in");
    world_new_on(ZEN, false);
    start_user(0, 3, three, U);
    to_kernel();
    emul_forget();
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 0);

    test_case("AMD v1: to another domain's two counters");
    to_user();
    start_user(1, 2, two, U);
    run_on(0, vcpu(0, 0));
    emul_forget();
    run_on(0, vcpu(1, 0));
    WROTE({ SELECT(0), 0x1100c0 }, { SELECT(1), 0x1100c2 },
          { SELECT(2), 0x110076 }, { COUNTER(2), 0 }, { COUNTER(0), 2001 },
          { COUNTER(1), 2001 }, { SELECT(0), 0x510076 },
          { SELECT(1), 0x5100c2 });

    test_case("AMD v1: to a VCPU without counters: one per counter");
    run_on(0, vcpu(2, 0));
    WROTE({ SELECT(0), 0x110076 }, { SELECT(1), 0x1100c2 });

    test_case("AMD v1: with the old counters at their old place");
    world_new_on(ZEN, false);
    emul_boot.core = false;
    emul_booting = true;
    EQUAL(emul_initcall(), 0);
    emul_booting = false;
    run_on(0, vcpu(0, 0));
    register_page(0);
    request(create(2, two, U), 7);
    emul_forget();
    to_user();
    WROTE({ MSR_K7_PERFCTR0, 7 }, { MSR_K7_PERFCTR0 + 1, 7 },
          { MSR_K7_EVNTSEL0, 0x510076 }, { MSR_K7_EVNTSEL0 + 1, 0x5100c2 });
}

/* There is no status: the value tells, and only once. */
static void test_v1_overflow(void)
{
    const uint64_t minus5 = -5ull & ((1ull << 48) - 1);

    test_case("AMD v1: an overflow shows in the value");
    world_new_on(ZEN, false);
    start_user(0, 2, two, U);
    to_kernel();
    request_and_go(create(2, two, U), minus5);
    emul_user(7);
    emul_forget();
    interrupt_guest();
    EQUAL(emul_writes, 0);
    EQUAL(page(current)->pub.overflow, 3);
    EQUAL(current->arch.perfctr->pmis, 1);

    test_case("AMD v1: a second interrupt finds nothing");
    interrupt_guest();
    EQUAL(current->virqs, 1);
    EQUAL(current->arch.perfctr->spurious, 1);

    test_case("AMD v1: with nothing to be found it looks once");
    to_kernel();
    request_and_go(create(2, two, U), minus5);
    emul_rdpmcs = 0;
    interrupt_guest();
    EQUAL(emul_rdpmcs, 2);
    EQUAL(current->arch.perfctr->spurious, 2);

    test_case("AMD v1: an interrupt after the owner has gone is ignored");
    emul_user(9);
    run_on(0, vcpu(2, 0));
    interrupt_xen();
    EQUAL(vcpu(0, 0)->virqs, 2);
    EQUAL(vcpu(0, 0)->arch.perfctr->overflow, 3);
    EQUAL(vcpu(2, 0)->virqs, 0);

    test_case("AMD v1: sampling without a status register");
    world_new_on(ZEN, false);
    run_on(0, vcpu(0, 0));
    register_page(0);
    register_ring(RING_FRAME, 1);
    request_and_go(create_sampling(1, two, U, 100, 0),
                   -100ull & ((1ull << 48) - 1));
    emul_guest_regs[0].rip = 0x1234;
    emul_user(100);
    interrupt_guest();
    emul_user(250);
    interrupt_guest();
    EQUAL(page(current)->pub.ring_head, 2);
    EQUAL(record(0)->ip, 0x1234);
    EQUAL(record(0)->count, 100);
    EQUAL(record(1)->count, 350);
    EQUAL(page(current)->pub.reload_sum[0], 300);
    EQUAL(page(current)->pub.missed[0], 1);
}

/* Values survive, and nobody sees another's, on both versions. */
static void test_values(void)
{
    enum machine machine;
    unsigned int i;

    for ( machine = ZEN; machine <= ZEN_V2; machine++ )
    {
        test_case("AMD v%u: values go with the VCPU, others read zero",
                  machine == ZEN ? 1 : 2);
        world_new_on(machine, false);
        start_user(0, 3, three, U);
        start_user(1, 2, two, U);
        for ( i = 0; i < 6; i++ )
        {
            run_on(1, NULL);
            run_on(0, vcpu(i & 1, 0));
            emul_user(10);
            emul_xen(1000);
            EQUAL(emul_pmu[0].gp[0], (i & 1 ? 2001 : 1001) + (i / 2 + 1) * 10);
            if ( i & 1 )
                EQUAL(emul_pmu[0].gp[2], 0);
            to_kernel();
            emul_user(500);
            to_user();
        }
        run_on(0, NULL);
        run_on(1, vcpu(0, 0));
        EQUAL(emul_pmu[1].gp[1], 1031);
    }
}

void test_amd(void)
{
    test_boot_amd();
    test_v2();
    test_v1();
    test_v1_overflow();
    test_values();
}
