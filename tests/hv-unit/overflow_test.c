/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Overflow interrupts: in time, late, stale and foreign.
 */
#include "test.h"

static const uint64_t two[] = { BRANCHES, INSNS };

static void fresh(uint64_t start)
{
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    request_and_go(create(2, two, U), start);
}

void test_overflow(void)
{
    const struct vperfctr *p;

    test_case("both counters cross: one interrupt, both marked");
    fresh(-5);
    emul_user(7);
    interrupt_guest();
    p = current->arch.perfctr;
    EQUAL(page(current)->pub.overflow, 3);
    EQUAL(current->virqs, 1);
    EQUAL(p->pmis, 1);
    EQUAL(p->spurious, 0);
    EQUAL(emul_pmu[0].status, 0);
    EQUAL(emul_pmu[0].gp[0], 2);

    test_case("another interrupt is spurious, the switch-out silent");
    interrupt_guest();
    EQUAL(current->virqs, 1);
    EQUAL(p->spurious, 1);
    run_on(0, NULL);
    run_on(0, vcpu(0, 0));
    EQUAL(current->virqs, 1);

    test_case("a new start forgets the overflow");
    to_kernel();
    request_and_go(1, -5);
    EQUAL(page(current)->pub.overflow, 0);
    emul_user(5);
    interrupt_guest();
    EQUAL(page(current)->pub.overflow, 3);
    EQUAL(current->virqs, 2);

    test_case("a counter that started at 0 or above does not overflow");
    fresh(0);
    emul_pmu[0].status = 1;
    interrupt_guest();
    EQUAL(current->virqs, 0);
    EQUAL(current->arch.perfctr->spurious, 1);

    test_case("switched out before the interrupt: accounted there, once");
    fresh(-5);
    emul_user(6);
    run_on(0, NULL);
    EQUAL(vcpu(0, 0)->virqs, 1);
    EQUAL(page(vcpu(0, 0))->pub.overflow, 3);
    interrupt_guest();
    EQUAL(vcpu(0, 0)->virqs, 1);
    run_on(0, vcpu(0, 0));
    interrupt_guest();
    EQUAL(vcpu(0, 0)->virqs, 1);

    test_case("the late interrupt is not charged to the next VCPU");
    fresh(-5);
    run_on(0, vcpu(1, 0));
    EQUAL(register_page(EMUL_FRAMES / 2), 0);
    request_and_go(create(2, two, U), -1000);
    run_on(0, vcpu(0, 0));
    emul_user(6);
    run_on(0, vcpu(1, 0));
    interrupt_guest();
    EQUAL(vcpu(1, 0)->virqs, 0);
    EQUAL(vcpu(1, 0)->arch.perfctr->spurious, 1);
    EQUAL(vcpu(0, 0)->virqs, 1);
    emul_user(1000);
    interrupt_guest();
    EQUAL(vcpu(1, 0)->virqs, 1);

    test_case("a stale status bit while the counter is still below zero");
    fresh(-1000);
    emul_pmu[0].status = 1;
    interrupt_guest();
    EQUAL(current->virqs, 0);
    emul_user(1000);
    interrupt_guest();
    EQUAL(current->virqs, 1);

    test_case("an interrupt without anybody");
    world_new();
    emul_pmu[0].status = 1;
    interrupt_guest();
    EQUAL(emul_pmu[0].status, 0);

    test_case("an interrupt of a VCPU that has stopped");
    fresh(-5);
    emul_user(6);
    to_kernel();
    request_and_go(0, 0);
    interrupt_guest();
    EQUAL(current->virqs, 0);
    EQUAL(current->arch.perfctr->spurious, 1);
}
