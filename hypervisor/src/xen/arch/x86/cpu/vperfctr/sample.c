/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample.c
 *
 * Sampling counters: what happens when they pass zero.
 *
 * A counter runs from below zero.  Once it has passed zero a record is written
 * and so many periods are taken off that it is below zero again.  What it has
 * counted beyond zero stays in it, so no event is lost however late Xen looks;
 * and as it is the value that tells, not the interrupt, it does not matter who
 * looks first.  That is the overflow interrupt, a crossing between guest user
 * and kernel mode, a switch-out, or the next request.  Whoever comes later
 * finds a counter below zero.
 *
 * Counters of the guest's modes stand still in Xen, so reading, adding and
 * writing is exact.  Those which count Xen are stopped for it.
 *
 * The samples of a VCPU are limited in each window of time.  When a window's
 * are used up, counters that pass zero are set back by so many periods that
 * they cannot do it again before the window is over, and these count as missed
 * from then on.  Those of them that have not passed follow from the counter's
 * value.  They are given back ("refolded") on the way to user mode.  That is
 * the only change to these sums that is not due to an overflow, and it is not
 * made in the guest's kernel nor when a request waits: then the kernel may be
 * noting down what a new request starts from.
 *
 * All of it with interrupts off, on the CPU where the VCPU is current.
 */

#include <xen/event.h>

#include <asm/processor.h>
#include <asm/regs.h>

#include <irq_vectors.h>

#include "private.h"

/* No counter counts more than this in one cycle of the TSC. */
#define EVENTS_PER_CYCLE 8

/* The budget is meant for about a hundredth of a second. */
#define WINDOWS_PER_SECOND 100

static const struct xen_perfctr_policy *policy_of(const struct vperfctr *p)
{
    return &p->vcpu->domain->arch.perfctr->policy;
}

/* Periods between the (negative) value and zero, besides the current one. */
static uint64_t unpassed(const struct perfctr_image *img, unsigned int i,
                         uint64_t raw)
{
    return (-perfctr_value(raw) - 1) / img->period[i];
}

bool vperfctr_start_allowed(const struct perfctr_image *img, unsigned int i,
                            uint64_t start)
{
    return !(img->sample & (1u << i)) ||
           ((start & PERFCTR_COUNT_SIGN) && !unpassed(img, i, start));
}

/* Sampling counters that have passed zero, and the values of all that sample. */
static uint32_t passed(const struct perfctr_image *img, uint64_t *raw)
{
    uint32_t left, counters = 0;

    for ( left = img->sample; left; left &= left - 1 )
    {
        unsigned int i = ffs(left) - 1;

        raw[i] = perfctr_rdpmc(img->hw[i]);
        if ( !(raw[i] & PERFCTR_COUNT_SIGN) )
            counters |= 1u << i;
    }

    return counters;
}

/*
 * By the TSC, as NOW() would be a tenth of all that Xen does for a sample.  The
 * TSC of another CPU may be a little behind that of the one on which the window
 * began: then it is over.
 */
static bool window_over(const struct vperfctr *p, uint64_t tsc)
{
    return tsc - p->window_begin >= p->window_length;
}

/* A window of at least 10 ms, in which at least one sample may be taken. */
static void start_window(struct vperfctr *p, uint64_t tsc)
{
    uint64_t rate = policy_of(p)->pmi_rate ?: perfctr_default_policy.pmi_rate;

    p->tokens = DIV_ROUND_UP(rate, WINDOWS_PER_SECOND);
    p->window_begin = tsc;
    p->window_length = p->tokens * (cpu_khz * 1000ull) / rate;
}

/* Events that may happen at most until the window ends. */
static uint64_t most_events(const struct vperfctr *p, uint64_t tsc)
{
    return (p->window_begin + p->window_length - tsc) * EVENTS_PER_CYCLE;
}

/*
 * Take periods off, so that at least so many events fit in before it passes
 * zero again.
 */
static void reload(struct vperfctr *p, struct perfctr_cpu *pc, unsigned int i,
                   uint64_t raw, uint64_t events)
{
    unsigned int hw = p->img->hw[i];
    uint64_t period = p->img->period[i];
    uint64_t n = 1 + (raw < period ? 0 : raw / period);

    if ( events )
    {
        uint64_t most = (PERFCTR_PERIOD_END - 1) / period;

        most = min_t(uint64_t, DIV_ROUND_UP(raw + events, period), most);
        if ( n < most )
            n = most;
    }

    alternative_vcall(perfctr_ops.write_one, pc, hw,
                      (raw - n * period) & PERFCTR_COUNT_MASK);
    p->reload_sum[i] += n * period;
    p->missed[i] += n;
    p->missed_sum += n;
}

/*
 * Has an interrupt brought the guest into Xen, and not an instruction of its
 * own?  Others are taken before the counters' at the same boundary when their
 * vectors are higher, the timer's for one; then the overflow is noticed while
 * they are served, or when they have led to a switch or to an upcall.
 */
static bool was_interrupted(const struct cpu_user_regs *guest)
{
    unsigned int vector = guest->entry_vector;

    return vector == TRAP_nmi || vector == TRAP_machine_check ||
           (vector >= FIRST_DYNAMIC_VECTOR && vector < TRAP_syscall &&
            vector != LEGACY_SYSCALL_VECTOR);
}

struct place {
    uint64_t ip;
    uint8_t mode, flags;
};

/*
 * Where it happened.  A guest that is not interrupted itself has entered Xen:
 * its frame tells where it returns to, as nothing has been changed there yet
 * that is not before the crossing or the switch at which we look at last.
 */
static struct place locate(const struct vperfctr *p,
                           const struct cpu_user_regs *regs, uint32_t counters)
{
    const struct cpu_user_regs *guest = guest_cpu_user_regs();
    struct place place = {
        .ip = is_hvm_vcpu(p->vcpu) ? vperfctr_hvm_ip(p) : guest->rip,
        .mode = vperfctr_in_user(p) ? XEN_PERFCTR_IN_USER
                                    : XEN_PERFCTR_IN_KERNEL,
    };

    if ( p->emulating )
    {
        place.flags = XEN_PERFCTR_SAMPLE_ENTERED;
        return place;
    }

    if ( is_hvm_vcpu(p->vcpu) &&
         ((counters & ~p->img->hyp) ||
          (p->hvm.in_guest && (counters & p->img->dom_kernel))) )
    {
        /* What makes it leave for Xen does not retire, so it was before that. */
        if ( place.mode == XEN_PERFCTR_IN_KERNEL &&
             !(counters & p->img->dom_kernel) &&
             vperfctr_hvm_syscall(p, &place.ip) )
        {
            place.mode = XEN_PERFCTR_IN_USER;
            place.flags = XEN_PERFCTR_SAMPLE_ENTERED;
        }
        return place;
    }

    if ( regs && guest_mode(regs) )
        return place;

    if ( counters & ~p->img->hyp )
    {
        if ( !was_interrupted(guest) )
            place.flags = XEN_PERFCTR_SAMPLE_ENTERED;
        return place;
    }

    place.mode = XEN_PERFCTR_IN_HYP;
    if ( !(policy_of(p)->flags & XEN_PERFCTR_POLICY_HYP) )
        place.ip = 0;
    else
        place.ip = regs ? regs->rip : (unsigned long)__builtin_return_address(0);

    return place;
}

static bool take_sample(struct vperfctr *p, const struct cpu_user_regs *regs,
                        uint32_t counters, const uint64_t *raw, bool *alert)
{
    struct xen_perfctr_sample *rec = vperfctr_record(p, alert);
    unsigned int first = ffs(counters) - 1;
    struct place place;

    if ( !rec )
        return false;

    place = locate(p, regs, counters);

    /* One by one, or it is put together on the stack and copied. */
    rec->ip = place.ip;
    rec->tsc = vperfctr_guest_tsc(p);
    rec->cookie = p->cookie;
    rec->counters = counters;
    rec->handle = p->handle;
    rec->vcpu = p->vcpu->vcpu_id;
    rec->mode = place.mode;
    rec->flags = place.flags;
    rec->seq = p->seq;
    rec->count = raw[first] + p->reload_sum[first] - p->base[first];
    rec->pad[0] = 0;
    rec->pad[1] = 0;

    return true;
}

/* The guest sees both before it executes anything. */
static void tell(struct vperfctr *p, uint32_t counters, bool alert)
{
    vperfctr_publish_samples(p, counters);
    if ( p->img->notify || alert )
        send_guest_vcpu_virq(p->vcpu, XEN_PERFCTR_VIRQ);
}

/*
 * Look for overflows of the applied configuration.  regs is the interrupted
 * frame, or NULL when this is not an interrupt.
 */
bool vperfctr_account(struct vperfctr *p, struct perfctr_cpu *pc,
                      const struct cpu_user_regs *regs)
{
    const struct perfctr_image *img = p->img;
    uint64_t enabled = pc->enabled, events = 0, tsc;
    uint64_t raw[XEN_PERFCTR_MAX_COUNTERS];
    bool recorded = false, alert = false;
    uint32_t counters, left;

    if ( !img || !img->sample )
        return false;

    counters = passed(img, raw);
    if ( !counters )
        return false;

    if ( img->hyp )
    {
        alternative_vcall(perfctr_ops.enable, pc, 0);
        counters = passed(img, raw);
    }

    tsc = rdtsc();
    if ( window_over(p, tsc) )
        start_window(p, tsc);

    if ( p->tokens )
    {
        recorded = take_sample(p, regs, counters, raw, &alert);
        if ( !--p->tokens )
            p->throttles++;
    }

    if ( !p->tokens )
    {
        p->throttled = true;
        events = most_events(p, tsc);
    }

    for ( left = counters; left; left &= left - 1 )
    {
        unsigned int i = ffs(left) - 1;

        reload(p, pc, i, raw[i], events);
        p->missed[i] -= recorded;
        p->missed_sum -= recorded;
    }
    p->samples += recorded;

    tell(p, counters, alert);

    if ( img->hyp )
        alternative_vcall(perfctr_ops.enable, pc, enabled);

    return true;
}

/*
 * The VCPU is about to return to its user mode, with no request waiting.  (HVM:
 * it has come from there; that it is interrupted does not matter.)
 */
void vperfctr_refold(struct vperfctr *p, struct perfctr_cpu *pc)
{
    const struct perfctr_image *img = p->img;
    uint64_t enabled = pc->enabled;
    uint32_t changed = 0;
    unsigned int i;

    if ( !p->throttled || p->revoked ||
         (!p->tokens && !window_over(p, rdtsc())) )
        return;

    if ( img->hyp )
        alternative_vcall(perfctr_ops.enable, pc, 0);

    for ( i = 0; i < img->nr; i++ )
    {
        unsigned int hw = img->hw[i];
        uint64_t raw = perfctr_rdpmc(hw), n;

        /* One that has passed zero has nothing left to be given back. */
        if ( !(img->sample & (1u << i)) || !(raw & PERFCTR_COUNT_SIGN) )
            continue;

        n = unpassed(img, i, raw);
        if ( !n )
            continue;

        alternative_vcall(perfctr_ops.write_one, pc, hw,
                          (raw + n * img->period[i]) & PERFCTR_COUNT_MASK);
        p->reload_sum[i] -= n * img->period[i];
        p->missed[i] -= n;
        p->missed_sum -= n;
        changed |= 1u << i;
    }
    p->throttled = false;

    if ( changed )
        tell(p, changed, false);

    if ( img->hyp )
        alternative_vcall(perfctr_ops.enable, pc, enabled);
}

/*
 * The configuration is about to be replaced, its overflows accounted for.
 * What has been published remains as it is, for the guest reckons with it: it
 * knows the counters' values.  The VCPU's statistics are set right.
 */
void vperfctr_settle(struct vperfctr *p, bool loaded)
{
    const struct perfctr_image *img = p->img;
    unsigned int i;

    if ( !p->throttled )
        return;
    p->throttled = false;

    for ( i = 0; img && i < img->nr; i++ )
    {
        uint64_t raw = loaded ? perfctr_rdpmc(img->hw[i]) : p->count[i];

        if ( (img->sample & (1u << i)) && (raw & PERFCTR_COUNT_SIGN) )
            p->missed_sum -= unpassed(img, i, raw);
    }
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
