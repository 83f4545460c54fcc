/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sampling in HVM guests: where the guest was, whoever notices.
 */
#include "test.h"

#define MINUS(n) (-(uint64_t)(n) & ((1ull << 48) - 1))
#define SYSCALL_ENTRY 0xffffffff81a00040ull

static const uint64_t insns[] = { INSNS };

static void start(enum machine machine, uint32_t domain, uint32_t flags)
{
    world_new_on(machine, true);
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    EQUAL(register_ring(RING_FRAME, 1), 0);
    emul_pmu[0].lstar = SYSCALL_ENTRY;
    emul_guest_regs[0] = (struct cpu_user_regs){ .rip = 0xbad };
    request(create_sampling(1, insns, domain, 100, flags), MINUS(100));
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    vm_enter(3);
}

static void check_record(unsigned int n, uint64_t ip, unsigned int mode,
                         unsigned int flags, uint64_t count)
{
    EQUAL(page(current)->pub.ring_head, n + 1);
    EQUAL(record(n)->ip, ip);
    EQUAL(record(n)->mode, mode);
    EQUAL(record(n)->flags, flags);
    EQUAL(record(n)->count, count);
}

static void test_place(enum machine machine)
{
    unsigned int v = machine == ZEN ? 1 : 2;

    test_case("SVM v%u: the interrupt comes before the registers are read", v);
    start(machine, U, 0);
    emul_guest(100);
    vm_leave(0x401000);
    interrupt_xen();
    check_record(0, 0x401000, XEN_PERFCTR_IN_USER, 0, 100);
    vm_left();
    EQUAL(page(current)->pub.ring_head, 1);

    test_case("SVM v%u: or later, when Xen may have changed them", v);
    vm_enter(3);
    emul_guest(103);
    vm_exit(0x402000);
    emul_guest_regs[0].rip = 0x402002;
    interrupt_xen();
    check_record(1, 0x402002, XEN_PERFCTR_IN_USER, 0, 203);

    test_case("SVM v%u: it is noticed at a switch", v);
    vm_enter(3);
    emul_guest(100);
    vm_exit(0x403000);
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    check_record(2, 0x403000, XEN_PERFCTR_IN_USER, 0, 303);

    test_case("SVM v%u: it is noticed by the next request", v);
    vm_enter(0);
    vm_exit(0xffffffff81000000);
    vm_enter(3);
    emul_guest(100);
    vm_exit(0x404000);
    request(0, 0);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    check_record(3, 0x404000, XEN_PERFCTR_IN_USER, 0, 403);

    test_case("SVM v%u: the kernel is where the kernel is", v);
    start(machine, K, 0);
    vm_exit(1);
    vm_enter(0);
    emul_guest(100);
    vm_leave(SYSCALL_ENTRY);
    interrupt_xen();
    check_record(0, SYSCALL_ENTRY, XEN_PERFCTR_IN_KERNEL, 0, 100);
    vm_left();
}

/* The last of user mode's instructions was the system call. */
static void test_syscall(void)
{
    test_case("SVM: a system call that overflows: where it returns to");
    start(ZEN_V2, U, 0);
    emul_guest(100);
    current->arch.hvm.cpl = 0;
    emul_guest_regs[0].rcx = 0x401234;
    vm_leave(SYSCALL_ENTRY);
    interrupt_xen();
    check_record(0, 0x401234, XEN_PERFCTR_IN_USER, XEN_PERFCTR_SAMPLE_ENTERED,
                 100);
    vm_left();

    test_case("SVM: another way into the kernel: only that is known");
    vm_enter(3);
    emul_guest(100);
    current->arch.hvm.cpl = 0;
    vm_leave(SYSCALL_ENTRY + 1);
    interrupt_xen();
    check_record(1, SYSCALL_ENTRY + 1, XEN_PERFCTR_IN_KERNEL, 0, 200);
    vm_left();

    test_case("SVM: a counter of the kernel may well be there");
    start(ZEN_V2, U | K, 0);
    emul_guest(100);
    current->arch.hvm.cpl = 0;
    emul_guest_regs[0].rcx = 0x401234;
    vm_leave(SYSCALL_ENTRY);
    interrupt_xen();
    check_record(0, SYSCALL_ENTRY, XEN_PERFCTR_IN_KERNEL, 0, 100);
    vm_left();
}

static void test_xen(void)
{
    test_case("SVM: Xen's own work is Xen's");
    start(ZEN_V2, HYP, 0);
    vm_exit(0x401000);
    emul_xen(100);
    emul_xen_regs.rip = 0xffff82d040201000;
    interrupt_xen();
    check_record(0, 0xffff82d040201000, XEN_PERFCTR_IN_HYP, 0, 100);

    test_case("SVM: of a ukh counter when it has just left, the guest's");
    start(ZEN_V2, U | K | HYP, 0);
    emul_guest(100);
    vm_leave(0x401000);
    interrupt_xen();
    check_record(0, 0x401000, XEN_PERFCTR_IN_USER, 0, 100);
    vm_left();
    emul_xen(100);
    emul_xen_regs.rip = 0xffff82d040201000;
    interrupt_xen();
    check_record(1, 0xffff82d040201000, XEN_PERFCTR_IN_HYP, 0, 200);
}

static void test_vmx(void)
{
    test_case("VMX: the interrupt's frame is the guest's");
    start(SKYLAKE, U, 0);
    emul_guest(100);
    vm_exit(0x401000);
    interrupt_guest();
    check_record(0, 0x401000, XEN_PERFCTR_IN_USER, 0, 100);

    test_case("VMX: an emulated instruction is charged");
    vm_enter(3);
    emul_guest(99);
    vm_exit(0x402000);
    emul_guest_regs[0].rip = 0x402002;
    perfctr_emulated(current, false);
    check_record(1, 0x402002, XEN_PERFCTR_IN_USER, XEN_PERFCTR_SAMPLE_ENTERED,
                 200);
}

/* Above the rate periods are taken in advance, and given back at an exit. */
static void test_refold(void)
{
    struct vperfctr *p;
    uint64_t missed;
    unsigned int i;

    test_case("HVM: what was taken in advance is given back from user mode");
    start(ZEN_V2, U, 0);
    p = current->arch.perfctr;
    for ( i = 0; i < 1000; i++ )
    {
        emul_guest(100);
        vm_leave(0x401000);
        interrupt_xen();
        vm_left();
        vm_enter(3);
    }
    CHECK(p->throttled);
    missed = page(current)->pub.missed[0];
    CHECK(missed > 1000);
    vm_exit(0x401000);
    EQUAL(page(current)->pub.missed[0], missed);
    emul_pass(MILLISECS(20));

    test_case("HVM: but not from the kernel");
    vm_enter(0);
    vm_exit(0xffffffff81000000);
    EQUAL(page(current)->pub.missed[0], missed);

    test_case("HVM: and not with a request waiting");
    request(page(current)->pub.applied_handle, MINUS(100));
    vm_enter(3);
    vm_exit(0x401000);
    EQUAL(page(current)->pub.missed[0], missed);
    page(current)->request.seq--;

    test_case("HVM: samples and misses make up for every overflow");
    vm_enter(3);
    vm_exit(0x401000);
    CHECK(!p->throttled);
    /* 1000 overflows: each is a record, or a missed one */
    EQUAL(page(current)->pub.ring_head + page(current)->pub.missed[0], 1000);
}

void test_hvm_sample(void)
{
    test_place(ZEN);
    test_place(ZEN_V2);
    test_syscall();
    test_xen();
    test_vmx();
    test_refold();
}
