/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registration of pages: which frames, which VCPUs, references.
 */
#include "test.h"

static struct xen_perfctr_register reg;

static void fresh(void)
{
    world_new();
    run_on(0, vcpu(0, 0));
    reg = (struct xen_perfctr_register){
        .size = sizeof(reg), .gfn = 1, .time_gfn = 2, .time_offset = 64 };
}

/* No reference is held, nothing is mapped. */
static void untouched(void)
{
    unsigned int i;

    for ( i = 0; i < EMUL_FRAMES; i++ )
        CHECK(!emul_frame[i].refs && !emul_frame[i].type_refs &&
              !emul_frame[i].maps);
}

static void test_arguments(void)
{
    static const struct {
        const char *name;
        struct xen_perfctr_register reg;
        int rc;
    } rows[] = {
        { "another size", { 31, 0, 1, 2, 64, 0 }, -EINVAL },
        { "zero is not", { 32, 0, 1, 2, 64, 1 }, -EINVAL },
        { "no such VCPU", { 32, EMUL_VCPUS, 1, 2, 64, 0 }, -ENOENT },
        { "no VCPU at all", { 32, UINT32_MAX, 1, 2, 64, 0 }, -ENOENT },
        { "a VCPU that runs", { 32, 1, 1, 2, 64, 0 }, -EBUSY },
        { "the same frame twice", { 32, 0, 1, 1, 64, 0 }, -EINVAL },
        { "an unaligned record", { 32, 0, 1, 2, 32, 0 }, -EINVAL },
        { "a record at 1", { 32, 0, 1, 2, 1, 0 }, -EINVAL },
        { "a record over the edge", { 32, 0, 1, 2, 4096 - 32, 0 }, -EINVAL },
        { "a record outside", { 32, 0, 1, 2, 4096, 0 }, -EINVAL },
        { "a record far outside", { 32, 0, 1, 2, UINT32_MAX & ~63, 0 },
          -EINVAL },
        { "an offset without a record", { 32, 0, 1, ~0ull, 64, 0 }, -EINVAL },
        { "a frame that is not", { 32, 0, EMUL_FRAMES, 2, 64, 0 }, -EINVAL },
        { "a frame beyond all", { 32, 0, ~0ull, 2, 64, 0 }, -EINVAL },
        { "a frame with high bits", { 32, 0, 1ull << 52 | 1, 2, 64, 0 },
          -EINVAL },
        { "a record that is not", { 32, 0, 1, EMUL_FRAMES, 64, 0 }, -EINVAL },
        { "another domain's frame", { 32, 0, EMUL_FRAMES / 2, 2, 64, 0 },
          -EINVAL },
        { "another domain's record", { 32, 0, 1, EMUL_FRAMES / 2, 64, 0 },
          -EINVAL },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("register: %s", rows[i].name);
        fresh();
        reg = rows[i].reg;
        EQUAL(op(XEN_PERFCTR_OP_register, &reg), rows[i].rc);
        untouched();
        CHECK(!current->arch.perfctr || !page(current));
    }
}

static void test_frames(void)
{
    static const struct {
        const char *name;
        p2m_type_t p2mt;
        bool heap, table;
    } rows[] = {
        { "MMIO", p2m_mmio_direct, false, false },
        { "a grant", p2m_grant_map_rw, false, false },
        { "a foreign page", p2m_map_foreign, false, false },
        { "a shared page", p2m_ram_shared, false, false },
        { "one of Xen's", p2m_ram_rw, true, false },
        { "a page table", p2m_ram_rw, false, true },
    };
    unsigned int i, which;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
        for ( which = 1; which <= 2; which++ )
        {
            test_case("register: %s as %s", rows[i].name,
                      which == 1 ? "page" : "record");
            fresh();
            emul_frame[which].p2mt = rows[i].p2mt;
            emul_frame[which].xen_heap = rows[i].heap;
            emul_frame[which].page_table = rows[i].table;
            EQUAL(op(XEN_PERFCTR_OP_register, &reg), -EINVAL);
            untouched();
        }

    for ( which = 1; which <= 2; which++ )
    {
        test_case("register: no mapping for frame %u", which);
        fresh();
        emul_frame[which].map_fails = true;
        EQUAL(op(XEN_PERFCTR_OP_register, &reg), -ENOMEM);
        CHECK(!emul_frame[1].maps && !emul_frame[2].maps);
        EQUAL(emul_frame[1].refs + emul_frame[2].refs, 0);
    }

    test_case("register: no memory for the context");
    fresh();
    emul_alloc_fails = 1;
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), -ENOMEM);
    untouched();

    test_case("register: the domain is dying");
    fresh();
    emul_domain[0].is_dying = true;
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), -EINVAL);
    untouched();
}

static void test_life(void)
{
    const uint8_t *bytes;
    unsigned int i;

    test_case("a registered page is zeroed, filled in, and referenced once");
    fresh();
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), 0);
    bytes = emul_frame[1].va;
    for ( i = sizeof(struct xen_perfctr_vcpu_page); i < PAGE_SIZE; i++ )
        CHECK(!bytes[i]);
    EQUAL(page(current)->magic, XEN_PERFCTR_MAGIC);
    EQUAL(page(current)->abi, XEN_PERFCTR_ABI);
    EQUAL(page(current)->size, sizeof(*page(current)));
    EQUAL(page(current)->request.seq, 0);
    EQUAL(page(current)->pub.applied_handle, 0);
    EQUAL(page(current)->pub.version & 1, 0);
    bytes = emul_frame[2].va;
    for ( i = 0; i < PAGE_SIZE; i++ )
        EQUAL(bytes[i], i >= 64 && i < 128 ? 0 : 0xa5);
    for ( i = 1; i <= 2; i++ )
        CHECK(emul_frame[i].refs == 1 && emul_frame[i].type_refs == 1 &&
              emul_frame[i].maps == 1);

    test_case("twice is once too often");
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), -EEXIST);
    CHECK(emul_frame[1].refs == 1 && emul_frame[2].refs == 1);

    test_case("unregister gives both up, and not twice");
    reg.gfn = reg.time_gfn = 5;
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), 0);
    untouched();
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), -ENOENT);
    reg.zero = 1;
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), -EINVAL);
    reg.zero = 0;
    reg.vcpu = 99;
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), -ENOENT);

    test_case("again, for a VCPU that is down");
    reg = (struct xen_perfctr_register){
        .size = sizeof(reg), .vcpu = 2, .gfn = 3, .time_gfn = ~0ull };
    vcpu(0, 2)->pause_flags = VPF_down;
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), 0);
    EQUAL(page(vcpu(0, 2))->vcpu, 2);
    EQUAL(vcpu(0, 2)->paused, 0);
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), 0);
    untouched();

    test_case("two VCPUs that register each other: one waits");
    emul_domain[0].hypercall_deadlock_mutex.held = true;
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), EMUL_CONTINUATION);
    emul_domain[0].hypercall_deadlock_mutex.held = false;
    untouched();

    test_case("domain destruction gives up what is registered and applied");
    fresh();
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), 0);
    {
        static const uint64_t insns[] = { INSNS };

        request_and_go(create(1, insns, U), 0);
    }
    run_on(0, NULL);
    perfctr_release(&emul_domain[0]);
    untouched();
    perfctr_release(&emul_domain[0]);

    test_case("and what was configured: the next kernel has all handles");
    EQUAL(perfctr_handle_destroy(emul_domain[0].arch.perfctr, 1), -ENOENT);
    {
        static const uint64_t insns[] = { INSNS };
        unsigned int i;

        run_on(0, vcpu(0, 0));
        for ( i = 1; i <= XEN_PERFCTR_MAX_CONFIGS; i++ )
            EQUAL(create(1, insns, U), i);
        run_on(0, NULL);
    }
    perfctr_release(&emul_domain[0]);
}

void test_pages(void)
{
    test_arguments();
    test_frames();
    test_life();
}
