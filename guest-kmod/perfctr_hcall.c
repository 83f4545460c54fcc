// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: the hypercall
 *
 * The kernel exports the trampoline through which all hypercalls go, so the
 * module needs no support from the kernel for a new one.
 */
#include <linux/stddef.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>

#include "perfctr.h"

#define __HYPERVISOR_perfctr_op XEN_PERFCTR_HYPERCALL

/* The layout that Xen was built with, and that its header documents. */
static_assert(sizeof(struct xen_perfctr_query) == 0x30);
static_assert(sizeof(struct xen_perfctr_register) == 0x20);
static_assert(sizeof(struct xen_perfctr_counter) == 0x20);
static_assert(sizeof(struct xen_perfctr_config) == 0x198);
static_assert(sizeof(struct xen_perfctr_request) == 0x80);
static_assert(sizeof(struct xen_perfctr_published) == 0x100);
static_assert(sizeof(struct xen_perfctr_vcpu_page) == 0x200);
static_assert(sizeof(struct xen_perfctr_ring) == 0x90);
static_assert(sizeof(struct xen_perfctr_sample) == 0x40);
static_assert(offsetof(struct xen_perfctr_vcpu_page, ring_tail) == 0xc0);
static_assert(offsetof(struct xen_perfctr_vcpu_page, request) == 0x40);
static_assert(offsetof(struct xen_perfctr_vcpu_page, pub) == 0x100);
static_assert(sizeof(struct xen_perfctr_time) ==
	      sizeof(struct perfctr_time_record));
static_assert(offsetof(struct xen_perfctr_time, stolen) ==
	      offsetof(struct perfctr_time_record, stolen));
static_assert(XEN_PERFCTR_MAX_COUNTERS == PERFCTR_MAX_COUNTERS);
static_assert(XEN_PERFCTR_DOM_USER == PERFCTR_DOM_USER);
static_assert(XEN_PERFCTR_DOM_KERNEL == PERFCTR_DOM_KERNEL);
static_assert(XEN_PERFCTR_DOM_HYP == PERFCTR_DOM_HYP);
static_assert(XEN_PERFCTR_MODE_SAMPLE == PERFCTR_MODE_SAMPLE);
static_assert(XEN_PERFCTR_IN_KERNEL == PERFCTR_IN_KERNEL);
static_assert(XEN_PERFCTR_IN_USER == PERFCTR_IN_USER);
static_assert(XEN_PERFCTR_IN_HYP == PERFCTR_IN_HYPERVISOR);
static_assert(XEN_PERFCTR_SAMPLE_ENTERED == PERFCTR_SAMPLE_ENTERED);

static int pc_hypercall(unsigned int cmd, void *arg)
{
	return _hypercall2(int, perfctr_op, cmd, arg);
}

/**
 * pc_hv_query() - ask Xen what this domain may use
 * @q:	the answer
 */
int pc_hv_query(struct xen_perfctr_query *q)
{
	memset(q, 0, sizeof(*q));
	q->size = sizeof(*q);
	return pc_hypercall(XEN_PERFCTR_OP_query, q);
}

/**
 * pc_hv_register() - share a page with Xen
 * @vcpu:	the calling VCPU
 * @page:	its page, which Xen zeroes
 * @record:	its time record
 */
int pc_hv_register(unsigned int vcpu, void *page, void *record)
{
	struct xen_perfctr_register reg = {
		.size = sizeof(reg),
		.vcpu = vcpu,
		.gfn = virt_to_gfn(page),
		.time_gfn = virt_to_gfn(record),
		.time_offset = offset_in_page(record),
	};

	return pc_hypercall(XEN_PERFCTR_OP_register, &reg);
}

/**
 * pc_hv_unregister() - take a page back
 * @vcpu:	the calling VCPU
 */
int pc_hv_unregister(unsigned int vcpu)
{
	struct xen_perfctr_register reg = {
		.size = sizeof(reg),
		.vcpu = vcpu,
	};

	return pc_hypercall(XEN_PERFCTR_OP_unregister, &reg);
}

/**
 * pc_hv_ring() - share a ring for samples with Xen
 * @vcpu:	the calling VCPU, whose page is registered
 * @pages:	the ring's pages, which Xen zeroes
 * @nr:		how many
 */
int pc_hv_ring(unsigned int vcpu, void *const *pages, unsigned int nr)
{
	struct xen_perfctr_ring ring = {
		.size = sizeof(ring),
		.vcpu = vcpu,
		.nr_pages = nr,
	};
	unsigned int i;

	for (i = 0; i < nr; i++)
		ring.gfn[i] = virt_to_gfn(pages[i]);
	return pc_hypercall(XEN_PERFCTR_OP_ring, &ring);
}

/**
 * pc_hv_config_create() - have a configuration checked and named
 * @config:	the configuration; handle, RDPMC indexes and the offending field
 *		are filled in
 */
int pc_hv_config_create(struct xen_perfctr_config *config)
{
	config->size = sizeof(*config);
	return pc_hypercall(XEN_PERFCTR_OP_config_create, config);
}

/**
 * pc_hv_config_destroy() - forget a configuration
 * @handle:	its name
 */
int pc_hv_config_destroy(u32 handle)
{
	struct xen_perfctr_config config = {
		.size = sizeof(config),
		.handle = handle,
	};

	return pc_hypercall(XEN_PERFCTR_OP_config_destroy, &config);
}

/**
 * pc_hv_apply() - have the request of the calling VCPU applied now
 */
int pc_hv_apply(void)
{
	return pc_hypercall(XEN_PERFCTR_OP_apply, NULL);
}
