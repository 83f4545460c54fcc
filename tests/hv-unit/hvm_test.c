/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HVM guests: RDPMC's intercept and CR4.PCE, what the VMCS loads, requests by
 * hypercall, and who is refused.
 */
#include "test.h"

static const uint64_t two[] = { INSNS, 0xc2 };
static const uint64_t intel_two[] = { LLC_MISS, BRANCHES };

/* Domain d's VCPU 0 on CPU 0 applies a configuration and enters user mode. */
static uint32_t start(unsigned int d, unsigned int n, const uint64_t *events,
                      uint32_t domain)
{
    uint32_t handle;

    run_on(0, vcpu(d, 0));
    EQUAL(register_page(d * EMUL_FRAMES / 2), 0);
    handle = create(n, events, domain);
    CHECK(handle);
    request(handle, 1000 * (d + 1));
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(3);

    return handle;
}

/* The intercept goes only while a readable configuration is applied. */
static void test_rdpmc(enum machine machine)
{
    const char *name = machine == SKYLAKE ? "VMX" : "SVM";
    const uint64_t *events = machine == SKYLAKE ? intel_two : two;
    struct emul_hvm *hvm;
    unsigned int updates;
    uint32_t handle;

    test_case("%s: no RDPMC without a grant", name);
    world_new_on(machine, true);
    hvm = &vcpu(0, 0)->arch.hvm;
    run_on(0, vcpu(0, 0));
    vm_enter(3);
    CHECK(!guest_can_rdpmc(current));
    vm_exit(1);
    EQUAL(register_page(0), 0);
    vm_enter(3);
    CHECK(!guest_can_rdpmc(current));
    EQUAL(hvm->updates, 0);
    vm_exit(1);

    test_case("%s: the guest's own CR4.PCE does not help it", name);
    hvm->guest_pce = true;
    emul_irqs_off = 1;
    hvm_update_guest_cr(current, 4);
    emul_irqs_off = 0;
    vm_enter(3);
    CHECK(hvm->hw_pce && !guest_can_rdpmc(current));
    vm_exit(1);
    hvm->guest_pce = hvm->hw_pce = false;

    test_case("%s: RDPMC works from VM entry on, Xen's own CR4 is left", name);
    handle = create(2, events, U);
    request(handle, 5);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    CHECK(!hvm->rdpmc_passes);
    vm_enter(3);
    CHECK(guest_can_rdpmc(current));
    CHECK(!hvm->guest_pce);
    CHECK(!(emul_pmu[0].cr4 & X86_CR4_PCE));

    test_case("%s: nothing is written at entries without a change", name);
    updates = hvm->updates;
    vm_exit(1);
    vm_enter(0);
    vm_exit(1);
    request(create(1, events, U), 9);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(3);
    EQUAL(hvm->updates - updates, machine == SKYLAKE ? 1 : 0);
    vm_exit(1);

    test_case("%s: it stays with the VCPU, and others do not get it", name);
    run_on(0, vcpu(0, 1));
    vm_enter(3);
    CHECK(!guest_can_rdpmc(current));
    vm_exit(1);
    run_on(0, vcpu(1, 0));
    vm_enter(3);
    CHECK(!guest_can_rdpmc(current));
    vm_exit(1);
    run_on(0, vcpu(2, 0));
    CHECK(!(emul_pmu[0].cr4 & X86_CR4_PCE));
    run_on(0, NULL);
    run_on(1, vcpu(0, 0));
    vm_enter(3);
    CHECK(guest_can_rdpmc(current));
    vm_exit(1);

    test_case("%s: a refused request keeps it, all counters zero", name);
    request(77, 1);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    vm_enter(3);
    CHECK(guest_can_rdpmc(current));
    EQUAL(emul_pmu[1].gp[0], 0);
    EQUAL(emul_pmu[1].gp[1], 0);
    EQUAL(current->virqs, 1);
    vm_exit(1);

    test_case("%s: handle 0 takes it away", name);
    request(0, 1);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(3);
    CHECK(!guest_can_rdpmc(current));
    CHECK(!hvm->hw_pce);
    vm_exit(1);

    test_case("%s: so does unregistering", name);
    request(handle, 1);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(3);
    CHECK(guest_can_rdpmc(current));
    vm_exit(1);
    {
        struct xen_perfctr_register reg = { .size = sizeof(reg) };

        EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), 0);
    }
    vm_enter(3);
    CHECK(!guest_can_rdpmc(current));
    vm_exit(1);
}

/* Xen's memory of a page is dropped while the VCPU does not run. */
static void test_rdpmc_remote(void)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg) };

    test_case("SVM: unregistered by another VCPU while it is down");
    world_new_on(ZEN_V2, true);
    start(0, 2, two, U);
    CHECK(guest_can_rdpmc(current));
    vm_exit(1);
    run_on(0, NULL);
    vcpu(0, 0)->pause_flags = VPF_down;
    run_on(1, vcpu(0, 1));
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), 0);
    run_on(1, NULL);
    vcpu(0, 0)->pause_flags = 0;
    run_on(0, vcpu(0, 0));
    EQUAL(emul_pmu[0].global, 0);
    vm_enter(3);
    CHECK(!guest_can_rdpmc(current));
    vm_exit(1);

    test_case("SVM: a withdrawn policy freezes, RDPMC goes later");
    world_new_on(ZEN_V2, true);
    start(0, 2, two, U);
    emul_guest(10);
    vm_exit(1);
    run_on(0, NULL);
    run_on(1, vcpu(2, 0));
    {
        struct xen_perfctr_policy policy = { .size = sizeof(policy) };

        EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    }
    run_on(1, NULL);
    run_on(0, vcpu(0, 0));
    vm_enter(3);
    CHECK(guest_can_rdpmc(current));
    emul_guest(10);
    EQUAL(emul_pmu[0].gp[0], 1010);
    EQUAL(page(current)->pub.flags, XEN_PERFCTR_PUB_REVOKED);
    EQUAL(current->virqs, 1);
    vm_exit(1);
}

/* Which events are the guest's is up to the hardware, Xen does nothing. */
static void test_split(enum machine machine)
{
    static const struct { uint32_t domain; unsigned int user, kernel, xen; }
    rows[] = {
        { U, 3, 0, 0 }, { K, 0, 7, 0 }, { U | K, 3, 7, 0 }, { HYP, 0, 0, 100 },
        { U | K | HYP, 3, 7, 100 },
    };
    const uint64_t *events = machine == SKYLAKE ? intel_two : two;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("%s: domain %u counts its own, no write per entry or exit",
                  machine == SKYLAKE ? "VMX" : machine == ZEN ? "SVM v1"
                                                              : "SVM v2",
                  rows[i].domain);
        world_new_on(machine, true);
        start(0, 2, events, rows[i].domain);
        emul_forget();
        emul_guest(3);
        vm_exit(1);
        emul_xen(100);
        vm_enter(0);
        emul_guest(7);
        vm_exit(1);
        EQUAL(emul_writes, 0);
        EQUAL(emul_pmu[0].gp[0],
              1000 + rows[i].user + rows[i].kernel + rows[i].xen);
        EQUAL(emul_pmu[0].gp[1], emul_pmu[0].gp[0]);
    }
}

static void test_costs(void)
{
    test_case("VMX: switches cost no control writes");
    world_new_on(SKYLAKE, true);
    start(0, 2, intel_two, U | K);
    vm_exit(1);
    emul_forget();
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 0);
    vm_enter(3);
    EQUAL(emul_pmu[0].global, 3);
    emul_guest(5);
    vm_exit(1);
    EQUAL(emul_pmu[0].global, 0);
    EQUAL(emul_pmu[0].gp[0], 1005);

    test_case("VMX: with Xen's part: 1 out, 1 in");
    world_new_on(SKYLAKE, true);
    start(0, 2, intel_two, U | K | HYP);
    vm_exit(1);
    EQUAL(emul_pmu[0].global, 3);
    emul_forget();
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 2);
    EQUAL(emul_writes_to(0x38f, 0x38f), 2);

    test_case("VMX: nothing is loaded for a VCPU that stopped, or never began");
    request(0, 0);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(3);
    CHECK(!current->arch.hvm.switch_ctrl);
    EQUAL(emul_pmu[0].global, 0);
    vm_exit(1);
    CHECK(!vcpu(1, 0)->arch.hvm.switch_ctrl);

    test_case("SVM v2: switch 1 out, 1 in");
    world_new_on(ZEN_V2, true);
    start(0, 2, two, U | K);
    vm_exit(1);
    emul_forget();
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 2);
    EQUAL(emul_writes_to(EMUL_AMD_CTL, EMUL_AMD_CTL), 2);

    test_case("SVM v1: switch N out, N in");
    world_new_on(ZEN, true);
    start(0, 2, two, U | K);
    vm_exit(1);
    emul_forget();
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(emul_writes, 4);
}

/* HVM and PV VCPUs take turns on a CPU. */
static void test_mixed(enum machine machine)
{
    uint64_t hvm = 1000, pv = 3000;
    unsigned int i;

    test_case("HVM and PV on one CPU, machine %u", machine);
    world_new_on(machine, true);
    start(0, 2, machine == SKYLAKE ? intel_two : two, U | K);
    vm_exit(1);
    run_on(0, vcpu(2, 0));
    /* frames of domain 1 are good enough for domain 2 */
    for ( i = EMUL_FRAMES / 2; i < EMUL_FRAMES; i++ )
        emul_frame[i].owner = &emul_domain[2];
    EQUAL(register_page(EMUL_FRAMES / 2), 0);
    request_and_go(create(1, two, U), pv);
    for ( i = 0; i < 20; i++ )
    {
        run_on(0, vcpu(0, 0));
        vm_enter(i & 1 ? 3 : 0);
        emul_guest(i);
        vm_exit(1);
        emul_xen(55);
        hvm += i;
        EQUAL(emul_pmu[0].gp[0], hvm);
        EQUAL(emul_pmu[0].fixed[0], 0);
        CHECK(!(emul_pmu[0].cr4 & X86_CR4_PCE));

        run_on(0, vcpu(2, 0));
        emul_user(2);
        emul_xen(44);
        pv += 2;
        EQUAL(machine == SKYLAKE ? emul_pmu[0].fixed[0] : emul_pmu[0].gp[0],
              pv);
        EQUAL(emul_pmu[0].gp[1], 0);
        CHECK(emul_pmu[0].cr4 & X86_CR4_PCE);
    }
}

static void test_requests(void)
{
    struct xen_perfctr_query q = { .size = sizeof(q) };
    unsigned int i;

    test_case("HVM: requests are applied by the hypercall only");
    world_new_on(ZEN_V2, true);
    run_on(0, vcpu(0, 0));
    EQUAL(op(XEN_PERFCTR_OP_query, &q), 0);
    CHECK(!(q.flags & XEN_PERFCTR_CAP_IRET_APPLY));
    CHECK(q.flags & XEN_PERFCTR_CAP_SAMPLE);
    EQUAL(register_page(0), 0);
    request(create(2, two, U), 5);
    vm_enter(3);
    vm_exit(1);
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(page(current)->pub.applied_seq, 0);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    EQUAL(page(current)->pub.applied_seq, 1);
    q.size = sizeof(q);
    run_on(0, vcpu(2, 0));
    EQUAL(op(XEN_PERFCTR_OP_query, &q), 0);
    CHECK(q.flags & XEN_PERFCTR_CAP_IRET_APPLY);

    test_case("HVM: stolen time is in the guest's own TSC");
    world_new_on(ZEN_V2, true);
    emul_hvm_tsc_offset = 1000000;
    run_on(0, vcpu(0, 0));
    register_page(0);
    run_on(0, NULL);
    EQUAL(vcpu(0, 0)->arch.perfctr->off_since, 1000000 + emul_tsc);

    for ( i = 0; i < 5; i++ )
    {
        static const struct { p2m_type_t type; int rc; const char *name; }
        rows[] = {
            { p2m_ram_rw, 0, "RAM" }, { p2m_ram_logdirty, 0, "migrated RAM" },
            { p2m_ram_ro, -EINVAL, "ROM" },
            { p2m_ram_shared, -EINVAL, "a shared page" },
            { p2m_map_foreign, -EINVAL, "a foreign page" },
        };

        test_case("HVM: registering %s", rows[i].name);
        world_new_on(ZEN_V2, true);
        run_on(0, vcpu(0, 0));
        emul_frame[3].p2mt = rows[i].type;
        EQUAL(register_page(3), rows[i].rc);
        EQUAL(emul_frame[3].refs, !rows[i].rc);
    }
}

static void test_refused(void)
{
    struct xen_perfctr_query q = { .size = sizeof(q) };
    struct domain d = { .hvm = true };

    test_case("HVM: nested virtualisation is refused");
    world_new_on(ZEN_V2, true);
    d.nested = true;
    EQUAL(perfctr_domain_create(&d), 0);
    CHECK(!d.arch.perfctr);

    test_case("VMX: refused when the control register cannot be switched");
    world_new_on(SKYLAKE, true);
    hvm_funcs.set_pmu_global_ctrl = NULL;
    d.nested = false;
    EQUAL(perfctr_domain_create(&d), 0);
    CHECK(!d.arch.perfctr);
    d.hvm = false;
    d.pv = true;
    EQUAL(perfctr_domain_create(&d), 0);
    CHECK(d.arch.perfctr);
    perfctr_domain_destroy(&d);

    test_case("HVM: a domain without a context gets -EOPNOTSUPP");
    world_new_on(ZEN_V2, true);
    perfctr_domain_destroy(&emul_domain[0]);
    run_on(0, vcpu(0, 0));
    EQUAL(op(XEN_PERFCTR_OP_query, &q), -EOPNOTSUPP);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), -EOPNOTSUPP);

    test_case("HVM: apply without a page");
    world_new_on(ZEN_V2, true);
    run_on(0, vcpu(0, 0));
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
}

void test_hvm(void)
{
    test_rdpmc(ZEN_V2);
    test_rdpmc(SKYLAKE);
    test_rdpmc_remote();
    test_split(ZEN);
    test_split(ZEN_V2);
    test_split(SKYLAKE);
    test_costs();
    test_mixed(ZEN);
    test_mixed(ZEN_V2);
    test_mixed(SKYLAKE);
    test_requests();
    test_refused();
}
