/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of configurations: bounds, references, exhaustion.
 */
#include "test.h"

static const uint64_t insns[] = { INSNS };

static struct perfctr_domain *table(void)
{
    return emul_domain[0].arch.perfctr;
}

static void test_bounds(void)
{
    static const uint32_t handles[] = {
        0, 2, XEN_PERFCTR_MAX_CONFIGS, XEN_PERFCTR_MAX_CONFIGS + 1, 255, 256,
        0x7fffffff, 0x80000000u, 0x80000001u, UINT32_MAX,
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(handles); i++ )
    {
        test_case("handle %#x does not exist", handles[i]);
        world_new();
        run_on(0, vcpu(0, 0));
        CHECK(!perfctr_handle_get(table(), handles[i]));
        EQUAL(perfctr_handle_destroy(table(), handles[i]), -ENOENT);
        EQUAL(create(1, insns, U), 1);
        CHECK(!perfctr_handle_get(table(), handles[i]));
        EQUAL(perfctr_handle_destroy(table(), handles[i]), -ENOENT);
    }
}

static void test_life(void)
{
    unsigned int i;

    test_case("a handle that is applied cannot be destroyed");
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(create(1, insns, U), 1);
    CHECK(perfctr_handle_get(table(), 1));
    CHECK(perfctr_handle_get(table(), 1));
    EQUAL(perfctr_handle_destroy(table(), 1), -EBUSY);
    perfctr_handle_put(table(), 1);
    EQUAL(perfctr_handle_destroy(table(), 1), -EBUSY);
    perfctr_handle_put(table(), 1);
    EQUAL(perfctr_handle_destroy(table(), 1), 0);
    EQUAL(perfctr_handle_destroy(table(), 1), -ENOENT);
    CHECK(!perfctr_handle_get(table(), 1));

    test_case("all handles, one more, and a hole that is filled");
    world_new();
    run_on(0, vcpu(0, 0));
    for ( i = 1; i <= XEN_PERFCTR_MAX_CONFIGS; i++ )
        EQUAL(create(1, insns, U), i);
    {
        struct xen_perfctr_config cfg = {
            .size = sizeof(cfg), .nr = 1,
            .counter[0] = { .event = INSNS, .domain = U } };

        EQUAL(op(XEN_PERFCTR_OP_config_create, &cfg), -ENOSPC);
        EQUAL(cfg.bad_field, XEN_PERFCTR_BAD_TABLE);
        cfg.handle = 77;
        EQUAL(op(XEN_PERFCTR_OP_config_destroy, &cfg), 0);
    }
    EQUAL(create(1, insns, U), 77);
    EQUAL(create(1, insns, U), 0);

    test_case("domains have tables of their own");
    run_on(0, vcpu(1, 0));
    EQUAL(create(1, insns, U), 1);
    EQUAL(perfctr_handle_destroy(emul_domain[1].arch.perfctr, 77), -ENOENT);

    test_case("no memory for the table");
    world_new();
    run_on(0, vcpu(0, 0));
    emul_alloc_fails = 1;
    EQUAL(create(1, insns, U), 0);
    EQUAL(create(1, insns, U), 1);
}

void test_handles(void)
{
    test_bounds();
    test_life();
}
