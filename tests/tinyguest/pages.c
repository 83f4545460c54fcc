// SPDX-License-Identifier: LGPL-2.1-or-later
// Registration of pages: which kinds Xen takes, and what becomes of those it has.
#include "tiny.h"

static uint8_t plain[4][PAGE] __section_page;

static long try_page(uint64_t gfn)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg), .gfn = gfn, .time_gfn = ~0ull };
    long ret = perfctr_op(XEN_PERFCTR_OP_register, &reg);

    if (!ret)
        perfctr_op(XEN_PERFCTR_OP_unregister, &reg);
    return ret;
}

static long try_time(uint64_t gfn, uint32_t offset)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg), .gfn = frame(plain[0]),
                                        .time_gfn = gfn, .time_offset = offset };
    long ret = perfctr_op(XEN_PERFCTR_OP_register, &reg);

    if (!ret)
        perfctr_op(XEN_PERFCTR_OP_unregister, &reg);
    return ret;
}

static long try_ring(uint64_t gfn, uint32_t which)
{
    struct xen_perfctr_ring ring = { .size = sizeof(ring), .nr_pages = 16 };

    for (unsigned int i = 0; i < 16; i++)
        ring.gfn[i] = frame(plain[1]);
    ring.gfn[which] = gfn;
    return perfctr_op(XEN_PERFCTR_OP_ring, &ring);
}

static uint64_t pte_frame(const void *va, unsigned int level);

// Frames that are no plain memory of this domain.
static void kinds(void)
{
    const struct {
        const char *name;
        uint64_t gfn;
    } bad_frames[] = {
        { "frame 0 of the machine", pvh ? 0x100000 : 0 },
        { "the APIC", 0xfee00 },
        { "beyond all memory", 1ull << 35 },
        { "2^52", 1ull << 52 },
        { "2^63", 1ull << 63 },
        { "2^64-1", ~0ull },
        { "somebody else's frame", pvh ? 0x200000 : 0x100 },
        { "a page table", pvh ? 0x300000 : pte_frame(plain, 1) },
        { "the top page table", pvh ? 0x300001 : pte_frame(plain, 4) },
        { "the shared info page", pvh ? 0x300002 : info->shared_info / PAGE },
    };
    struct xen_perfctr_register reg = { .size = sizeof(reg), .gfn = frame(plain[0]),
                                        .time_gfn = ~0ull };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad_frames); i++) {
        about = bad_frames[i].name;
        check("page there", try_page(bad_frames[i].gfn), -EINVAL);
        /* 2^64-1 is no time record at all. */
        if (~bad_frames[i].gfn)
            check("time record there", try_time(bad_frames[i].gfn, 0), -EINVAL);
    }
    expect("a page for the rings", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(bad_frames); i++) {
        about = bad_frames[i].name;
        check("in a ring", try_ring(bad_frames[i].gfn, i), -EINVAL);
    }
    expect("ring of one page, 16 times", try_ring(frame(plain[1]), 0), 0);
    expect("unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), 0);

    expect("plain memory", try_page(frame(plain[0])), 0);
    expect("time record in the page itself", try_time(frame(plain[0]), 0), -EINVAL);
    expect("time record not aligned", try_time(frame(plain[1]), 32), -EINVAL);
    expect("time record beyond the end", try_time(frame(plain[1]), PAGE), -EINVAL);
    expect("time record at 2^32-64", try_time(frame(plain[1]), -64u), -EINVAL);
    expect("time record nowhere, offset 64", try_time(~0ull, 64), -EINVAL);
    expect("time record at the end", try_time(frame(plain[1]), PAGE - 64), 0);
    reg.zero = 1;
    expect("register: zero is not 0", perfctr_op(XEN_PERFCTR_OP_register, &reg), -EINVAL);
    expect("unregister: zero is not 0", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), -EINVAL);
}

static void ring_sizes(void)
{
    static const uint32_t sizes[] = { 3, 5, 12, 17, 32, 0x80000000, ~0u };
    struct xen_perfctr_register reg = { .size = sizeof(reg), .gfn = frame(plain[0]),
                                        .time_gfn = ~0ull };
    struct xen_perfctr_ring ring = { .size = sizeof(ring) };

    for (unsigned int i = 0; i < 16; i++)
        ring.gfn[i] = frame(plain[i % 4]);
    about = "ring";
    check("register", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
        ring.nr_pages = sizes[i];
        check("odd size", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -EINVAL);
    }
    for (unsigned int nr = 1; nr <= 16; nr *= 2) {
        ring.nr_pages = nr;
        check("power of two", perfctr_op(XEN_PERFCTR_OP_ring, &ring), 0);
        ring.nr_pages = 0;
        check("back", perfctr_op(XEN_PERFCTR_OP_ring, &ring), 0);
    }
    ring.nr_pages = 1;
    ring.zero = 1;
    check("zero is not 0", perfctr_op(XEN_PERFCTR_OP_ring, &ring), -EINVAL);
    expect("unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), 0);
}

// PV: the frame that maps `va` at a level, 4 is the top: through the linear map of Xen's
// start info, the page tables lie in the guest's own memory.
static uint64_t pte_frame(const void *va, unsigned int level)
{
    const unsigned long *m2p = (void *)MACH2PHYS_VIRT_START;
    const uint64_t *table = (void *)info->pt_base;
    uint64_t mfn = frame(table);

    for (unsigned int at = 4; at > level; at--) {
        mfn = table[(unsigned long)va >> (12 + 9 * (at - 1)) & 511] >> 12 & 0xffffffffff;
        table = (void *)(m2p[mfn] * PAGE);
    }
    return mfn;
}

static long pin(uint64_t mfn)
{
    struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = mfn };

    return hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF);
}

// PV: while Xen has a page it can become no page table, and a page table no such page.
static void types(void)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg), .gfn = frame(plain[2]),
                                        .time_gfn = ~0ull };
    struct mmuext_op unpin = { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = reg.gfn };

    memset(plain[2], 0, PAGE);
    expect("register", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    memset(plain[2], 0, PAGE);
    set_pte(plain[2], pte(plain[2], PTE_READ_ONLY));
    expect("a registered page does not become a page table: accepted", !pin(reg.gfn), 0);
    set_pte(plain[2], pte(plain[2], PTE_READ_WRITE));
    expect("unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), 0);
    memset(plain[2], 0, PAGE);
    set_pte(plain[2], pte(plain[2], PTE_READ_ONLY));
    expect("afterwards it does", pin(reg.gfn), 0);
    expect("a page table is not registered", perfctr_op(XEN_PERFCTR_OP_register, &reg), -EINVAL);
    expect("unpin", hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&unpin, 1, 0, DOMID_SELF),
           0);
    set_pte(plain[2], pte(plain[2], PTE_READ_WRITE));
    expect("when it is none any more it is", try_page(reg.gfn), 0);
}

// A page is given back to Xen while it is registered: Xen keeps it until the end.
static void ballooned(void)
{
    struct xen_perfctr_register reg = { .size = sizeof(reg), .gfn = frame(plain[3]),
                                        .time_gfn = ~0ull };
    xen_pfn_t gfn = reg.gfn;
    struct xen_memory_reservation less = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(less.extent_start, &gfn);
    expect("register", perfctr_op(XEN_PERFCTR_OP_register, &reg), 0);
    if (!pvh)
        set_pte(plain[3], 0);
    hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, (unsigned long)&less, 0, 0);
    expect("a page that was given away: apply", perfctr_op(XEN_PERFCTR_OP_apply, NULL), 0);
    expect("unregister", perfctr_op(XEN_PERFCTR_OP_unregister, &reg), 0);
    expect("it is not ours any more", perfctr_op(XEN_PERFCTR_OP_register, &reg), -EINVAL);
    expect("plain memory still is", try_page(frame(plain[0])), 0);
}

void pages(void)
{
    kinds();
    ring_sizes();
    if (!pvh)
        types();
    ballooned();
}
