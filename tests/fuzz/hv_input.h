/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fuzzer gives, taken piece by piece; zeros when it is used up.
 */
#ifndef HV_INPUT_H
#define HV_INPUT_H

#include "test.h"

struct input {
    const uint8_t *data;
    size_t size;
};

static inline void take(struct input *in, void *to, size_t n)
{
    size_t have = n < in->size ? n : in->size;

    memset(to, 0, n);
    if ( have )
        memcpy(to, in->data, have);
    in->data += have;
    in->size -= have;
}

static inline uint8_t take_8(struct input *in)
{
    uint8_t x;

    take(in, &x, sizeof(x));

    return x;
}

static inline uint32_t take_32(struct input *in)
{
    uint32_t x;

    take(in, &x, sizeof(x));

    return x;
}

static inline uint64_t take_64(struct input *in)
{
    uint64_t x;

    take(in, &x, sizeof(x));

    return x;
}

/* Mostly a small number, sometimes any. */
static inline uint64_t take_number(struct input *in)
{
    uint8_t x = take_8(in);

    return x < 0xf0 ? x : x < 0xf8 ? 1ull << (take_8(in) & 63) : take_64(in);
}

/* An event of the model's table, with or without modifiers, or any bits. */
static inline uint64_t take_event(struct input *in,
                                  const struct perfctr_model *model)
{
    uint8_t how = take_8(in);
    const struct perfctr_event *ev = &model->events[take_8(in) %
                                                    model->nr_events];
    uint64_t event = (ev->code & 0xffff) |
                     (uint64_t)(ev->code & 0xf0000) << 16;

    if ( how & 1 )
        event |= (uint64_t)take_8(in) << 24;
    if ( how & 2 )
        event |= 1ull << (take_8(in) & 63);
    if ( how & 4 )
        event ^= take_8(in) << 8;
    if ( (how & 0xf8) == 0xf8 )
        event = take_64(in);

    return event;
}

static inline void take_counter(struct input *in,
                                const struct perfctr_model *model,
                                struct xen_perfctr_counter *c)
{
    uint8_t how = take_8(in);

    c->event = take_event(in, model);
    c->domain = how & 0x0f ?: XEN_PERFCTR_DOM_USER;
    c->mode = (how >> 4) & 1;
    if ( (how & 0xe0) == 0xe0 )
        c->mode = take_32(in);
    c->period = c->mode ? take_number(in) : 0;
    if ( (how & 0xe0) == 0xc0 )
    {
        c->domain = take_32(in);
        c->period = take_64(in);
        c->zero = take_8(in);
    }
}

static inline void take_policy(struct input *in,
                               const struct perfctr_model *model,
                               struct xen_perfctr_policy *p)
{
    uint8_t how = take_8(in);
    unsigned int i, n;

    p->tier = how & 3;
    p->flags = (how >> 2) & 3;
    if ( how & 0x10 )
        p->max_counters = take_number(in);
    if ( how & 0x20 )
        p->min_period = take_number(in);
    p->pmi_rate = how & 0x40 ? take_number(in) : 1000;
    if ( how & 0x80 )
    {
        p->nr_events = take_number(in);
        n = min(p->nr_events, (uint32_t)XEN_PERFCTR_MAX_EVENTS);
        for ( i = 0; i < n && in->size; i++ )
            p->event[i] = take_event(in, model);
    }
    if ( (how & 0x0f) == 0x0f && take_8(in) == 0xff )
        take(in, &p->tier, sizeof(*p) - offsetof(struct xen_perfctr_policy,
                                                 tier));
}

#endif /* HV_INPUT_H */
