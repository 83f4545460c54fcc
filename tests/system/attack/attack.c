// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack: a guest kernel that wants its neighbours to miscount
 *
 * insmod attack.ko how=NAME starts a thread on every CPU that does one thing over
 * and over, until rmmod, which says how often it has: "attack: NAME: N times, M
 * refused, K wrong".  Wrong is what must not happen to the attacker either.
 *
 * The attacks that need pages of their own must find perfctr.ko not loaded.
 */
#include <linux/cpu.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <asm/msr.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>

#include <public/perfctr.h>

#define __HYPERVISOR_perfctr_op XEN_PERFCTR_HYPERCALL
#define RING_PAGES 4

struct attacker {
	struct task_struct *thread;
	struct rnd_state rnd;
	unsigned int cpu;
	u64 times, refused, wrong;
	struct xen_perfctr_vcpu_page *page;
	void *ring[RING_PAGES];
	struct xen_perfctr_config config;
	u32 handle;
};

static char *how;
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "which attack");

static struct attacker *attackers;
/*
 * Of who has loaded this module: its page tables stay what they are to Xen. Those of
 * active_mm may be of a process that ends, and then are plain memory, which is taken.
 */
static struct mm_struct *held;

static int op(struct attacker *a, unsigned int cmd, void *arg)
{
	int ret = _hypercall2(int, perfctr_op, cmd, arg);

	a->times++;
	a->refused += ret < 0;
	return ret;
}

/* Most numbers that matter are small, or close to a power of two. */
static u64 number(struct attacker *a)
{
	u64 x = prandom_u32_state(&a->rnd);

	switch (x & 3) {
	case 0:
		return (x >> 2) & 15;
	case 1:
		return (1ULL << ((x >> 2) & 63)) - ((x >> 8) & 1);
	case 2:
		return -(u64)((x >> 2) & 15);
	default:
		return x << 32 | prandom_u32_state(&a->rnd);
	}
}

static void fill(struct attacker *a, void *to, size_t size)
{
	u64 *p = to;

	while (size >= sizeof(*p)) {
		*p++ = number(a);
		size -= sizeof(*p);
	}
}

/* Three counters that sample user and kernel as often as they may. */
static void storm(struct xen_perfctr_config *c)
{
	static const u32 events[] = { 0x00c0, 0x00c4, 0x003c };
	static const u32 amd[] = { 0x00c0, 0x00c2, 0x0076 };
	bool is_amd = boot_cpu_data.x86_vendor == X86_VENDOR_AMD;
	unsigned int i;

	memset(c, 0, sizeof(*c));
	c->size = sizeof(*c);
	c->nr = ARRAY_SIZE(events);
	c->flags = XEN_PERFCTR_CONFIG_NOTIFY;
	for (i = 0; i < c->nr; i++) {
		c->counter[i].event = is_amd ? amd[i] : events[i];
		c->counter[i].domain = XEN_PERFCTR_DOM_USER | XEN_PERFCTR_DOM_KERNEL;
		c->counter[i].mode = XEN_PERFCTR_MODE_SAMPLE;
		c->counter[i].period = 100;
	}
}

static void ring(struct attacker *a, struct xen_perfctr_ring *r)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->vcpu = xen_vcpu_nr(a->cpu);
	r->nr_pages = RING_PAGES;
	for (i = 0; i < RING_PAGES; i++)
		r->gfn[i] = virt_to_gfn(a->ring[i]);
}

static void leave(struct attacker *a)
{
	struct xen_perfctr_register reg = {
		.size = sizeof(reg),
		.vcpu = xen_vcpu_nr(a->cpu),
	};

	/* Xen would write there for ever: what it keeps is leaked. */
	if (op(a, XEN_PERFCTR_OP_unregister, &reg)) {
		a->wrong++;
		a->page = NULL;
		memset(a->ring, 0, sizeof(a->ring));
	}
	a->config.handle = a->handle;
	op(a, XEN_PERFCTR_OP_config_destroy, &a->config);
}

static int enter(struct attacker *a)
{
	struct xen_perfctr_register reg = {
		.size = sizeof(reg),
		.vcpu = xen_vcpu_nr(a->cpu),
		.gfn = virt_to_gfn(a->page),
		.time_gfn = ~0ULL,
	};
	struct xen_perfctr_ring r;
	int ret = op(a, XEN_PERFCTR_OP_register, &reg);

	ring(a, &r);
	if (ret) {
		pr_err("attack: cpu %u: error %d; is perfctr.ko loaded?\n", a->cpu, ret);
		return ret;
	}
	ret = op(a, XEN_PERFCTR_OP_ring, &r);
	storm(&a->config);
	if (!ret)
		ret = op(a, XEN_PERFCTR_OP_config_create, &a->config);
	a->handle = a->config.handle;
	if (ret) {
		pr_err("attack: cpu %u: error %d\n", a->cpu, ret);
		leave(a);
	}
	return ret;
}

static void apply(struct attacker *a, u32 handle, u64 start)
{
	struct xen_perfctr_request *r = &a->page->request;
	unsigned int i;

	r->handle = handle;
	for (i = 0; i < ARRAY_SIZE(r->start); i++)
		r->start[i] = start;
	barrier();
	WRITE_ONCE(r->seq, r->seq + 1);
	op(a, XEN_PERFCTR_OP_apply, NULL);
}

/* Every operation with anything as its argument, sizes mostly right. */
static void calls(struct attacker *a)
{
	static const u32 size[] = {
		sizeof(struct xen_perfctr_query), sizeof(struct xen_perfctr_register),
		sizeof(struct xen_perfctr_register), sizeof(struct xen_perfctr_config),
		sizeof(struct xen_perfctr_config), 0, sizeof(struct xen_perfctr_policy),
		sizeof(struct xen_perfctr_policy), sizeof(struct xen_perfctr_vcpu_stats),
		sizeof(struct xen_perfctr_ring),
	};
	u64 arg[sizeof(struct xen_perfctr_policy) / 8];	/* the largest */
	u32 cmd = prandom_u32_state(&a->rnd) % (ARRAY_SIZE(size) + 1);

	/* Not these: a page of this kernel would be Xen's. */
	if (cmd == XEN_PERFCTR_OP_register || cmd == XEN_PERFCTR_OP_ring)
		cmd |= 16;
	fill(a, arg, sizeof(arg));
	if (cmd < ARRAY_SIZE(size) && prandom_u32_state(&a->rnd) % 8)
		*(u32 *)arg = size[cmd];
	op(a, cmd, prandom_u32_state(&a->rnd) % 16 ? arg : (void *)number(a));
}

/* All handles, and back. */
static void handles(struct attacker *a)
{
	struct xen_perfctr_config c;
	unsigned int i;

	for (i = 0; i <= XEN_PERFCTR_MAX_CONFIGS; i++) {
		storm(&c);
		if (op(a, XEN_PERFCTR_OP_config_create, &c))
			break;
	}
	for (i = 1; i <= XEN_PERFCTR_MAX_CONFIGS; i++) {
		c.handle = i;
		op(a, XEN_PERFCTR_OP_config_destroy, &c);
	}
}

/* Its own page and ring become anything, while Xen counts and samples there. */
static void corrupt(struct attacker *a)
{
	u64 *page = (u64 *)a->page;
	unsigned int i;

	for (i = 0; i < 16; i++)
		page[prandom_u32_state(&a->rnd) % (PAGE_SIZE / 8)] = number(a);
	fill(a, a->ring[i % RING_PAGES], 256);
	apply(a, number(a) & 1 ? a->handle : number(a), number(a));
}

/*
 * Rings of frames that it does not have, or that are no plain memory.  (What is its
 * own memory would be taken, and its kernel overwritten, which is its own fault.)
 */
static void frames(struct attacker *a)
{
	struct xen_perfctr_ring r;
	/* An HVM guest's page tables are plain memory. */
	u64 bad[] = { ~0ULL, 1ULL << 52, 1ULL << 36, 0xfee00,
		      xen_pv_domain() ? 0 : 1ULL << 37,
		      xen_pv_domain() ? virt_to_gfn(held->pgd) : 1ULL << 38 };

	ring(a, &r);
	r.nr_pages = 0;
	op(a, XEN_PERFCTR_OP_ring, &r);
	ring(a, &r);
	r.gfn[prandom_u32_state(&a->rnd) % RING_PAGES] =
		bad[prandom_u32_state(&a->rnd) % ARRAY_SIZE(bad)];
	if (op(a, XEN_PERFCTR_OP_ring, &r)) {
		ring(a, &r);
		if (op(a, XEN_PERFCTR_OP_ring, &r))
			a->wrong++;
	}
	apply(a, a->handle, -1);
}

/* Events and requests that are refused; each refusal is a virtual interrupt. */
static void refused(struct attacker *a)
{
	struct xen_perfctr_config c;

	storm(&c);
	c.counter[1].event = number(a);
	if (!op(a, XEN_PERFCTR_OP_config_create, &c))
		op(a, XEN_PERFCTR_OP_config_destroy, &c);
	apply(a, XEN_PERFCTR_MAX_CONFIGS, -1);
	apply(a, a->handle, 1);
}

/* Every counter from the kernel, with nothing applied: refused, or zero. */
static void counters(struct attacker *a)
{
	static const u32 kinds[] = { 0, 1u << 30, 1u << 29 };
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		for (i = 0; i < 20; i++) {
			u32 lo = 0, hi = 0;
			int ret = 0;

			asm volatile("1: rdpmc\n"
				     "   jmp 3f\n"
				     "2: mov $-14, %0\n"
				     "3:\n"
				     _ASM_EXTABLE(1b, 2b)
				     : "+r" (ret), "+a" (lo), "+d" (hi)
				     : "c" (kinds[k] | i));
			a->times++;
			a->refused += ret != 0;
			a->wrong += !ret && (lo || hi);
		}
}

/* What would stop, start or reprogram counters, or send their interrupt elsewhere. */
static void registers(struct attacker *a)
{
	static const u32 msrs[] = {
		0x38d, 0x38e, 0x38f, 0x390, 0x3f1, 0x3f6, 0x345, 0x1a0, 0x1a6,
		0x1a7, 0x1d9, 0x600, 0x309, 0x30a, 0x30b, 0x186, 0x187, 0x188,
		0x189, 0x18d, 0xc1, 0xc2, 0xc3, 0xc4, 0x4c1, 0x4c2, 0x4c8, 0xe7,
		0xe8, 0x394, 0x395, 0x834, 0xc0000300, 0xc0000301, 0xc0000302,
		0xc0010000, 0xc0010001, 0xc0010003, 0xc0010004, 0xc0010007,
		0xc0010200, 0xc0010201, 0xc001020a, 0xc001020b, 0xc0010230,
		0xc0010240, 0xc0011022, 0xc0011030, 0xc0011037, 0xc001103a,
	};
	u32 msr = msrs[prandom_u32_state(&a->rnd) % ARRAY_SIZE(msrs)];

	a->times++;
	a->refused += wrmsrl_safe(msr, number(a)) != 0;
}

static const struct attack {
	const char *name;
	void (*once)(struct attacker *a);
	bool pages;		/* needs pages of its own */
} attacks[] = {
	{ "calls", calls },
	{ "handles", handles },
	{ "corrupt", corrupt, true },
	{ "frames", frames, true },
	{ "refused", refused, true },
	{ "rdpmc", counters },
	{ "registers", registers },
};
static const struct attack *attack;

static int run(void *arg)
{
	struct attacker *a = arg;
	unsigned long flags;
	int ret = 0;

	if (attack->pages)
		ret = enter(a);
	while (!kthread_should_stop()) {
		/*
		 * With interrupts off: Xen looks at the request line only when
		 * it is called, or in user mode, so that it is consistent when
		 * that is wanted.
		 */
		local_irq_save(flags);
		if (!ret)
			attack->once(a);
		local_irq_restore(flags);
		cond_resched();
		if (ret)
			schedule_timeout_interruptible(1);
	}
	a->wrong += ret != 0;
	if (attack->pages && !ret)
		leave(a);
	return 0;
}

static void free_all(void)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct attacker *a = &attackers[cpu];

		free_page((unsigned long)a->page);
		for (i = 0; i < RING_PAGES; i++)
			free_page((unsigned long)a->ring[i]);
	}
	kfree(attackers);
}

static void stop(void)
{
	u64 times = 0, refusals = 0, wrong = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct attacker *a = &attackers[cpu];

		if (a->thread)
			kthread_stop(a->thread);
		times += a->times;
		refusals += a->refused;
		wrong += a->wrong;
	}
	pr_info("attack: %s: %llu times, %llu refused, %llu wrong\n",
		attack->name, times, refusals, wrong);
	free_all();
	mmput(held);
}

static int start(struct attacker *a, unsigned int cpu)
{
	unsigned int i;

	a->cpu = cpu;
	prandom_seed_state(&a->rnd, 20110704 + cpu);
	a->page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!a->page)
		return -ENOMEM;
	for (i = 0; i < RING_PAGES; i++) {
		a->ring[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!a->ring[i])
			return -ENOMEM;
	}
	a->thread = kthread_create_on_cpu(run, a, cpu, "attack/%u");
	if (IS_ERR(a->thread)) {
		int ret = PTR_ERR(a->thread);

		a->thread = NULL;
		return ret;
	}
	wake_up_process(a->thread);
	return 0;
}

static int __init attack_init(void)
{
	unsigned int cpu, i;
	int ret = 0;

	for (i = 0; how && i < ARRAY_SIZE(attacks); i++)
		if (!strcmp(how, attacks[i].name))
			attack = &attacks[i];
	if (!attack)
		return -EINVAL;
	attackers = kcalloc(nr_cpu_ids, sizeof(*attackers), GFP_KERNEL);
	if (!attackers)
		return -ENOMEM;
	held = current->mm;
	mmget(held);
	for_each_online_cpu(cpu) {
		ret = start(&attackers[cpu], cpu);
		if (ret) {
			stop();
			return ret;
		}
	}
	return 0;
}

static void __exit attack_exit(void)
{
	stop();
}

module_init(attack_init);
module_exit(attack_exit);

MODULE_DESCRIPTION("Does to Xen's performance counters what a guest must not be able to");
MODULE_LICENSE("GPL");
