/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ABI 2 is, on both sides: a second statement of what the headers say, so
 * that a change of either is noticed.  Compiled as C and C++, for 64 and 32 bits.
 */
#include <stddef.h>
#include <stdint.h>

#include <linux/perfctr.h>
#include <public/perfctr.h>

#ifdef __cplusplus
#define ASSERT(x) static_assert(x, #x)
#else
#define ASSERT(x) _Static_assert(x, #x)
#endif

#include "offsets.h"

ASSERT(XEN_PERFCTR_ABI == 2 && PERFCTR_ABI_VERSION == 2);

/* Sizes; a multiple of 8, so that arrays and copies agree on 32 bits. */
#define SIZE(type, size) \
    ASSERT(sizeof(struct type) == (size)); ASSERT((size) % 8 == 0)
SIZE(xen_perfctr_query, 0x30);
SIZE(xen_perfctr_register, 0x20);
SIZE(xen_perfctr_counter, 0x20);
SIZE(xen_perfctr_config, 0x198);
SIZE(xen_perfctr_request, 0x80);
SIZE(xen_perfctr_published, 0x100);
SIZE(xen_perfctr_vcpu_page, 0x200);
SIZE(xen_perfctr_ring, 0x90);
SIZE(xen_perfctr_sample, 0x40);
SIZE(xen_perfctr_time, 0x40);
SIZE(xen_perfctr_policy, 0x240);
SIZE(xen_perfctr_vcpu_stats, 0x80);
SIZE(perfctr_slot_counter, 0x10);
SIZE(perfctr_slot, 0x100);
SIZE(perfctr_time_record, 0x40);
SIZE(perfctr_info, 0x50);
SIZE(perfctr_counter, 0x20);
SIZE(perfctr_config, 0x1a8);
SIZE(perfctr_read, 0xf8);
SIZE(perfctr_buffer, 0xc0);
SIZE(perfctr_record, 0x08);
SIZE(perfctr_record_sample, 0x40);
SIZE(perfctr_record_lost, 0x28);
SIZE(perfctr_period, 0x10);
SIZE(perfctr_thread, 0x98);
SIZE(perfctr_read_threads, 0x10);

/* What is read across layers by offset: assembly, other languages. */
#define AT(type, field, offset) ASSERT(offsetof(struct type, field) == (offset))
AT(perfctr_slot, epoch, 0);
AT(perfctr_slot, state, 4);
AT(perfctr_slot, counter, 0x10);
AT(perfctr_slot_counter, offset, 0);
AT(perfctr_slot_counter, index, 8);
AT(perfctr_slot, time_offset, 0xd0);
AT(perfctr_slot, time_record, 0xd8);
AT(xen_perfctr_vcpu_page, request, 0x40);
AT(xen_perfctr_vcpu_page, pub, 0x100);
AT(xen_perfctr_published, overflow, 0x1c);
AT(xen_perfctr_published, policy, 0x34);
AT(xen_perfctr_published, reload_sum, 0x40);
AT(xen_perfctr_published, missed, 0xa0);
AT(xen_perfctr_vcpu_page, ring_tail, 0xc0);
AT(xen_perfctr_config, counter, 0x18);
AT(xen_perfctr_policy, bad_field, 0x28);
AT(xen_perfctr_policy, nr_events, 0x30);
AT(xen_perfctr_policy, event, 0x40);

/* The first line holds three counters; nobody shares a line with the request. */
ASSERT(offsetof(struct perfctr_slot, counter) +
       3 * sizeof(struct perfctr_slot_counter) == 64);
ASSERT(offsetof(struct xen_perfctr_vcpu_page, request) % 64 == 0);
ASSERT(offsetof(struct xen_perfctr_vcpu_page, pub) >=
       offsetof(struct xen_perfctr_vcpu_page, request) +
       sizeof(struct xen_perfctr_request));
ASSERT(sizeof(struct xen_perfctr_vcpu_page) <= 4096);

/* The module hands these on unchanged. */
#define SAME(name) ASSERT(PERFCTR_ ## name == XEN_PERFCTR_ ## name)
SAME(MAX_COUNTERS);
SAME(DOM_USER);
SAME(DOM_KERNEL);
SAME(DOM_HYP);
SAME(MODE_ACCUMULATE);
SAME(MODE_SAMPLE);
SAME(IN_USER);
SAME(IN_KERNEL);
#define ALIKE(type, field) \
    ASSERT(offsetof(struct type, field) == offsetof(struct xen_ ## type, field))
ALIKE(perfctr_counter, event);
ALIKE(perfctr_counter, domain);
ALIKE(perfctr_counter, mode);
ALIKE(perfctr_counter, period);
ALIKE(perfctr_counter, rdpmc);
ALIKE(perfctr_counter, zero);
ALIKE(perfctr_config, counter);
ALIKE(perfctr_config, bad_counter);
ALIKE(perfctr_config, bad_field);
ASSERT(sizeof(struct perfctr_counter) == sizeof(struct xen_perfctr_counter));
ASSERT(offsetof(struct perfctr_time_record, version) ==
       offsetof(struct xen_perfctr_time, version));
ASSERT(offsetof(struct perfctr_time_record, stolen) ==
       offsetof(struct xen_perfctr_time, stolen));

/* Numbers that are out in the world. */
#define IS(name, value) ASSERT((name) == (value))
IS(XEN_PERFCTR_HYPERCALL, 50);
IS(XEN_PERFCTR_VIRQ, 17);
IS(XEN_PERFCTR_MAX_COUNTERS, 12);
IS(XEN_PERFCTR_MAX_CONFIGS, 128);
IS(XEN_PERFCTR_OP_query, 0);
IS(XEN_PERFCTR_OP_register, 1);
IS(XEN_PERFCTR_OP_unregister, 2);
IS(XEN_PERFCTR_OP_config_create, 3);
IS(XEN_PERFCTR_OP_config_destroy, 4);
IS(XEN_PERFCTR_OP_ring, 9);
IS(XEN_PERFCTR_OP_apply, 5);
IS(XEN_PERFCTR_OP_policy_get, 6);
IS(XEN_PERFCTR_OP_policy_set, 7);
IS(XEN_PERFCTR_OP_vcpu_stats, 8);
IS(XEN_PERFCTR_MAGIC, 0x50435658u);
IS(XEN_PERFCTR_BAD_NONE, 0);
IS(XEN_PERFCTR_BAD_SIZE, 1);
IS(XEN_PERFCTR_BAD_NR, 2);
IS(XEN_PERFCTR_BAD_FLAGS, 3);
IS(XEN_PERFCTR_BAD_TABLE, 4);
IS(XEN_PERFCTR_BAD_EVENT, 16);
IS(XEN_PERFCTR_BAD_UNKNOWN, 17);
IS(XEN_PERFCTR_BAD_TIER, 18);
IS(XEN_PERFCTR_BAD_DOMAIN, 19);
IS(XEN_PERFCTR_BAD_MODE, 20);
IS(XEN_PERFCTR_BAD_PERIOD, 21);
IS(XEN_PERFCTR_BAD_ZERO, 22);
IS(XEN_PERFCTR_BAD_FIT, 23);
IS(XEN_PERFCTR_BAD_ALLOW, 24);
IS(XEN_PERFCTR_BAD_BUDGET, 25);
IS(XEN_PERFCTR_MAX_EVENTS, 64);
IS(XEN_PERFCTR_POLICY_KERNEL, 1);
IS(XEN_PERFCTR_POLICY_HYP, 2);
IS(XEN_PERFCTR_POLICY_DEFAULT, 0x80000000u);
IS(XEN_PERFCTR_POLICY_BAD_NONE, 0);
IS(XEN_PERFCTR_POLICY_BAD_TIER, 1);
IS(XEN_PERFCTR_POLICY_BAD_FLAGS, 2);
IS(XEN_PERFCTR_POLICY_BAD_COUNTERS, 3);
IS(XEN_PERFCTR_POLICY_BAD_PERIOD, 4);
IS(XEN_PERFCTR_POLICY_BAD_RATE, 5);
IS(XEN_PERFCTR_POLICY_BAD_NR, 6);
IS(XEN_PERFCTR_POLICY_BAD_ZERO, 7);
IS(XEN_PERFCTR_POLICY_BAD_EVENT, 8);
IS(XEN_PERFCTR_POLICY_BAD_UNKNOWN, 9);
IS(XEN_PERFCTR_POLICY_BAD_OUTSIDE, 10);
IS(XEN_PERFCTR_TIER_OFF, 0);
IS(XEN_PERFCTR_TIER_IPC, 1);
IS(XEN_PERFCTR_TIER_ARCH, 2);
IS(XEN_PERFCTR_TIER_FULL, 3);
IS(XEN_PERFCTR_VENDOR_INTEL, 1);
IS(XEN_PERFCTR_VENDOR_AMD, 2);
IS(PERFCTR_STATE_FREE, 0);
IS(PERFCTR_STATE_STOPPED, 1);
IS(PERFCTR_STATE_RUNNING, 2);
IS(PERFCTR_STATE_LOST, 3);
IS(PERFCTR_STATE_REVOKED, 4);
IS(PERFCTR_STATE_EXITED, 5);
IS(PERFCTR_NO_RDPMC, 0x80000000u);
IS(PERFCTR_IOC_INFO, 0xc050d000u);
IS(PERFCTR_IOC_CONFIGURE, 0xc1a8d001u);
IS(PERFCTR_IOC_START, 0xd002u);
IS(PERFCTR_IOC_STOP, 0xd003u);
IS(PERFCTR_IOC_RESET, 0xd004u);
IS(PERFCTR_IOC_READ, 0xc0f8d005u);
IS(PERFCTR_IOC_READ_THREADS, 0xc010d006u);
