/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instructions that Xen executes in the guest's place are counted as if they had
 * retired.
 */
#include "test.h"

#define MINUS(n) (-(uint64_t)(n) & ((1ull << 48) - 1))
#define CPUID    0x000f00a2u    /* as x86_emulate() has it */

/* fixed 0 (INSNS), general 0, 1 */
static const uint64_t pv[] = { INSNS, BRANCHES, MISPRED };
static const uint64_t hvm[] = { INSNS, 0xc2, 0x76 };

static void start_pv(uint32_t domain, uint64_t value)
{
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    EQUAL(register_ring(RING_FRAME, 1), 0);
    request_and_go(create(3, pv, domain), value);
    emul_forget();
}

static void start_hvm(enum machine machine, uint32_t domain)
{
    world_new_on(machine, true);
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    EQUAL(register_ring(RING_FRAME, 1), 0);
    request(create(3, hvm, domain), 1000);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(3);
    emul_forget();
}

static void test_pv(void)
{
    struct emul_pmu *pmu = &emul_pmu[0];

    test_case("PV: an emulated instruction is one more, and nothing else");
    start_pv(U, 1000);
    perfctr_emulated(current, false);
    EQUAL(pmu->fixed[0], 1001);
    EQUAL(pmu->gp[0], 1000);
    EQUAL(pmu->gp[1], 1000);
    EQUAL(emul_writes, 1);

    test_case("PV: an emulated branch is both");
    perfctr_emulated(current, true);
    EQUAL(pmu->fixed[0], 1002);
    EQUAL(pmu->gp[0], 1001);
    EQUAL(pmu->gp[1], 1000);

    test_case("PV: u counters do not count the kernel's");
    to_kernel();
    perfctr_emulated(current, true);
    EQUAL(pmu->fixed[0], 1002);

    test_case("PV: k counters do, but not user mode's");
    start_pv(K, 1000);
    perfctr_emulated(current, true);
    EQUAL(pmu->fixed[0], 1000);
    to_kernel();
    perfctr_emulated(current, true);
    EQUAL(pmu->fixed[0], 1001);
    EQUAL(pmu->gp[0], 1001);

    test_case("PV: ukh counters stand still while one is added");
    start_pv(U | K | HYP, 1000);
    perfctr_emulated(current, false);
    EQUAL(pmu->fixed[0], 1001);
    EQUAL(emul_write[0].msr, MSR_CORE_PERF_GLOBAL_CTRL);
    EQUAL(emul_write[0].val, 0);
    EQUAL(pmu->global, 1ull << 32 | 3);

    test_case("PV: h counters do not count the guest's");
    start_pv(HYP, 1000);
    perfctr_emulated(current, true);
    EQUAL(pmu->fixed[0], 1000);
    EQUAL(pmu->gp[0], 1000);

    test_case("PV: nothing without a configuration, or a context");
    to_kernel();
    request_and_go(0, 0);
    emul_forget();
    perfctr_emulated(current, true);
    run_on(0, vcpu(0, 1));
    perfctr_emulated(current, true);
    EQUAL(emul_writes, 0);

    test_case("PV: nothing when it has been revoked");
    start_pv(U, 1000);
    current->arch.perfctr->revoked = true;
    perfctr_emulated(current, true);
    EQUAL(pmu->fixed[0], 1000);

    test_case("PV: an accumulating counter that passes zero tells");
    start_pv(U, MINUS(2));
    perfctr_emulated(current, false);
    EQUAL(current->virqs, 0);
    perfctr_emulated(current, false);
    EQUAL(pmu->fixed[0], 0);
    EQUAL(current->virqs, 1);
    EQUAL(page(current)->pub.overflow, 1);
    perfctr_emulated(current, false);
    EQUAL(current->virqs, 1);
}

/* What x86_emulate() has executed, by opcode and by how far it went. */
static void test_opcodes(void)
{
    static const struct {
        unsigned int opcode, length;
        unsigned int insns, branches;
        const char *name;
    } rows[] = {
        { CPUID, 2, 1, 0, "CPUID" },
        { 0xec, 1, 1, 0, "IN" },
        { 0x6c, 0, 0, 0, "an iteration of REP INS" },
        { 0x6c, 2, 1, 0, "the last iteration of REP INS" },
        { 0x74, 2, 1, 1, "JZ not taken" },
        { 0x7f, 100, 1, 1, "JG taken" },
        { 0xeb, 0, 1, 1, "JMP to itself" },
        { 0xe3, 2, 1, 1, "JCXZ" },
        { 0xe8, 5, 1, 1, "CALL to the next instruction" },
        { 0xc3, 200, 1, 1, "RET" },
        { 0xcf, 500, 1, 1, "IRET" },
        { 0xff, 3, 1, 0, "INC" },
        { 0xff, 1000, 1, 1, "JMP indirect" },
        { 0xff, -1000u, 1, 1, "CALL indirect, backwards" },
        { 0x0f0005, 1000, 1, 1, "SYSCALL" },
        { 0x0f0085, 6, 1, 1, "JNZ near" },
        { 0x85, 2, 1, 0, "TEST" },
        { 0x0f0074, 3, 1, 0, "PCMPEQB" },
        { 0x0f38001c, 4, 1, 0, "a longer opcode" },
        { 0x89, 7, 1, 0, "MOV to memory" },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("emulated: %s", rows[i].name);
        start_pv(U, 1000);
        emul_guest_regs[0].rip = 0x400000 + (int)rows[i].length;
        perfctr_emulated_from(current, 0x400000, rows[i].opcode);
        EQUAL(emul_pmu[0].fixed[0] - 1000, rows[i].insns);
        EQUAL(emul_pmu[0].gp[0] - 1000, rows[i].branches);
    }
}

static void test_sampling(void)
{
    test_case("an emulated instruction can be the one that is sampled");
    start_pv(U, 0);
    to_kernel();
    request_and_go(create_sampling(1, pv, U, 100, 0), MINUS(100));
    emul_user(99);
    emul_guest_regs[0] = (struct cpu_user_regs){ .rip = 0x5002,
                                                 .entry_vector = 13 };
    perfctr_emulated(current, false);
    EQUAL(page(current)->pub.ring_head, 1);
    EQUAL(record(0)->ip, 0x5002);
    EQUAL(record(0)->mode, XEN_PERFCTR_IN_USER);
    EQUAL(record(0)->flags, XEN_PERFCTR_SAMPLE_ENTERED);
    EQUAL(record(0)->count, 100);
    EQUAL(emul_pmu[0].fixed[0], MINUS(100));

    test_case("one that overflowed before is not charged to it");
    emul_user(100);
    perfctr_emulated(current, false);
    EQUAL(page(current)->pub.ring_head, 2);
    EQUAL(record(1)->count, 200);
    EQUAL(emul_pmu[0].fixed[0], MINUS(99));

    test_case("however many there are, each period gives one sample");
    {
        unsigned int i;

        for ( i = 0; i < 1000; i++ )
            perfctr_emulated(current, false);
        EQUAL(page(current)->pub.ring_head, 12);
        EQUAL(record(11)->count, 1200);
    }
}

static void test_hvm_guest(enum machine machine)
{
    struct emul_pmu *pmu = &emul_pmu[0];
    uint32_t handle;

    test_case("HVM: by the guest's ring, machine %u", machine);
    start_hvm(machine, U);
    vm_exit(0x10);
    perfctr_emulated(current, true);
    EQUAL(pmu->gp[0], 1001);
    EQUAL(pmu->gp[1], 1001);
    EQUAL(pmu->gp[2], 1000);
    EQUAL(emul_writes, 2);
    vm_enter(0);
    vm_exit(0x12);
    perfctr_emulated(current, true);
    EQUAL(pmu->gp[0], 1001);

    test_case("HVM: a hypercall is one of the kernel's, machine %u", machine);
    start_hvm(machine, K);
    vm_exit(1);
    vm_enter(0);
    emul_guest(10);
    vm_exit(0x10);
    EQUAL(op(XEN_PERFCTR_OP_query, NULL), -EFAULT);
    perfctr_emulated(current, false);
    EQUAL(pmu->gp[0], 1011);

    test_case("HVM: the one that applies counts for what was, machine %u",
              machine);
    start_hvm(machine, K);
    vm_exit(1);
    vm_enter(0);
    vm_exit(0x10);
    handle = page(current)->pub.applied_handle;
    request(handle, 5000);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    perfctr_emulated(current, false);   /* as the exit handler does */
    EQUAL(pmu->gp[0], 5000);
    /* 3 values, 1 addition; and the control, or selectors, off and on */
    EQUAL(emul_writes_to(MSR_AMD_FAM15H_PERFCTR0, MSR_AMD_FAM15H_PERFCTR0) ,
          2);
    vm_enter(0);
    vm_exit(0x20);
    perfctr_emulated(current, false);
    EQUAL(pmu->gp[0], 5001);

    test_case("HVM: that is forgotten at the next exit, machine %u", machine);
    request(0, 0);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(0);
    vm_exit(0x30);
    request(handle, 7000);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(0);
    vm_exit(0x30);
    perfctr_emulated(current, false);
    EQUAL(pmu->gp[0], 7001);
}

void test_emulated(void)
{
    test_pv();
    test_opcodes();
    test_sampling();
    test_hvm_guest(ZEN);
    test_hvm_guest(ZEN_V2);
}
