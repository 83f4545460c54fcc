/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzzes the validator: one model, one policy, one configuration.
 *
 * Whatever is accepted obeys the policy and gives the hardware nothing but what the
 * rules below say, in the words of the processors' manuals and not of config.c.
 * Whatever is refused has a reason, and a policy that is good is judged the same way
 * when it comes after the configuration.
 */
#include "hv_input.h"

#define NEED(x) emul_assert(x)

static struct perfctr_model take_model(struct input *in)
{
    uint8_t how = take_8(in);
    struct perfctr_model model = { .width = 48, .nr_gp = 1 + (how & 7) };

    if ( how & 0x80 )
    {
        model.vendor = XEN_PERFCTR_VENDOR_AMD;
        model.version = 1 + (how >> 6 & 1);
        model.nr_gp = how & 7 ? 6 : 4;
        model.select_guest = true;
        model.no_status = model.version == 1;
        model.event_mask = PERFCTR_EV_CODE | PERFCTR_EV_MODIFIERS |
                           PERFCTR_EV_HIGH;
        perfctr_amd_events(&model, how & 0x20 ? 0x17 : 0x19);
    }
    else
    {
        model.vendor = XEN_PERFCTR_VENDOR_INTEL;
        model.version = 2 + (how >> 4 & 3);
        model.nr_fixed = how >> 3 & 3;
        model.event_mask = PERFCTR_EV_CODE | PERFCTR_EV_MODIFIERS;
        model.absent = take_8(in) & 0x7f;
        perfctr_intel_events(&model, how & 0x40 ? 0x5e : 1);
    }

    return model;
}

/* What the hardware is to be given for one counter. */
static void check_counter(const struct perfctr_model *model,
                          const struct xen_perfctr_config *cfg,
                          const struct perfctr_image *img, unsigned int i,
                          bool hvm)
{
    const struct xen_perfctr_counter *c = &cfg->counter[i];
    unsigned int hw = img->hw[i];
    uint64_t select;

    NEED(c->rdpmc == (hw < 32 ? hw : 0x40000000u | (hw - 32)));
    if ( hw >= 32 )
    {
        unsigned int field = img->fixed_ctrl >> (4 * (hw - 32)) & 0xf;

        NEED(hw - 32 < model->nr_fixed);
        NEED(!(field & 4));                     /* ANYTHREAD */
        NEED(!(field & 1) == !((c->domain & HYP) || (hvm && (c->domain & K))));
        NEED(!(c->event & 0xff8c0000));
        return;
    }

    NEED(hw < model->nr_gp);
    select = img->select[hw];
    NEED(!(select & (1u << 19 | 1u << 21)));    /* pin control, ANYTHREAD */
    NEED((select & (1u << 22)) && (select & (1u << 20)));
    NEED((select & 0xf0000ffffull) == (c->event & 0xf0000ffffull));
    if ( model->vendor == XEN_PERFCTR_VENDOR_INTEL )
        NEED(!(select >> 32));
    else
        NEED(!(select & 0xfffffcf000000000ull));
    /* Ring 0 is Xen's in a PV guest. */
    NEED(!(select & 1u << 17) ==
         !((c->domain & HYP) || (hvm && (c->domain & K))));
    /* Never without a side in an HVM guest, but for both. */
    if ( hvm && model->select_guest && !(c->domain & HYP) )
        NEED(select & 1ull << 40);
    if ( hvm && model->select_guest && c->domain == HYP )
        NEED(select & 1ull << 41);
}

static void accepted(const struct perfctr_model *model,
                     const struct xen_perfctr_policy *policy,
                     const struct xen_perfctr_config *cfg,
                     const struct perfctr_image *img, bool hvm)
{
    uint64_t used = 0;
    unsigned int i, n;

    NEED(cfg->bad_field == XEN_PERFCTR_BAD_NONE);
    NEED(policy->tier != XEN_PERFCTR_TIER_OFF);
    NEED(img->nr == cfg->nr && cfg->nr <= XEN_PERFCTR_MAX_COUNTERS);
    NEED(!policy->max_counters || cfg->nr <= policy->max_counters);
    for ( i = 0; i < cfg->nr; i++ )
    {
        const struct xen_perfctr_counter *c = &cfg->counter[i];

        check_counter(model, cfg, img, i, hvm);
        NEED(!(used & 1ull << img->hw[i]));
        /* In a PV guest the modes are told apart by who is enabled in which. */
        if ( !hvm )
        {
            bool user = img->user & 1ull << img->hw[i];
            bool kernel = img->kernel & 1ull << img->hw[i];

            NEED(user == (c->domain == HYP || (c->domain & U)));
            NEED(kernel == (c->domain == HYP || (c->domain & K)));
        }
        used |= 1ull << img->hw[i];
        NEED(!(c->domain & K) || (policy->flags & XEN_PERFCTR_POLICY_KERNEL));
        NEED(!(c->domain & HYP) || (policy->flags & XEN_PERFCTR_POLICY_HYP));
        if ( c->mode )
            NEED(c->period >= policy->min_period && c->period &&
                 c->period < 1ull << 46);
        for ( n = 0; n < policy->nr_events; n++ )
            if ( policy->event[n] == c->event )
                break;
        NEED(!policy->nr_events || n < policy->nr_events);
    }
    NEED(img->used == used && !(img->user & ~used) && !(img->kernel & ~used));
    NEED(perfctr_image_allowed(policy, img));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct perfctr_model model = take_model(&in);
    struct xen_perfctr_policy policy = { .size = sizeof(policy) }, later;
    struct xen_perfctr_config cfg = { .size = sizeof(cfg) };
    struct perfctr_image img;
    uint8_t how = take_8(&in);
    unsigned int i;
    int rc;

    take_policy(&in, &model, &policy);
    rc = perfctr_policy_check(&model, &policy);
    NEED(!rc == !policy.bad_field);
    NEED(policy.bad_event < XEN_PERFCTR_MAX_EVENTS);
    if ( rc || (policy.flags & XEN_PERFCTR_POLICY_DEFAULT) )
        return 0;

    cfg.nr = how & 0x0f;
    cfg.flags = how >> 4 & 1;
    if ( (how & 0xe0) == 0xe0 )
    {
        cfg.nr = take_32(&in);
        cfg.flags = take_32(&in);
        cfg.size = how & 1 ? sizeof(cfg) : take_32(&in);
    }
    for ( i = 0; i < XEN_PERFCTR_MAX_COUNTERS && i < cfg.nr && in.size; i++ )
        take_counter(&in, &model, &cfg.counter[i]);

    rc = perfctr_config_check(&model, &policy, how & 0x20, &cfg, &img);
    if ( !rc )
        accepted(&model, &policy, &cfg, &img, how & 0x20);
    else
    {
        NEED(cfg.bad_field != XEN_PERFCTR_BAD_NONE);
        NEED(cfg.bad_counter < XEN_PERFCTR_MAX_COUNTERS);
        NEED(cfg.bad_field >= 16 || !cfg.bad_counter);
        return 0;
    }

    /* The same answer whether a policy comes before or after. */
    later = (struct xen_perfctr_policy){ .size = sizeof(later) };
    take_policy(&in, &model, &later);
    if ( !perfctr_policy_check(&model, &later) &&
         !(later.flags & XEN_PERFCTR_POLICY_DEFAULT) )
    {
        struct perfctr_image again;

        rc = perfctr_config_check(&model, &later, how & 0x20, &cfg, &again);
        NEED(perfctr_image_allowed(&later, &img) == !rc);
    }

    return 0;
}
