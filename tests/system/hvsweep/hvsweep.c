// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvsweep: a guest kernel that calls Xen's perfctr hypercall wrongly
 *
 * Each line of the table is one call and the documented answer (doc/abi.md).
 * Prints "hvsweep: ok NAME" or "hvsweep: BAD NAME: got N, expected N", and at
 * the end how many PMU registers Xen wrote for this CPU meanwhile (its own
 * statistics), which must be none. Loading always fails with -ECANCELED, so that
 * nothing has to be removed.
 *
 * perfctr.ko must be loaded: it has registered this CPU's page.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/processor.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>

#include <public/perfctr.h>

#define __HYPERVISOR_perfctr_op XEN_PERFCTR_HYPERCALL

static unsigned int good, bad;
static bool amd;

static int op(unsigned int cmd, void *arg)
{
	return _hypercall2(int, perfctr_op, cmd, arg);
}

static void expect(const char *name, int got, int want)
{
	if (got == want) {
		good++;
		pr_info("hvsweep: ok %s\n", name);
	} else {
		bad++;
		pr_info("hvsweep: BAD %s: got %d, expected %d\n", name, got,
			want);
	}
}

/* A configuration that Xen accepts; each case spoils one thing. */
static void valid(struct xen_perfctr_config *c)
{
	memset(c, 0, sizeof(*c));
	c->size = sizeof(*c);
	c->nr = 1;
	c->counter[0].event = 0x00c0;
	c->counter[0].domain = XEN_PERFCTR_DOM_USER;
}

static void create(const char *name, struct xen_perfctr_config *c, int want,
		   unsigned int field)
{
	char text[64];

	expect(name, op(XEN_PERFCTR_OP_config_create, c), want);
	snprintf(text, sizeof(text), "%s names its field", name);
	expect(text, c->bad_field, field);
}

static void sweep_ops(void)
{
	unsigned int bit;
	char text[32];

	expect("op 10", op(10, NULL), -EOPNOTSUPP);
	for (bit = 4; bit < 32; bit++) {
		snprintf(text, sizeof(text), "op bit %u", bit);
		expect(text, op(1u << bit, NULL), -EOPNOTSUPP);
	}
	expect("op 2^32-1", op(~0u, NULL), -EOPNOTSUPP);
}

/* Pages come zeroed: so does the size, which no operation accepts. */
static void sweep_pointers(void *page)
{
	unsigned int cmd;
	char text[48];

	for (cmd = XEN_PERFCTR_OP_query; cmd <= XEN_PERFCTR_OP_ring;
	     cmd++) {
		if (cmd == XEN_PERFCTR_OP_apply)
			continue;
		snprintf(text, sizeof(text), "op %u, null argument", cmd);
		expect(text, op(cmd, NULL), -EFAULT);
		snprintf(text, sizeof(text), "op %u, not canonical", cmd);
		expect(text, op(cmd, (void *)0x0008000000000000UL), -EFAULT);
		snprintf(text, sizeof(text), "op %u, Xen's memory", cmd);
		expect(text, op(cmd, (void *)0xffff82d080200000UL), -EFAULT);
		snprintf(text, sizeof(text), "op %u, size 0", cmd);
		expect(text, op(cmd, page), -EINVAL);
	}
}

static void sweep_config(struct xen_perfctr_config *c)
{
	static const u32 counts[] = { 0, XEN_PERFCTR_MAX_COUNTERS + 1, 127,
				      0x80000001, ~0u };
	/* Domains as a bit mask: u, k, uk, h and ukh can be counted. */
	static const u32 domains[] = { 0, 5, 6, 8, 9, 0x80000001 };
	static const u64 periods[] = { 0, 1ULL << 46, 1ULL << 47, ~0ULL };
	unsigned int i;
	char text[48];

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		valid(c);
		c->nr = counts[i];
		snprintf(text, sizeof(text), "%u counters", counts[i]);
		create(text, c, -EINVAL, XEN_PERFCTR_BAD_NR);
	}
	for (i = 1; i < 32; i++) {
		valid(c);
		c->flags = 1u << i;
		snprintf(text, sizeof(text), "flag %u", i);
		create(text, c, -EINVAL, XEN_PERFCTR_BAD_FLAGS);
	}
	/*
	 * 18 is EDGE, 23 is INV, 31:24 are CMASK, AMD's 35:32 are of the event;
	 * all else is not the guest's.
	 */
	for (i = 16; i < 64; i++) {
		if (i == 18 || (i >= 23 && i <= (amd ? 35 : 31)))
			continue;
		valid(c);
		c->counter[0].event |= 1ULL << i;
		snprintf(text, sizeof(text), "event bit %u", i);
		create(text, c, -EINVAL, XEN_PERFCTR_BAD_EVENT);
	}
	for (i = 0; i < ARRAY_SIZE(domains); i++) {
		valid(c);
		c->counter[0].domain = domains[i];
		snprintf(text, sizeof(text), "domain %#x", domains[i]);
		create(text, c, -EINVAL, XEN_PERFCTR_BAD_DOMAIN);
	}
	valid(c);
	c->counter[0].domain = XEN_PERFCTR_DOM_HYP;
	create("hypervisor, not granted", c, -EPERM, XEN_PERFCTR_BAD_DOMAIN);
	for (i = 0; i < ARRAY_SIZE(periods); i++) {
		valid(c);
		c->counter[0].mode = XEN_PERFCTR_MODE_SAMPLE;
		c->counter[0].period = periods[i];
		snprintf(text, sizeof(text), "period %#llx", periods[i]);
		create(text, c, -EINVAL, XEN_PERFCTR_BAD_PERIOD);
	}
	/* What xen-perfctr enable grants when nothing is said. */
	valid(c);
	c->counter[0].mode = XEN_PERFCTR_MODE_SAMPLE;
	c->counter[0].period = 99;
	create("period 99, not granted", c, -EPERM, XEN_PERFCTR_BAD_PERIOD);
	valid(c);
	c->counter[0].mode = 2;
	create("mode 2", c, -EINVAL, XEN_PERFCTR_BAD_MODE);
	valid(c);
	c->counter[0].period = 1;
	create("period without sampling", c, -EINVAL, XEN_PERFCTR_BAD_PERIOD);
	valid(c);
	c->counter[0].zero = 1;
	create("zero is not 0", c, -EINVAL, XEN_PERFCTR_BAD_ZERO);
	valid(c);
	c->counter[0].event = 0xffff;
	create("unknown event", c, -ENOENT, XEN_PERFCTR_BAD_UNKNOWN);
	/* Off-core response needs a shared register: not in the table. */
	valid(c);
	c->counter[0].event = 0x01b7;
	create("off-core event", c, -ENOENT, XEN_PERFCTR_BAD_UNKNOWN);
	/* Branches fit the general counters only: 8, AMD has 6. */
	valid(c);
	c->nr = 9;
	for (i = 0; i < 9; i++) {
		c->counter[i].event = amd ? 0x00c2 : 0x00c4;
		c->counter[i].domain = XEN_PERFCTR_DOM_USER;
	}
	create("9 general counters", c, -ENOSPC, XEN_PERFCTR_BAD_FIT);
	expect("9 general counters: which is too many", c->bad_counter,
	       amd ? 6 : 8);
	valid(c);
	c->size--;
	expect("config size", op(XEN_PERFCTR_OP_config_create, c), -EINVAL);
}

static void sweep_handles(struct xen_perfctr_config *c)
{
	static const u32 handles[] = { 0, XEN_PERFCTR_MAX_CONFIGS + 1, 0x7fffffff,
				       ~0u };
	static u8 mine[XEN_PERFCTR_MAX_CONFIGS + 1];
	unsigned int i, made = 0, back = 0;
	char text[48];
	int ret;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		valid(c);
		c->handle = handles[i];
		snprintf(text, sizeof(text), "destroy handle %#x", handles[i]);
		expect(text, op(XEN_PERFCTR_OP_config_destroy, c), -ENOENT);
	}
	/* All that are free, and back; others belong to perfctr.ko. */
	for (;;) {
		valid(c);
		ret = op(XEN_PERFCTR_OP_config_create, c);
		if (ret || !c->handle || c->handle > XEN_PERFCTR_MAX_CONFIGS ||
		    mine[c->handle])
			break;
		mine[c->handle] = 1;
		made++;
	}
	expect("handles run out", ret, -ENOSPC);
	expect("the table is full", c->bad_field, XEN_PERFCTR_BAD_TABLE);
	for (i = 1; i <= XEN_PERFCTR_MAX_CONFIGS; i++) {
		if (!mine[i])
			continue;
		valid(c);
		c->handle = i;
		back += !op(XEN_PERFCTR_OP_config_destroy, c);
	}
	expect("all handles given back", back, made);
	expect("there were some", made > 0, 1);
}

static void sweep_register(void *page)
{
	struct xen_perfctr_register reg = { .size = sizeof(reg) };
	unsigned int vcpu = smp_processor_id();

	reg.vcpu = vcpu;
	reg.gfn = virt_to_gfn(page);
	reg.time_gfn = ~0ULL;
	expect("register twice", op(XEN_PERFCTR_OP_register, &reg), -EEXIST);
	reg.vcpu = 4096;
	expect("VCPU 4096", op(XEN_PERFCTR_OP_register, &reg), -ENOENT);
	reg.vcpu = ~0u;
	expect("VCPU 2^32-1", op(XEN_PERFCTR_OP_register, &reg), -ENOENT);
	expect("unregister VCPU 2^32-1", op(XEN_PERFCTR_OP_unregister, &reg),
	       -ENOENT);
	reg.vcpu = !vcpu;
	expect("another VCPU, running", op(XEN_PERFCTR_OP_register, &reg),
	       -EBUSY);
	expect("unregister another VCPU", op(XEN_PERFCTR_OP_unregister, &reg),
	       -EBUSY);
	reg.vcpu = vcpu;
	reg.zero = 1;
	expect("register: zero", op(XEN_PERFCTR_OP_register, &reg), -EINVAL);
}

static void sweep_ring(void *page)
{
	static const u32 pages[] = { 3, 12, 17, 32, 0x80000000, ~0u };
	static struct xen_perfctr_ring ring;
	unsigned int vcpu = smp_processor_id();
	unsigned int i;
	char text[48];

	ring.size = sizeof(ring);
	ring.vcpu = vcpu;
	for (i = 0; i < XEN_PERFCTR_MAX_RING_PAGES; i++)
		ring.gfn[i] = virt_to_gfn(page);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		ring.nr_pages = pages[i];
		snprintf(text, sizeof(text), "ring of %u pages", pages[i]);
		expect(text, op(XEN_PERFCTR_OP_ring, &ring), -EINVAL);
	}
	ring.nr_pages = 1;
	expect("ring twice", op(XEN_PERFCTR_OP_ring, &ring), -EEXIST);
	ring.vcpu = ~0u;
	expect("ring of VCPU 2^32-1", op(XEN_PERFCTR_OP_ring, &ring), -ENOENT);
	ring.vcpu = !vcpu;
	expect("ring of another VCPU", op(XEN_PERFCTR_OP_ring, &ring), -EBUSY);
	ring.vcpu = vcpu;
	ring.zero = 1;
	expect("ring: zero", op(XEN_PERFCTR_OP_ring, &ring), -EINVAL);
}

static void sweep_policy(void)
{
	struct xen_perfctr_policy pol = { .size = sizeof(pol) };
	struct xen_perfctr_vcpu_stats st = { .size = sizeof(st) };

	pol.domid = DOMID_SELF;
	pol.tier = XEN_PERFCTR_TIER_FULL;
	expect("policy_set, own domain", op(XEN_PERFCTR_OP_policy_set, &pol),
	       -EPERM);
	expect("policy_get, own domain", op(XEN_PERFCTR_OP_policy_get, &pol),
	       -EPERM);
	pol.domid = 0;
	expect("policy_set, dom0", op(XEN_PERFCTR_OP_policy_set, &pol), -EPERM);
	st.domid = 0;
	expect("stats of dom0", op(XEN_PERFCTR_OP_vcpu_stats, &st), -EPERM);
	st.domid = DOMID_SELF;
	st.vcpu = ~0u;
	expect("stats of VCPU 2^32-1", op(XEN_PERFCTR_OP_vcpu_stats, &st),
	       -ENOENT);
}

static u64 msr_writes(void)
{
	struct xen_perfctr_vcpu_stats st = { .size = sizeof(st) };

	st.domid = DOMID_SELF;
	st.vcpu = smp_processor_id();
	expect("own statistics", op(XEN_PERFCTR_OP_vcpu_stats, &st), 0);
	return st.msr_writes;
}

static int __init hvsweep_init(void)
{
	struct xen_perfctr_config *c = kzalloc(sizeof(*c), GFP_KERNEL);
	void *page = (void *)get_zeroed_page(GFP_KERNEL);
	u64 before;

	if (!c || !page) {
		kfree(c);
		free_page((unsigned long)page);
		return -ENOMEM;
	}
	amd = boot_cpu_data.x86_vendor == X86_VENDOR_AMD;
	preempt_disable();
	before = msr_writes();
	sweep_ops();
	sweep_pointers(page);
	sweep_config(c);
	sweep_handles(c);
	sweep_register(page);
	sweep_ring(page);
	sweep_policy();
	expect("PMU registers written", msr_writes() - before, 0);
	preempt_enable();
	pr_info("hvsweep: %u ok, %u BAD\n", good, bad);
	free_page((unsigned long)page);
	kfree(c);
	return -ECANCELED;
}
module_init(hvsweep_init);

MODULE_DESCRIPTION("Calls Xen's perfctr hypercall wrongly, on purpose");
MODULE_LICENSE("GPL");
