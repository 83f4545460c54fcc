/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests: what is applied, refused and published.
 */
#include "test.h"

#define TOP  (1ull << 47)

static const uint64_t three[] = { INSNS, BRANCHES, MISPRED };
static uint32_t handle;

static void fresh(void)
{
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    handle = create(3, three, U);
    CHECK(handle);
    emul_forget();
}

static const struct xen_perfctr_published *pub(void)
{
    return &page(current)->pub;
}

static void test_success(void)
{
    unsigned int i;

    test_case("a request is applied at the crossing to user mode");
    fresh();
    request(handle, -TOP);
    EQUAL(pub()->applied_handle, 0);
    EQUAL(emul_writes, 0);
    to_user();
    EQUAL(pub()->applied_handle, handle);
    EQUAL(pub()->applied_seq, 1);
    EQUAL(pub()->applied_cookie, handle + 100);
    EQUAL(pub()->status, 0);
    EQUAL(pub()->flags, 0);
    EQUAL(pub()->version & 1, 0);
    EQUAL(emul_pmu[0].fixed[0], TOP);
    EQUAL(emul_pmu[0].gp[0], TOP);
    EQUAL(emul_pmu[0].gp[1], TOP);
    EQUAL(emul_pmu[0].global, 1ull << 32 | 3);
    CHECK(emul_pmu[0].cr4 & X86_CR4_PCE);
    EQUAL(current->virqs, 0);

    test_case("a second crossing applies nothing");
    to_kernel();
    emul_forget();
    to_user();
    EQUAL(emul_writes, 1);
    EQUAL(pub()->applied_seq, 1);

    test_case("a withdrawn request is as if it had never been");
    to_kernel();
    request(0, 0);
    page(current)->request.seq--;
    to_user();
    EQUAL(pub()->applied_handle, handle);

    test_case("the same configuration again writes counters, no selector");
    to_kernel();
    request(handle, 5);
    emul_forget();
    to_user();
    EQUAL(emul_writes_to(MSR_P6_EVNTSEL(0), MSR_P6_EVNTSEL(7)), 0);
    EQUAL(emul_pmu[0].gp[1], 5);

    test_case("handle 0 stops and takes RDPMC away");
    to_kernel();
    request(0, 0);
    to_user();
    EQUAL(pub()->applied_handle, 0);
    EQUAL(pub()->status, 0);
    EQUAL(emul_pmu[0].global, 0);
    CHECK(!(emul_pmu[0].cr4 & X86_CR4_PCE));
    EQUAL(current->virqs, 0);
    EQUAL(perfctr_handle_destroy(emul_domain[0].arch.perfctr, handle), 0);

    test_case("start values are cut to the width");
    fresh();
    request(handle, 0xabcd123456789abcull);
    to_user();
    for ( i = 0; i < 2; i++ )
        EQUAL(emul_pmu[0].gp[i], 0x123456789abcull);

    test_case("nothing is applied on the way to the kernel");
    fresh();
    request_and_go(handle, 1);
    request(0, 0);
    to_kernel();
    EQUAL(pub()->applied_seq, 1);
    run_on(0, NULL);
    run_on(1, vcpu(0, 0));
    EQUAL(pub()->applied_seq, 1);
    to_user();
    EQUAL(pub()->applied_seq, 2);

    test_case("nor by a VCPU that crosses before it is switched in");
    fresh();
    request_and_go(handle, 1);
    run_on(0, NULL);
    emul_forget();
    vcpu(0, 0)->arch.flags |= TF_kernel_mode;
    perfctr_toggle(vcpu(0, 0));
    vcpu(0, 0)->arch.flags &= ~TF_kernel_mode;
    page(vcpu(0, 0))->request.seq++;
    perfctr_toggle(vcpu(0, 0));
    EQUAL(emul_writes, 0);
    EQUAL(page(vcpu(0, 0))->pub.applied_seq, 1);
    run_on(0, vcpu(0, 0));

    test_case("the apply hypercall does it at once");
    fresh();
    request(handle, 1);
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), 0);
    EQUAL(pub()->applied_handle, handle);
    EQUAL(emul_pmu[0].global, 0);
    to_user();
    EQUAL(emul_pmu[0].global, 1ull << 32 | 3);
}

static void test_refused(void)
{
    static const uint32_t handles[] = { 2, 128, 129, 0x80000001u, UINT32_MAX };
    unsigned int i, before, n;

    for ( before = 0; before < 2; before++ )
        for ( i = 0; i < ARRAY_SIZE(handles); i++ )
        {
            test_case("handle %#x is refused%s", handles[i],
                      before ? " after one that was not" : "");
            fresh();
            if ( before )
            {
                request_and_go(handle, 7);
                emul_user(10);
                to_kernel();
            }
            emul_forget();
            request(handles[i], 3);
            to_user();
            EQUAL(pub()->status, -ENOENT);
            EQUAL(pub()->applied_handle, 0);
            EQUAL(pub()->applied_seq, before + 1);
            EQUAL(current->virqs, 1);
            EQUAL(emul_pmu[0].global, 0);
            /* RDPMC stays, and shows nothing. */
            CHECK(emul_pmu[0].cr4 & X86_CR4_PCE);
            for ( n = 0; n < 8; n++ )
                EQUAL(emul_pmu[0].gp[n], 0);
            for ( n = 0; n < 3; n++ )
                EQUAL(emul_pmu[0].fixed[n], 0);
            EQUAL(emul_writes_to(MSR_P6_EVNTSEL(0), MSR_P6_EVNTSEL(7)), 0);
            EQUAL(perfctr_handle_destroy(emul_domain[0].arch.perfctr, handle),
                  0);
            /* And goes with the next request. */
            to_kernel();
            request(0, 0);
            to_user();
            CHECK(!(emul_pmu[0].cr4 & X86_CR4_PCE));
            EQUAL(pub()->status, 0);
        }

    test_case("a refused VCPU comes to a CPU where another domain counted");
    fresh();
    request_and_go(99, 0);
    run_on(1, vcpu(1, 0));
    EQUAL(register_page(EMUL_FRAMES / 2), 0);
    request_and_go(create(3, three, U), 1000);
    emul_user(5);
    run_on(0, NULL);
    run_on(1, vcpu(0, 0));
    CHECK(emul_pmu[1].cr4 & X86_CR4_PCE);
    EQUAL(emul_pmu[1].gp[0] | emul_pmu[1].gp[1] | emul_pmu[1].fixed[0], 0);
    /* Whose counters these were gets them back. */
    run_on(1, vcpu(1, 0));
    EQUAL(emul_pmu[1].gp[0], 1005);

    test_case("apply without a page");
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(op(XEN_PERFCTR_OP_apply, NULL), -ENOENT);
    EQUAL(emul_writes, 0);
}

static struct xen_perfctr_policy policy = { .size = sizeof(policy) };

static void test_policy(void)
{
    test_case("a policy that is withdrawn freezes: values and RDPMC stay");
    fresh();
    request_and_go(handle, 100);
    emul_user(11);
    policy.tier = XEN_PERFCTR_TIER_IPC;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    EQUAL(emul_pmu[0].global, 0);
    EQUAL(emul_pmu[0].gp[0], 111);
    CHECK(emul_pmu[0].cr4 & X86_CR4_PCE);
    EQUAL(pub()->flags, XEN_PERFCTR_PUB_REVOKED);
    EQUAL(pub()->status, -EPERM);
    EQUAL(pub()->applied_handle, handle);
    EQUAL(current->virqs, 1);

    test_case("crossings and switches do not start it again");
    to_kernel();
    to_user();
    EQUAL(emul_pmu[0].global, 0);
    run_on(0, NULL);
    run_on(1, vcpu(0, 0));
    EQUAL(emul_pmu[1].global, 0);
    EQUAL(emul_pmu[1].gp[0], 111);

    test_case("a new request for it is refused");
    to_kernel();
    request(handle, 0);
    to_user();
    EQUAL(pub()->status, -EPERM);
    EQUAL(pub()->flags, 0);
    EQUAL(pub()->applied_handle, 0);

    test_case("with the policy back it counts again");
    policy.tier = XEN_PERFCTR_TIER_FULL;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    to_kernel();
    request(handle, 0);
    to_user();
    EQUAL(pub()->status, 0);
    CHECK(emul_pmu[1].global);

    test_case("a policy that still allows it changes nothing");
    fresh();
    request_and_go(handle, 0);
    emul_forget();
    policy.tier = XEN_PERFCTR_TIER_ARCH;
    EQUAL(op(XEN_PERFCTR_OP_policy_set, &policy), 0);
    EQUAL(emul_writes, 0);
    EQUAL(current->virqs, 0);
}

void test_apply(void)
{
    policy.domid = 0;
    test_success();
    test_refused();
    test_policy();
}
