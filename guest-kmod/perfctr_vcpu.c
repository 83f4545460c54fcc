// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: the pages shared with Xen, one per CPU, and its interrupt
 *
 * A page can be registered by its own VCPU only, which the CPU hotplug callbacks
 * see to: they run on the CPU that comes or goes, before any process does and
 * after the last one has left.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/events.h>
#include <xen/xen-ops.h>

#include "perfctr.h"

#define PC_RECORDS_PER_PAGE	(PAGE_SIZE / sizeof(struct perfctr_time_record))

DEFINE_PER_CPU(struct pc_vcpu, pc_vcpus);

static struct page **pc_time_pages;
static unsigned int pc_nr_time_pages;
static enum cpuhp_state pc_cpuhp;
static bool pc_ready;

/* The page's version tells when Xen was writing meanwhile. */
static void pc_vcpu_read_hypercalls(const struct pc_vcpu *c, u64 *perfctr,
				    u64 *other)
{
	const struct xen_perfctr_published *pub = &c->page->pub;
	unsigned int tries = 100;
	u32 version;

	do {
		version = READ_ONCE(pub->version);
		smp_rmb();
		*perfctr = READ_ONCE(pub->hypercalls_perfctr);
		*other = READ_ONCE(pub->hypercalls_other);
		smp_rmb();
	} while (((version & 1) || version != READ_ONCE(pub->version)) &&
		 --tries);
}

/**
 * pc_vcpu_register() - register this CPU's page
 * @c:		this CPU, interrupts off or about to come up
 * @cpu:	its number
 */
int pc_vcpu_register(struct pc_vcpu *c, unsigned int cpu)
{
	int ret = pc_hv_register(xen_vcpu_nr(cpu), c->page, c->time);

	c->stale = false;
	/* After a suspend that did not happen Xen still has the page. */
	if (ret == -EEXIST)
		return 0;
	if (ret)
		return ret;
	memset(&c->hw, 0, sizeof(c->hw));
	memset(&c->req, 0, sizeof(c->req));
	c->steady = PC_NOT_STEADY;
	c->seq = 0;
	pc_vcpu_read_hypercalls(c, &c->base_perfctr, &c->base_other);
	pc_ring_register(c, cpu);
	return 0;
}

static irqreturn_t pc_vcpu_interrupt(int irq, void *dev)
{
	pc_virq_handle(this_cpu_ptr(&pc_vcpus));
	return IRQ_HANDLED;
}

static int pc_vcpu_up(unsigned int cpu)
{
	struct pc_vcpu *c = per_cpu_ptr(&pc_vcpus, cpu);
	struct page *records = pc_time_pages[cpu / PC_RECORDS_PER_PAGE];
	unsigned int record = cpu % PC_RECORDS_PER_PAGE;
	int ret;

	c->page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!c->page)
		return -ENOMEM;
	if (pc_caps.flags & XEN_PERFCTR_CAP_SAMPLE && pc_ring_alloc(c)) {
		ret = -ENOMEM;
		goto free;
	}
	c->time = (struct perfctr_time_record *)page_address(records) + record;
	c->time_record = (1 + cpu / PC_RECORDS_PER_PAGE) * PAGE_SIZE +
			 record * sizeof(*c->time);

	ret = pc_vcpu_register(c, cpu);
	if (ret) {
		pr_err("cpu %u: Xen does not take its page (error %d)\n", cpu,
		       ret);
		goto free;
	}
	if (c->page->magic != XEN_PERFCTR_MAGIC ||
	    c->page->abi != XEN_PERFCTR_ABI ||
	    c->page->size != sizeof(*c->page)) {
		pr_err("cpu %u: Xen's page has another layout (abi %u, size %u)\n",
		       cpu, c->page->abi, c->page->size);
		ret = -EPROTO;
		goto unregister;
	}
	ret = bind_virq_to_irqhandler(XEN_PERFCTR_VIRQ, cpu, pc_vcpu_interrupt,
				      IRQF_PERCPU | IRQF_NOBALANCING,
				      "perfctr", c);
	if (ret < 0) {
		pr_err("cpu %u: no interrupt (error %d)\n", cpu, ret);
		goto unregister;
	}
	c->irq = ret;
	return 0;

unregister:
	/* Xen may still write to what it does not give back: leak it */
	if (pc_hv_unregister(xen_vcpu_nr(cpu))) {
		c->page = NULL;
		memset(c->ring, 0, sizeof(c->ring));
	}
free:
	pc_ring_free(c);
	free_page((unsigned long)c->page);
	c->page = NULL;
	/* A CPU without counters is better than none; threads there get LOST */
	return pc_ready ? 0 : ret;
}

static int pc_vcpu_down(unsigned int cpu)
{
	struct pc_vcpu *c = per_cpu_ptr(&pc_vcpus, cpu);
	struct xen_perfctr_vcpu_page *page;
	unsigned long flags;
	int ret;

	if (!c->page)
		return 0;
	unbind_from_irqhandler(c->irq, c);

	local_irq_save(flags);
	page = c->page;
	c->page = NULL;
	ret = pc_hv_unregister(xen_vcpu_nr(cpu));
	local_irq_restore(flags);
	if (ret) {
		pr_err("cpu %u: Xen does not give its page back (error %d)\n",
		       cpu, ret);
		memset(c->ring, 0, sizeof(c->ring));
	} else {
		free_page((unsigned long)page);
	}
	pc_ring_free(c);
	pr_debug("cpu %u: %llu samples were nobody's\n", cpu, c->strays);
	return 0;
}

/**
 * pc_vcpu_mark_stale() - have every CPU register again when it needs to
 *
 * All other CPUs are stopped, and none has a thread bound.
 */
void pc_vcpu_mark_stale(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct pc_vcpu *c = per_cpu_ptr(&pc_vcpus, cpu);

		c->stale = c->page;
		c->steady = PC_NOT_STEADY;
	}
	pc_slot_forget_indexes();
}

/**
 * pc_vcpu_hypercalls() - hypercalls of all CPUs since the module was loaded
 * @perfctr:	ours
 * @other:	all others, except IRET
 *
 * Without those of CPUs that have gone offline.
 */
void pc_vcpu_hypercalls(u64 *perfctr, u64 *other)
{
	unsigned int cpu;
	u64 p, o;

	*perfctr = 0;
	*other = 0;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		const struct pc_vcpu *c = per_cpu_ptr(&pc_vcpus, cpu);

		if (!c->page)
			continue;
		pc_vcpu_read_hypercalls(c, &p, &o);
		*perfctr += p - c->base_perfctr;
		*other += o - c->base_other;
	}
	cpus_read_unlock();
}

/**
 * pc_vcpu_mmap_size() - bytes that a process maps
 */
u32 pc_vcpu_mmap_size(void)
{
	return (1 + pc_nr_time_pages) * PAGE_SIZE;
}

/**
 * pc_vcpu_time_pages() - number of pages with time records
 */
unsigned int pc_vcpu_time_pages(void)
{
	return pc_nr_time_pages;
}

/**
 * pc_vcpu_time_page() - one of them
 * @i:	which
 */
struct page *pc_vcpu_time_page(unsigned int i)
{
	return pc_time_pages[i];
}

static void pc_vcpu_free_time_pages(void)
{
	unsigned int i;

	for (i = 0; i < pc_nr_time_pages; i++)
		if (pc_time_pages[i])
			__free_page(pc_time_pages[i]);
	kfree(pc_time_pages);
}

/**
 * pc_vcpu_init() - share pages with Xen, on all CPUs
 */
int pc_vcpu_init(void)
{
	unsigned int i;
	int ret = -ENOMEM;

	pc_nr_time_pages = DIV_ROUND_UP(nr_cpu_ids, PC_RECORDS_PER_PAGE);
	pc_time_pages = kcalloc(pc_nr_time_pages, sizeof(*pc_time_pages),
				GFP_KERNEL);
	if (!pc_time_pages)
		return -ENOMEM;
	for (i = 0; i < pc_nr_time_pages; i++) {
		pc_time_pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pc_time_pages[i])
			goto free;
	}

	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "xen/perfctr:online",
				pc_vcpu_up, pc_vcpu_down);
	if (ret < 0)
		goto free;
	pc_cpuhp = ret;
	pc_ready = true;
	return 0;

free:
	pc_vcpu_free_time_pages();
	return ret;
}

/**
 * pc_vcpu_exit() - take all pages back
 */
void pc_vcpu_exit(void)
{
	cpuhp_remove_state(pc_cpuhp);
	pc_vcpu_free_time_pages();
}
