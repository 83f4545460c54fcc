/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sample ring: registration, wrapping, full and tampered rings, and when
 * the guest is told.
 */
#include "test.h"

#define PERIOD 1000
#define SIZE   (nr_pages * XEN_PERFCTR_RECORDS_PER_PAGE)

static const uint64_t insns[] = { INSNS };
static unsigned int nr_pages;
static struct vperfctr *p;

static const struct xen_perfctr_published *pub(void)
{
    return &p->page->pub;
}

static void fresh(unsigned int nr, uint32_t flags)
{
    nr_pages = nr;
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    p = current->arch.perfctr;
    if ( nr )
        EQUAL(register_ring(RING_FRAME, nr), 0);
    request_and_go(create_sampling(1, insns, U, PERIOD, flags), -PERIOD);
}

static void samples(unsigned int n)
{
    /* Not more than are allowed at a time. */
    for ( ; n; n-- )
    {
        emul_pass(MILLISECS(1));
        emul_user(PERIOD);
        interrupt_guest();
    }
}

static void held(unsigned int first, unsigned int nr, int refs)
{
    unsigned int i;

    for ( i = first; i < first + nr; i++ )
        CHECK(emul_frame[i].refs == refs && emul_frame[i].type_refs == refs &&
              emul_frame[i].maps == refs);
}

static void test_arguments(void)
{
    static const struct {
        const char *name;
        uint32_t vcpu, nr, zero;
        int rc;
    } rows[] = {
        { "no such VCPU", EMUL_VCPUS, 1, 0, -ENOENT },
        { "no VCPU at all", UINT32_MAX, 1, 0, -ENOENT },
        { "a VCPU that runs", 1, 1, 0, -EBUSY },
        { "zero is not", 0, 1, 1, -EINVAL },
        { "3 pages", 0, 3, 0, -EINVAL },
        { "12 pages", 0, 12, 0, -EINVAL },
        { "17 pages", 0, 17, 0, -EINVAL },
        { "32 pages", 0, 32, 0, -EINVAL },
        { "2^31 pages", 0, 1u << 31, 0, -EINVAL },
        { "2^32 - 1 pages", 0, UINT32_MAX, 0, -EINVAL },
        { "none to take away", 0, 0, 0, -ENOENT },
    };
    struct xen_perfctr_ring ring;
    unsigned int i, n;

    for ( i = 0; i < ARRAY_SIZE(rows); i++ )
    {
        test_case("ring: %s", rows[i].name);
        fresh(0, 0);
        ring = (struct xen_perfctr_ring){
            .size = sizeof(ring), .vcpu = rows[i].vcpu, .nr_pages = rows[i].nr,
            .zero = rows[i].zero };
        for ( n = 0; n < XEN_PERFCTR_MAX_RING_PAGES; n++ )
            ring.gfn[n] = RING_FRAME + n;
        EQUAL(op(XEN_PERFCTR_OP_ring, &ring), rows[i].rc);
        held(RING_FRAME, 16, 0);
    }

    for ( n = 0; n < 16; n++ )
        for ( i = 0; i < 7; i++ )
        {
            static const uint64_t gfns[] = { EMUL_FRAMES, ~0ull, 1ull << 52,
                                             EMUL_FRAMES / 2 };

            test_case("ring: frame %u is bad, %u", n, i);
            fresh(0, 0);
            ring = (struct xen_perfctr_ring){
                .size = sizeof(ring), .nr_pages = 16 };
            for ( unsigned int k = 0; k < 16; k++ )
                ring.gfn[k] = RING_FRAME + k;
            if ( i < ARRAY_SIZE(gfns) )
                ring.gfn[n] = gfns[i];
            else if ( i == 4 )
                emul_frame[RING_FRAME + n].p2mt = p2m_grant_map_rw;
            else if ( i == 5 )
                emul_frame[RING_FRAME + n].page_table = true;
            else
                emul_frame[RING_FRAME + n].map_fails = true;
            EQUAL(op(XEN_PERFCTR_OP_ring, &ring), i == 6 ? -ENOMEM : -EINVAL);
            held(RING_FRAME, 16, 0);
            /* Nothing of it was touched. */
            EQUAL(*(uint8_t *)emul_frame[RING_FRAME].va, 0xa5);
            EQUAL(p->ring.nr, 0);
        }

    test_case("ring: no page is registered");
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_ring(RING_FRAME, 1), -ENOENT);
    EQUAL(register_ring(0, 0), -ENOENT);
    held(RING_FRAME, 1, 0);

    test_case("ring: the domain is dying");
    fresh(0, 0);
    emul_domain[0].is_dying = true;
    EQUAL(register_ring(RING_FRAME, 2), -EINVAL);
    held(RING_FRAME, 2, 0);

    test_case("ring: two VCPUs pause each other, one waits");
    fresh(0, 0);
    vcpu(0, 1)->pause_flags = VPF_down;
    ring = (struct xen_perfctr_ring){
        .size = sizeof(ring), .vcpu = 1, .nr_pages = 1 };
    emul_domain[0].hypercall_deadlock_mutex.held = true;
    EQUAL(op(XEN_PERFCTR_OP_ring, &ring), EMUL_CONTINUATION);
    emul_domain[0].hypercall_deadlock_mutex.held = false;
}

static void test_life(void)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg) };
    struct xen_perfctr_ring ring = {
        .size = sizeof(ring), .vcpu = 2, .nr_pages = 1,
        .gfn = { RING_FRAME } };
    const uint8_t *bytes;
    unsigned int i, nr;

    for ( nr = 1; nr <= 16; nr *= 2 )
    {
        test_case("a ring of %u pages is zeroed, and held once", nr);
        fresh(nr, 0);
        held(RING_FRAME, nr, 1);
        held(RING_FRAME + nr, 1, 0);
        for ( i = 0; i < nr; i++ )
        {
            bytes = emul_frame[RING_FRAME + i].va;
            CHECK(!bytes[0] && !memcmp(bytes, bytes + 1, PAGE_SIZE - 1));
        }
        EQUAL(register_ring(RING_FRAME, nr), -EEXIST);
        held(RING_FRAME, nr, 1);
        EQUAL(register_ring(0, 0), 0);
        held(RING_FRAME, nr, 0);
        EQUAL(p->ring.nr, 0);
    }

    test_case("a ring ends with the registration of the page");
    fresh(4, 0);
    samples(3);
    EQUAL(op(XEN_PERFCTR_OP_unregister, &reg), 0);
    held(RING_FRAME, 4, 0);
    EQUAL(register_page(0), 0);
    EQUAL(pub()->ring_head, 0);
    EQUAL(pub()->reload_sum[0], 0);
    EQUAL(register_ring(RING_FRAME, 4), 0);
    EQUAL(pub()->ring_head, 0);

    test_case("and the sums begin anew");
    to_kernel();
    request_and_go(1, -PERIOD);
    samples(1);
    EQUAL(pub()->reload_sum[0], PERIOD);
    EQUAL(pub()->ring_head, 1);
    EQUAL(record(0)->count, PERIOD);

    test_case("a ring ends with its domain");
    fresh(16, 0);
    run_on(0, NULL);
    perfctr_release(&emul_domain[0]);
    held(RING_FRAME, 16, 0);
    held(0, 1, 0);

    test_case("a ring for a VCPU that is down");
    fresh(0, 0);
    vcpu(0, 2)->pause_flags = VPF_down;
    EQUAL(op(XEN_PERFCTR_OP_ring, &ring), -ENOENT);
    EQUAL(vcpu(0, 2)->paused, 0);
    reg.vcpu = 2;
    reg.gfn = 1;
    reg.time_gfn = ~0ull;
    EQUAL(op(XEN_PERFCTR_OP_register, &reg), 0);
    EQUAL(op(XEN_PERFCTR_OP_ring, &ring), 0);
    EQUAL(vcpu(0, 2)->paused, 0);
    held(RING_FRAME, 1, 1);

    test_case("another ring starts at 0, the counters stay what they are");
    fresh(1, 0);
    samples(5);
    EQUAL(register_ring(0, 0), 0);
    EQUAL(pub()->ring_head, 0);
    samples(1);
    EQUAL(pub()->missed[0], 1);
    EQUAL(pub()->ring_full, 0);
    EQUAL(register_ring(RING_FRAME + 1, 2), 0);
    samples(1);
    EQUAL(pub()->ring_head, 1);
    EQUAL(pub()->reload_sum[0], 7 * PERIOD);
    EQUAL(((struct xen_perfctr_sample *)emul_frame[RING_FRAME + 1].va)->count,
          7 * PERIOD);
}

static void test_content(void)
{
    unsigned int i;

    for ( nr_pages = 1; nr_pages <= 16; nr_pages *= 4 )
    {
        test_case("%u pages, filled several times", nr_pages);
        fresh(nr_pages, 0);
        for ( i = 0; i < 3 * SIZE + 7; i++ )
        {
            samples(1);
            EQUAL(pub()->ring_head, i + 1);
            EQUAL(record(i)->count, (i + 1) * PERIOD);
            p->page->ring_tail = i + 1;
        }
        EQUAL(pub()->ring_full, 0);
        EQUAL(pub()->missed[0], 0);
    }

    test_case("the indexes run over");
    fresh(2, 0);
    p->ring.head = p->page->ring_tail = UINT32_MAX - 2;
    samples(SIZE + 1);
    EQUAL(pub()->ring_head, SIZE - 3);
    EQUAL(pub()->ring_full, 1);
    EQUAL(record(UINT32_MAX - 2)->count, PERIOD);
    EQUAL(record(0)->count, 4 * PERIOD);

    test_case("a full ring: the records stay, what is lost is counted");
    fresh(1, 0);
    samples(SIZE + 10);
    EQUAL(pub()->ring_head, SIZE);
    EQUAL(pub()->ring_full, 10);
    EQUAL(pub()->missed[0], 10);
    EQUAL(pub()->reload_sum[0], (SIZE + 10) * PERIOD);
    EQUAL(p->samples, SIZE);
    EQUAL(p->missed_sum, 10);
    EQUAL(record(0)->count, PERIOD);
    EQUAL(record(SIZE - 1)->count, SIZE * PERIOD);
    p->page->ring_tail = 1;
    samples(2);
    EQUAL(pub()->ring_head, SIZE + 1);
    EQUAL(record(0)->count, (SIZE + 11) * PERIOD);
    EQUAL(pub()->missed[0], 11);

    test_case("no ring: all are missed, none for lack of room");
    fresh(0, 0);
    samples(3);
    EQUAL(pub()->missed[0], 3);
    EQUAL(pub()->ring_full, 0);
    EQUAL(pub()->ring_head, 0);
    EQUAL(current->virqs, 0);
}

static void test_tail(void)
{
    unsigned int i;
    static const uint32_t tails[] = { 11, 12, 0x80000000u, 10u - 64,
                                      9u - 64 };

    for ( i = 0; i < ARRAY_SIZE(tails); i++ )
    {
        test_case("the tail is %#x with the head at 10", tails[i]);
        fresh(1, 0);
        samples(10);
        p->page->ring_tail = tails[i];
        samples(1);
        EQUAL(pub()->ring_head, 10);
        EQUAL(pub()->ring_full, 1);
        EQUAL(pub()->missed[0], 1);
        /* With a good one it goes on. */
        p->page->ring_tail = 10;
        samples(1);
        EQUAL(pub()->ring_head, 11);
        EQUAL(record(10)->count, 12 * PERIOD);
    }

    test_case("what the guest writes over Xen's part changes nothing for Xen");
    fresh(2, 0);
    samples(70);
    memset(&p->page->pub, 0xff, sizeof(p->page->pub));
    p->page->ring_tail = 70;
    samples(1);
    EQUAL(pub()->ring_head, 71);
    EQUAL(pub()->reload_sum[0], 71 * PERIOD);
    EQUAL(pub()->missed[0], 0);
    EQUAL(record(70)->count, 71 * PERIOD);
}

static void test_virq(void)
{
    test_case("told once, when the ring becomes half full");
    fresh(1, 0);
    samples(SIZE / 2 - 1);
    EQUAL(current->virqs, 0);
    samples(1);
    EQUAL(current->virqs, 1);
    samples(SIZE);
    EQUAL(current->virqs, 1);
    EQUAL(pub()->ring_full, SIZE / 2);

    test_case("again, when it has been emptied and fills");
    p->page->ring_tail = pub()->ring_head;
    samples(SIZE / 2 - 1);
    EQUAL(current->virqs, 1);
    samples(1);
    EQUAL(current->virqs, 2);

    test_case("emptied a little: told when a record is dropped, once");
    samples(SIZE / 2);
    p->page->ring_tail += 3;
    samples(3);
    EQUAL(current->virqs, 2);
    samples(1);
    EQUAL(current->virqs, 3);
    samples(5);
    EQUAL(current->virqs, 3);
    p->page->ring_tail++;
    samples(1);
    EQUAL(current->virqs, 3);
    samples(1);
    EQUAL(current->virqs, 4);

    test_case("a ring of 16 pages: half of it");
    fresh(16, 0);
    samples(SIZE / 2 - 1);
    EQUAL(current->virqs, 0);
    samples(1);
    EQUAL(current->virqs, 1);

    test_case("with NOTIFY: for every sample, wherever it is noticed");
    fresh(1, XEN_PERFCTR_CONFIG_NOTIFY);
    samples(3);
    EQUAL(current->virqs, 3);
    emul_user(PERIOD);
    to_kernel();
    EQUAL(current->virqs, 4);
    to_user();
    emul_user(PERIOD);
    run_on(0, NULL);
    EQUAL(vcpu(0, 0)->virqs, 5);
    run_on(0, vcpu(0, 0));
    interrupt_guest();
    EQUAL(current->virqs, 5);
    samples(SIZE);
    EQUAL(current->virqs, 5 + SIZE);

    test_case("with NOTIFY and without a ring");
    fresh(0, XEN_PERFCTR_CONFIG_NOTIFY);
    samples(2);
    EQUAL(current->virqs, 2);
}

void test_ring(void)
{
    test_arguments();
    test_life();
    test_content();
    test_tail();
    test_virq();
}
