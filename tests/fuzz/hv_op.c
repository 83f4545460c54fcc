/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzzes the hypercall, the pages and the switches: a guest, its neighbour and a
 * control domain do what the input says, on an emulated machine (tests/hv-unit).
 *
 * Xen's assertions hold, no register gets a value that a processor would refuse
 * (emul.c), and when the domains are gone nothing is left: no reference, no mapping,
 * no memory (world.c). A domain that never asked for counters sees none.
 */
#include "hv_input.h"

static char where[80] = "start";

/* The frame of the unit tests, for which world.c checks what is left over. */
void test_case(const char *fmt, ...)
{
    (void)fmt;
}

void test_check(bool ok, const char *what, const char *file, int line)
{
    if ( !ok )
        emul_assert_failed(what, file, line);
}

void test_equal(uint64_t is, uint64_t should, const char *what,
                const char *file, int line)
{
    if ( is == should )
        return;
    fprintf(stderr, "%s: %s is %#llx, should be %#llx\n", where, what,
            (unsigned long long)is, (unsigned long long)should);
    emul_assert_failed(what, file, line);
}

static uint32_t take_size(struct input *in, uint8_t how, size_t size)
{
    return how >= 0xf8 ? take_32(in) : size;
}

/* Frames 0.. are domain 0's, from the middle on domain 1's; some are neither. */
static uint64_t take_frame(struct input *in)
{
    uint64_t n = take_number(in);

    return n < 0x80 ? n % EMUL_FRAMES : n;
}

static void hypercall(struct input *in)
{
    uint8_t how = take_8(in);
    unsigned int cmd = how % 12, i;
    /* As large as the largest argument: Xen copies whole structures. */
    union {
        struct xen_perfctr_query query;
        struct xen_perfctr_register reg;
        struct xen_perfctr_config cfg;
        struct xen_perfctr_policy policy;
        struct xen_perfctr_vcpu_stats stats;
        struct xen_perfctr_ring ring;
    } u;
    long rc;

    memset(&u, 0, sizeof(u));
    how = take_8(in);
    switch ( cmd )
    {
    case XEN_PERFCTR_OP_query:
        u.query.size = take_size(in, how, sizeof(u.query));
        break;
    case XEN_PERFCTR_OP_register:
    case XEN_PERFCTR_OP_unregister:
        u.reg.size = take_size(in, how, sizeof(u.reg));
        u.reg.vcpu = how & 0x40 ? take_number(in) : current->vcpu_id;
        u.reg.gfn = take_frame(in);
        u.reg.time_gfn = how & 0x20 ? take_frame(in) : ~0ull;
        u.reg.time_offset = how & 0x20 ? take_number(in) * 64 : 0;
        if ( how & 0x10 )
            u.reg.time_offset += take_8(in);
        u.reg.zero = (how & 0x0f) == 0x0f;
        break;
    case XEN_PERFCTR_OP_config_create:
        u.cfg.size = take_size(in, how, sizeof(u.cfg));
        u.cfg.nr = how & 0x0f;
        u.cfg.flags = how >> 4 & 1;
        for ( i = 0; i < XEN_PERFCTR_MAX_COUNTERS && i < u.cfg.nr; i++ )
            take_counter(in, &perfctr_model, &u.cfg.counter[i]);
        break;
    case XEN_PERFCTR_OP_config_destroy:
        u.cfg.size = take_size(in, how, sizeof(u.cfg));
        u.cfg.handle = take_number(in);
        break;
    case XEN_PERFCTR_OP_policy_get:
    case XEN_PERFCTR_OP_policy_set:
        take_policy(in, &perfctr_model, &u.policy);
        u.policy.size = take_size(in, how, sizeof(u.policy));
        u.policy.domid = how & 1 ? DOMID_SELF : how & 2 ? take_32(in)
                                                        : how >> 2 & 3;
        break;
    case XEN_PERFCTR_OP_vcpu_stats:
        u.stats.size = take_size(in, how, sizeof(u.stats));
        u.stats.domid = how & 1 ? DOMID_SELF : take_number(in);
        u.stats.vcpu = take_number(in);
        break;
    case XEN_PERFCTR_OP_ring:
        u.ring.size = take_size(in, how, sizeof(u.ring));
        u.ring.vcpu = how & 0x40 ? take_number(in) : current->vcpu_id;
        u.ring.nr_pages = how & 0x20 ? take_32(in) : 1u << (how & 7);
        for ( i = 0; i < XEN_PERFCTR_MAX_RING_PAGES; i++ )
            u.ring.gfn[i] = i < 2 ? take_frame(in) : 8 + i;
        break;
    case 11:
        cmd = take_32(in);
        break;
    }

    snprintf(where, sizeof(where), "op %u", cmd);
    /* A control domain may do all of it; the others what is theirs. */
    emul_xsm_rc = current->domain != &emul_domain[2] &&
                  (cmd == XEN_PERFCTR_OP_policy_get ||
                   cmd == XEN_PERFCTR_OP_policy_set) ? -EPERM : 0;
    emul_read_only = how == 0xf7;
    emul_alloc_fails = how == 0xf6;
    rc = op(cmd, how == 0xf5 ? NULL : &u);
    emul_read_only = false;
    emul_alloc_fails = 0;
    emul_xsm_rc = 0;
    if ( how == 0xf5 && cmd != XEN_PERFCTR_OP_apply )
        EQUAL(rc == 0, 0);
    if ( cmd > XEN_PERFCTR_OP_ring )
        EQUAL(rc, -EOPNOTSUPP);
}

/* The guest writes to its page: the request, or anywhere. */
static void scribble(struct input *in)
{
    struct xen_perfctr_vcpu_page *p =
        current->arch.perfctr ? current->arch.perfctr->page : NULL;
    uint8_t how = take_8(in);
    unsigned int i;

    if ( !p )
        return;
    snprintf(where, sizeof(where), "scribble %u", how);
    if ( how < 0x80 )
    {
        p->request.handle = how & 0x0f;
        for ( i = 0; i < XEN_PERFCTR_MAX_COUNTERS; i++ )
            p->request.start[i] = how & 0x10 ? -take_number(in)
                                             : how & 0x20 ? take_64(in) : 0;
        p->request.seq++;
        if ( how & 0x40 )
            p->ring_tail = p->pub.ring_head;
    }
    else
        take(in, (char *)p + (take_number(in) & 0x1f8), 8);
}

static void step(struct input *in)
{
    uint8_t what = take_8(in);
    struct vcpu *v;
    unsigned int cpu;

    switch ( what & 7 )
    {
    case 0:
    case 1:
        if ( current )
            hypercall(in);
        break;

    case 2:
        if ( current )
            scribble(in);
        break;

    case 3:
        /* Another VCPU runs on one of the CPUs, or none. */
        v = what & 0x80 ? NULL : vcpu(what >> 3 & 3 ? (what >> 3 & 3) - 1 : 0,
                                      (what >> 5 & 3) % EMUL_VCPUS);
        cpu = what >> 6 & 1;
        if ( v && (v == emul_current[!cpu] || v->pause_flags) )
            break;
        run_on(cpu, v);
        break;

    case 4:
        if ( current && !is_hvm_vcpu(current) )
            what & 8 ? to_user() : to_kernel();
        break;

    case 5:
        if ( what & 8 && current && !is_hvm_vcpu(current) )
            emul_user(take_number(in));
        else if ( !(what & 8) )
            emul_xen(take_number(in));
        break;

    case 6:
        /* An interrupt, spurious unless something has overflowed. */
        emul_pass((uint64_t)take_8(in) << (what >> 3));
        if ( current && !is_hvm_vcpu(current) && (what & 8) )
            interrupt_guest();
        else
            interrupt_xen();
        break;

    case 7:
        if ( current && is_hvm_vcpu(current) )
        {
            vm_enter(what & 8 ? 3 : 0);
            emul_guest(take_number(in));
            vm_exit(take_8(in));
        }
        else if ( current )
        {
            perfctr_count_hypercall(current, what >> 3);
            perfctr_emulated(current, what & 8);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    uint8_t machine = take_8(&in);
    unsigned int steps = 0;

    /* This also takes down what the last input has left. */
    world_new_on(machine % 3, machine & 0x40);
    run_on(0, vcpu(0, 0));
    while ( in.size && steps++ < 200 )
        step(&in);

    return 0;
}
