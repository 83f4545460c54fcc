/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.c
 *
 * Check a configuration and assign hardware counters to it.
 *
 * Default deny: an event is counted only if the model's table has it and the
 * domain's policy admits it, and of the selector's bits the guest chooses only
 * edge, invert and counter mask.  Everything else is set here.
 *
 * The configuration is Xen's own copy: the guest cannot change it meanwhile.
 */

#include "config.h"

static int bad(struct xen_perfctr_config *cfg, unsigned int counter,
               unsigned int field, int rc)
{
    cfg->bad_counter = counter;
    cfg->bad_field = field;

    return rc;
}

static const struct perfctr_event *find(
    const struct perfctr_model *model, uint32_t code)
{
    unsigned int lo = 0, hi = model->nr_events;

    while ( lo < hi )
    {
        unsigned int mid = (lo + hi) / 2;

        if ( model->events[mid].code == code )
            return &model->events[mid];

        if ( model->events[mid].code < code )
            lo = mid + 1;
        else
            hi = mid;
    }

    return NULL;
}

/* The event itself, or one to which these unit masks may be added. */
const struct perfctr_event *perfctr_find_event(
    const struct perfctr_model *model, uint32_t code)
{
    const struct perfctr_event *ev = find(model, code);
    uint8_t umask = code >> 8;

    if ( ev )
        return ev;

    ev = find(model, code & ~0xff00u);

    return ev && !(umask & ~ev->umasks) ? ev : NULL;
}

/*
 * Architectural events that CPUID says are absent, by their bit in leaf 0xa
 * EBX.  The pseudo encoding of reference cycles counts on a fixed counter.
 */
static bool is_absent(const struct perfctr_model *model, uint32_t code)
{
    static const uint16_t arch_event[] = {
        0x003c, 0x00c0, 0x013c, 0x4f2e, 0x412e, 0x00c4, 0x00c5,
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(arch_event); i++ )
        if ( arch_event[i] == code )
            return model->absent & (1u << i);

    return false;
}

/* With modifiers an event counts something else than the tier promised. */
static unsigned int event_tier(const struct perfctr_event *ev, uint64_t event)
{
    return (event & PERFCTR_EV_MODIFIERS) ? XEN_PERFCTR_TIER_FULL : ev->tier;
}

static bool is_listed(const struct xen_perfctr_policy *policy, uint64_t event)
{
    unsigned int i;

    for ( i = 0; i < policy->nr_events; i++ )
        if ( policy->event[i] == event )
            return true;

    return !policy->nr_events;
}

static int check_counter(const struct perfctr_model *model,
                         const struct xen_perfctr_policy *policy,
                         struct xen_perfctr_config *cfg, unsigned int i,
                         const struct perfctr_event **found)
{
    const struct xen_perfctr_counter *c = &cfg->counter[i];
    const struct perfctr_event *ev;
    unsigned int tier;

    if ( c->zero )
        return bad(cfg, i, XEN_PERFCTR_BAD_ZERO, -EINVAL);

    if ( c->event & ~model->event_mask )
        return bad(cfg, i, XEN_PERFCTR_BAD_EVENT, -EINVAL);

    ev = perfctr_find_event(model, perfctr_event_code(c->event));
    if ( !ev || is_absent(model, ev->code) )
        return bad(cfg, i, XEN_PERFCTR_BAD_UNKNOWN, -ENOENT);

    /* A fixed counter has no modifiers, so somebody else has to be able to. */
    if ( (c->event & PERFCTR_EV_MODIFIERS) && !ev->gp )
        return bad(cfg, i, XEN_PERFCTR_BAD_EVENT, -EINVAL);

    tier = event_tier(ev, c->event);
    if ( tier > policy->tier )
        return bad(cfg, i, XEN_PERFCTR_BAD_TIER, -EPERM);

    if ( !is_listed(policy, c->event) )
        return bad(cfg, i, XEN_PERFCTR_BAD_ALLOW, -EPERM);

    /*
     * In 64-bit PV guest user and kernel share ring 3 and are told apart by
     * enabling and disabling the counter at the crossings.  That cannot be
     * combined with Xen's part, which is not split by the guest's mode.  Nor
     * can AMD's selectors for HVM guests.
     */
    switch ( c->domain )
    {
    case XEN_PERFCTR_DOM_USER:
    case XEN_PERFCTR_DOM_KERNEL:
    case XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL:
    case XEN_PERFCTR_DOM_HYP:
    case XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL | XEN_PERFCTR_DOM_HYP:
        break;

    default:
        return bad(cfg, i, XEN_PERFCTR_BAD_DOMAIN, -EINVAL);
    }

    if ( ((c->domain & XEN_PERFCTR_DOM_KERNEL) &&
          !(policy->flags & XEN_PERFCTR_POLICY_KERNEL)) ||
         ((c->domain & XEN_PERFCTR_DOM_HYP) &&
          !(policy->flags & XEN_PERFCTR_POLICY_HYP)) )
        return bad(cfg, i, XEN_PERFCTR_BAD_DOMAIN, -EPERM);

    switch ( c->mode )
    {
    case XEN_PERFCTR_MODE_ACCUMULATE:
        if ( c->period )
            return bad(cfg, i, XEN_PERFCTR_BAD_PERIOD, -EINVAL);
        break;

    case XEN_PERFCTR_MODE_SAMPLE:
        if ( !c->period || c->period >= PERFCTR_PERIOD_END )
            return bad(cfg, i, XEN_PERFCTR_BAD_PERIOD, -EINVAL);
        if ( c->period < policy->min_period )
            return bad(cfg, i, XEN_PERFCTR_BAD_PERIOD, -EPERM);
        break;

    default:
        return bad(cfg, i, XEN_PERFCTR_BAD_MODE, -EINVAL);
    }

    *found = ev;

    return 0;
}

/*
 * Which events of a hardware counter are the guest's is up to the processor in
 * HVM guests.  There Xen and the guest's kernel share a ring, and are told apart
 * by AMD's selectors, or by a control register that VMX switches.
 */
static void use_hvm_counter(const struct perfctr_model *model,
                            struct perfctr_image *img, unsigned int hw,
                            unsigned int domain)
{
    bool hyp = domain & XEN_PERFCTR_DOM_HYP;
    bool guest = domain & (XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL);
    uint64_t bit = 1ull << hw;

    /* With neither of these bits it would count in both. */
    if ( model->select_guest && !(guest && hyp) )
        img->select[hw] |= guest ? PERFCTR_SEL_GUEST : PERFCTR_SEL_HOST;

    img->user |= bit;
    img->kernel |= bit;
    if ( guest )
        img->guest |= bit;
    if ( hyp )
        img->host |= bit;
}

static void use_counter(const struct perfctr_model *model, bool hvm,
                        struct perfctr_image *img,
                        struct xen_perfctr_config *cfg, unsigned int i,
                        const struct perfctr_event *ev, unsigned int hw)
{
    struct xen_perfctr_counter *c = &cfg->counter[i];
    bool user = c->domain & XEN_PERFCTR_DOM_USER;
    bool kernel = c->domain & XEN_PERFCTR_DOM_KERNEL;
    bool hyp = c->domain & XEN_PERFCTR_DOM_HYP;
    /* A PV guest's kernel runs in ring 3. */
    bool usr = user || (kernel && !hvm), os = hyp || (kernel && hvm);
    uint64_t bit = 1ull << hw;

    if ( hw >= PERFCTR_FIXED_BIT )
        img->fixed_ctrl |= (uint64_t)((os ? PERFCTR_FIXED_OS : 0) |
                                      (usr ? PERFCTR_FIXED_USR : 0) |
                                      PERFCTR_FIXED_PMI) <<
                           ((hw - PERFCTR_FIXED_BIT) * PERFCTR_FIXED_SHIFT);
    else
        img->select[hw] = c->event | PERFCTR_SEL_EN | PERFCTR_SEL_INT |
                          (os ? PERFCTR_SEL_OS : 0) |
                          (usr ? PERFCTR_SEL_USR : 0);

    img->used |= bit;
    if ( hvm )
        use_hvm_counter(model, img, hw, c->domain);
    else
    {
        if ( user || !usr )
            img->user |= bit;
        if ( kernel || !usr )
            img->kernel |= bit;
    }

    if ( user )
        img->dom_user |= 1u << i;
    if ( kernel )
        img->dom_kernel |= 1u << i;
    if ( !(c->event & PERFCTR_EV_MODIFIERS) )
    {
        if ( ev->code == model->insns )
            img->insns |= 1u << i;
        else if ( ev->code == model->branches )
            img->branches |= 1u << i;
    }

    if ( event_tier(ev, c->event) > img->tier )
        img->tier = event_tier(ev, c->event);
    img->event[i] = c->event;

    if ( c->domain & XEN_PERFCTR_DOM_KERNEL )
        img->policy |= XEN_PERFCTR_POLICY_KERNEL;
    if ( hyp )
    {
        img->policy |= XEN_PERFCTR_POLICY_HYP;
        img->hyp |= 1u << i;
    }

    if ( c->mode == XEN_PERFCTR_MODE_SAMPLE )
    {
        if ( !img->sample || c->period < img->min_period )
            img->min_period = c->period;
        img->sample |= 1u << i;
        img->period[i] = c->period;
    }

    img->hw[i] = hw;
    c->rdpmc = perfctr_rdpmc_index(hw);
}

/*
 * Fixed counters first, as they cost no general one.  Then the general ones,
 * events with the fewest choices first, each on the lowest free counter that
 * it can use.  This finds an assignment whenever there is one because the
 * tables' counter sets are either disjoint or one contains the other.
 */
static int assign(const struct perfctr_model *model, bool hvm,
                  struct xen_perfctr_config *cfg, struct perfctr_image *img,
                  const struct perfctr_event *const *ev)
{
    unsigned int free = (1u << model->nr_gp) - 1, choices, i;
    uint32_t todo = 0;

    for ( i = 0; i < cfg->nr; i++ )
    {
        unsigned int hw = PERFCTR_FIXED_BIT + ev[i]->fixed;

        if ( ev[i]->fixed >= 0 && ev[i]->fixed < (int)model->nr_fixed &&
             !(cfg->counter[i].event & PERFCTR_EV_MODIFIERS) &&
             !(img->used & (1ull << hw)) )
            use_counter(model, hvm, img, cfg, i, ev[i], hw);
        else
            todo |= 1u << i;
    }

    for ( choices = 0; choices <= PERFCTR_MAX_GP; choices++ )
        for ( i = 0; i < cfg->nr; i++ )
        {
            unsigned int can;

            if ( !(todo & (1u << i)) || hweight32(ev[i]->gp) != choices )
                continue;

            can = ev[i]->gp & free;
            if ( !can )
                return bad(cfg, i, XEN_PERFCTR_BAD_FIT, -ENOSPC);

            can &= -can;
            free &= ~can;
            use_counter(model, hvm, img, cfg, i, ev[i], ffs(can) - 1);
        }

    return 0;
}

int perfctr_config_check(const struct perfctr_model *model,
                         const struct xen_perfctr_policy *policy, bool hvm,
                         struct xen_perfctr_config *cfg,
                         struct perfctr_image *img)
{
    const struct perfctr_event *ev[XEN_PERFCTR_MAX_COUNTERS];
    unsigned int i;
    int rc;

    bad(cfg, 0, XEN_PERFCTR_BAD_NONE, 0);
    *img = (struct perfctr_image){};

    if ( cfg->size != sizeof(*cfg) )
        return bad(cfg, 0, XEN_PERFCTR_BAD_SIZE, -EINVAL);

    if ( !cfg->nr || cfg->nr > XEN_PERFCTR_MAX_COUNTERS )
        return bad(cfg, 0, XEN_PERFCTR_BAD_NR, -EINVAL);

    if ( cfg->flags & ~XEN_PERFCTR_CONFIG_NOTIFY )
        return bad(cfg, 0, XEN_PERFCTR_BAD_FLAGS, -EINVAL);

    for ( i = 0; i < cfg->nr; i++ )
    {
        rc = check_counter(model, policy, cfg, i, &ev[i]);
        if ( rc )
            return rc;
    }

    /* Counter number max_counters is the first for which there is no room. */
    if ( policy->max_counters && cfg->nr > policy->max_counters )
        return bad(cfg, policy->max_counters, XEN_PERFCTR_BAD_BUDGET, -ENOSPC);

    img->nr = cfg->nr;
    img->notify = cfg->flags & XEN_PERFCTR_CONFIG_NOTIFY;

    return assign(model, hvm, cfg, img, ev);
}

bool perfctr_image_allowed(const struct xen_perfctr_policy *policy,
                           const struct perfctr_image *img)
{
    unsigned int i;

    for ( i = 0; i < img->nr; i++ )
        if ( !is_listed(policy, img->event[i]) )
            return false;

    return policy->tier >= img->tier &&
           !(img->policy & ~policy->flags) &&
           (!policy->max_counters || img->nr <= policy->max_counters) &&
           (!img->sample || img->min_period >= policy->min_period);
}

static int bad_policy(struct xen_perfctr_policy *policy, unsigned int field,
                      unsigned int event, int rc)
{
    policy->bad_field = field;
    policy->bad_event = event;

    return rc;
}

/* Entries that could never be counted are mistakes of whoever wrote the list. */
static int check_list(const struct perfctr_model *model,
                      struct xen_perfctr_policy *policy)
{
    unsigned int i;

    if ( policy->nr_events > XEN_PERFCTR_MAX_EVENTS )
        return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_NR, 0, -EINVAL);

    for ( i = 0; i < policy->nr_events; i++ )
    {
        uint64_t event = policy->event[i];
        const struct perfctr_event *ev;

        if ( event & ~model->event_mask )
            return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_EVENT, i, -EINVAL);

        ev = perfctr_find_event(model, perfctr_event_code(event));
        if ( !ev || is_absent(model, ev->code) )
            return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_UNKNOWN, i,
                              -ENOENT);

        if ( event_tier(ev, event) > policy->tier )
            return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_OUTSIDE, i,
                              -EINVAL);
    }

    for ( ; i < XEN_PERFCTR_MAX_EVENTS; i++ )
        if ( policy->event[i] )
            return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_ZERO, 0, -EINVAL);

    return 0;
}

int perfctr_policy_check(const struct perfctr_model *model,
                         struct xen_perfctr_policy *policy)
{
    unsigned int i;

    bad_policy(policy, XEN_PERFCTR_POLICY_BAD_NONE, 0, 0);

    if ( policy->zero )
        return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_ZERO, 0, -EINVAL);

    for ( i = 0; i < ARRAY_SIZE(policy->pad); i++ )
        if ( policy->pad[i] )
            return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_ZERO, 0, -EINVAL);

    if ( policy->flags & XEN_PERFCTR_POLICY_DEFAULT )
    {
        if ( policy->flags != XEN_PERFCTR_POLICY_DEFAULT || policy->tier ||
             policy->max_counters || policy->min_period || policy->pmi_rate ||
             policy->nr_events )
            return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_FLAGS, 0, -EINVAL);

        return check_list(model, policy);
    }

    if ( policy->tier > XEN_PERFCTR_TIER_FULL )
        return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_TIER, 0, -EINVAL);

    if ( policy->flags & ~(XEN_PERFCTR_POLICY_KERNEL |
                           XEN_PERFCTR_POLICY_HYP) )
        return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_FLAGS, 0, -EINVAL);

    if ( policy->max_counters > XEN_PERFCTR_MAX_COUNTERS )
        return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_COUNTERS, 0, -EINVAL);

    if ( !perfctr_limits_valid(policy->min_period, 0) )
        return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_PERIOD, 0, -EINVAL);

    if ( !perfctr_limits_valid(0, policy->pmi_rate) )
        return bad_policy(policy, XEN_PERFCTR_POLICY_BAD_RATE, 0, -EINVAL);

    return check_list(model, policy);
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
