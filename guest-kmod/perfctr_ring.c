// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: the rings into which Xen writes samples, one per CPU
 *
 * Who races: Xen appends, the kernel consumes, both on the same VCPU.  The kernel
 * consumes with interrupts off, so it never interrupts itself; Xen comes between
 * two of its instructions or not at all, and writes a record before the head that
 * tells of it.  What comes while a batch is consumed is after that batch's head
 * and stays for the next one.
 */
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <xen/xen-ops.h>

#include "perfctr.h"

/**
 * pc_ring_alloc() - get the pages of a CPU's ring
 * @c:	the CPU
 */
int pc_ring_alloc(struct pc_vcpu *c)
{
	unsigned int i;

	for (i = 0; i < pc_ring_pages; i++) {
		c->ring[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!c->ring[i]) {
			pc_ring_free(c);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * pc_ring_free() - give them back
 * @c:	the CPU, whose ring Xen does not know any more
 */
void pc_ring_free(struct pc_vcpu *c)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->ring); i++) {
		free_page((unsigned long)c->ring[i]);
		c->ring[i] = NULL;
	}
	c->ring_nr = 0;
}

/**
 * pc_ring_register() - let Xen know this CPU's ring
 * @c:		this CPU, its page has just been registered
 * @cpu:	its number
 *
 * A CPU without a ring counts, and counts overflows, but none has a sample.
 */
void pc_ring_register(struct pc_vcpu *c, unsigned int cpu)
{
	int ret;

	c->ring_nr = 0;
	c->ring_tail = 0;
	if (!c->ring[0])
		return;
	ret = pc_hv_ring(xen_vcpu_nr(cpu), c->ring, pc_ring_pages);
	if (ret) {
		pr_warn("cpu %u: Xen does not take its sample ring (error %d): no sampling\n",
			cpu, ret);
		pc_caps.flags &= ~XEN_PERFCTR_CAP_SAMPLE;
		return;
	}
	c->ring_nr = pc_ring_pages;
}

/**
 * pc_ring_consumed() - let Xen use the consumed records again
 * @c:	this CPU
 */
void pc_ring_consumed(struct pc_vcpu *c)
{
	/* Xen is on this CPU: the loads above need no more than program order. */
	barrier();
	WRITE_ONCE(c->page->ring_tail, c->ring_tail);
}

/**
 * pc_ring_drop() - what is in the ring belongs to nobody
 * @c:	this CPU
 */
void pc_ring_drop(struct pc_vcpu *c)
{
	u32 head = pc_ring_head(c);

	if (c->ring_tail == head)
		return;
	c->strays += head - c->ring_tail;
	c->ring_tail = head;
	pc_ring_consumed(c);
}
