// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvfuzz: a guest kernel that knows no rules
 *
 * On each CPU at once `count` random steps, which follow from `seed`: hypercalls with
 * arguments that are nearly right, requests in the VCPU's page, and random words all
 * over that page and the sample ring, while the other CPUs do the same.
 *
 * Each answer of Xen has to be one that doc/abi.md knows, and pages that Xen was never
 * told of stay as they are. Prints "hvfuzz: ok NAME: ..." or "hvfuzz: BAD NAME: ...".
 * Loading always fails with -ECANCELED, so that nothing has to be removed.
 *
 * perfctr.ko must not be loaded: the pages are registered here. Frames that are handed
 * to Xen are of this module's own pages, as Xen zeroes them, or of nobody.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>

#include <public/perfctr.h>

#define __HYPERVISOR_perfctr_op XEN_PERFCTR_HYPERCALL

#define POOL	8	/* pages of a CPU that may be Xen's: page, time, ring */
#define CANARY	0x5a

static unsigned long seed = 1;
module_param(seed, ulong, 0);
static unsigned long count = 1000;
module_param(count, ulong, 0);

struct fuzzer {
	u64 state;
	unsigned int cpu;
	void *pool[POOL];
	void *canary;
	void *argument;
	unsigned long calls, good;
	int unknown;		/* an answer that nobody has documented */
	struct completion done;
};

static struct fuzzer *fuzzers;
static unsigned int nr_cpus;

static u64 any(struct fuzzer *f)
{
	f->state ^= f->state << 13;
	f->state ^= f->state >> 7;
	f->state ^= f->state << 17;
	return f->state;
}

static u64 below(struct fuzzer *f, u64 n)
{
	return any(f) % n;
}

static bool known(int ret)
{
	switch (ret) {
	case 0:
	case -EINVAL:
	case -EFAULT:
	case -ENOENT:
	case -ESRCH:
	case -EEXIST:
	case -EBUSY:
	case -EPERM:
	case -ENODEV:
	case -ENOSPC:
	case -EOPNOTSUPP:
	case -ENOMEM:
		return true;
	}
	return false;
}

static int op(struct fuzzer *f, unsigned int cmd, void *arg)
{
	int ret = _hypercall2(int, perfctr_op, cmd, arg);

	f->calls++;
	if (!ret)
		f->good++;
	if (!known(ret))
		f->unknown = ret;
	return ret;
}

/* A frame of any fuzzer's pool, or one that the domain has not. */
static u64 frame(struct fuzzer *f)
{
	struct fuzzer *of = &fuzzers[below(f, 8) ? f->cpu : below(f, nr_cpus)];

	if (below(f, 16) == 0)
		return any(f) | 1ULL << (30 + below(f, 34));
	return virt_to_gfn(of->pool[below(f, POOL)]);
}

static u32 vcpu(struct fuzzer *f)
{
	return below(f, 8) ? f->cpu : below(f, 2) ? below(f, nr_cpus + 1) :
						    (u32)any(f);
}

static u64 event(struct fuzzer *f)
{
	static const u64 codes[] = { 0xc0, 0xc4, 0xc2, 0x3c, 0x76, 0x300, 0xc5,
				     0x412e };
	u64 code = codes[below(f, ARRAY_SIZE(codes))];

	if (below(f, 8) == 0)
		code |= any(f) & 0xff000000;
	if (below(f, 16) == 0)
		code ^= 1ULL << below(f, 64);
	return code;
}

static void make_config(struct fuzzer *f, struct xen_perfctr_config *c)
{
	unsigned int i;

	c->size = sizeof(*c);
	c->handle = below(f, 8) ? below(f, 12) : (u32)any(f);
	c->nr = below(f, 16) ? 1 + below(f, 6) : (u32)any(f);
	c->flags = below(f, 4) == 0;
	for (i = 0; i < XEN_PERFCTR_MAX_COUNTERS; i++) {
		c->counter[i].event = event(f);
		c->counter[i].domain = below(f, 4) ? XEN_PERFCTR_DOM_USER :
						     below(f, 9);
		if (below(f, 3) == 0) {
			c->counter[i].mode = XEN_PERFCTR_MODE_SAMPLE;
			c->counter[i].period = below(f, 8) ?
				20000 + below(f, 1 << 20) :
				any(f) >> below(f, 64);
		}
	}
}

static void make_argument(struct fuzzer *f, unsigned int cmd)
{
	struct xen_perfctr_register *reg = f->argument;
	struct xen_perfctr_ring *ring = f->argument;
	struct xen_perfctr_policy *policy = f->argument;
	unsigned int i;

	memset(f->argument, 0, PAGE_SIZE);
	switch (cmd) {
	case XEN_PERFCTR_OP_query:
		*(u32 *)f->argument = sizeof(struct xen_perfctr_query);
		break;
	case XEN_PERFCTR_OP_register:
	case XEN_PERFCTR_OP_unregister:
		reg->size = sizeof(*reg);
		reg->vcpu = vcpu(f);
		reg->gfn = frame(f);
		reg->time_gfn = below(f, 2) ? frame(f) : ~0ULL;
		reg->time_offset = below(f, 8) ? below(f, 64) * 64 : any(f);
		break;
	case XEN_PERFCTR_OP_config_create:
	case XEN_PERFCTR_OP_config_destroy:
		make_config(f, f->argument);
		break;
	case XEN_PERFCTR_OP_policy_get:
	case XEN_PERFCTR_OP_policy_set:
		policy->size = sizeof(*policy);
		policy->domid = below(f, 2) ? DOMID_SELF : below(f, 4);
		policy->tier = below(f, 5);
		break;
	case XEN_PERFCTR_OP_vcpu_stats:
		policy->size = sizeof(struct xen_perfctr_vcpu_stats);
		policy->domid = below(f, 2) ? DOMID_SELF : below(f, 4);
		policy->tier = vcpu(f);	/* where its vcpu is */
		break;
	case XEN_PERFCTR_OP_ring:
		ring->size = sizeof(*ring);
		ring->vcpu = vcpu(f);
		ring->nr_pages = below(f, 8) ? 1u << below(f, 3) : below(f, 40);
		for (i = 0; i < XEN_PERFCTR_MAX_RING_PAGES; i++)
			ring->gfn[i] = frame(f);
		break;
	}
	/* The size, the domain's id and frames are left alone. */
	if (below(f, 6) == 0 && cmd != XEN_PERFCTR_OP_register &&
	    cmd != XEN_PERFCTR_OP_ring)
		((u8 *)f->argument)[below(f, 64)] ^= 1u << below(f, 8);
}

static void hypercall(struct fuzzer *f)
{
	static void *const nowhere[] = {
		NULL, (void *)0x0008000000000000UL, (void *)0xffff82d080200000UL,
	};
	unsigned int cmd = below(f, 32) ? below(f, 11) : (u32)any(f);

	make_argument(f, cmd);
	op(f, cmd, below(f, 32) ? f->argument :
				  nowhere[below(f, ARRAY_SIZE(nowhere))]);
}

/* The pool's first page is the one that is registered first. */
static void request(struct fuzzer *f)
{
	struct xen_perfctr_vcpu_page *page = f->pool[0];
	unsigned int i;

	page->request.handle = below(f, 8) ? below(f, 12) : (u32)any(f);
	page->request.cookie = any(f);
	for (i = 0; i < XEN_PERFCTR_MAX_COUNTERS; i++)
		page->request.start[i] = below(f, 2) ? -below(f, 20000) : any(f);
	page->request.seq++;
	page->ring_tail = below(f, 4) ? page->pub.ring_head : (u32)any(f);
	if (below(f, 2))
		op(f, XEN_PERFCTR_OP_apply, NULL);
}

static void scribble(struct fuzzer *f)
{
	struct fuzzer *of = &fuzzers[below(f, 4) ? f->cpu : below(f, nr_cpus)];
	u64 *page = of->pool[below(f, POOL)];
	unsigned int n = below(f, 64);

	while (n--)
		WRITE_ONCE(page[below(f, PAGE_SIZE / 8)], any(f));
}

static int fuzz(void *data)
{
	struct fuzzer *f = data;
	struct xen_perfctr_register *reg = f->argument;
	struct xen_perfctr_vcpu_page *page = f->pool[0];
	unsigned long i;

	memset(reg, 0, sizeof(*reg));
	reg->size = sizeof(*reg);
	reg->vcpu = f->cpu;
	reg->gfn = virt_to_gfn(f->pool[0]);
	reg->time_gfn = ~0ULL;
	op(f, XEN_PERFCTR_OP_register, reg);

	for (i = 0; i < count; i++) {
		switch (below(f, 8)) {
		case 0 ... 4:
			hypercall(f);
			break;
		case 5 ... 6:
			request(f);
			break;
		case 7:
			scribble(f);
			break;
		}
		if (i % 64 == 0)
			cond_resched();
	}

	/* Nothing stays: of this CPU here, of the domain by the last one. */
	page->request.handle = 0;
	page->request.seq++;
	op(f, XEN_PERFCTR_OP_apply, NULL);
	memset(reg, 0, sizeof(*reg));
	reg->size = sizeof(*reg);
	reg->vcpu = f->cpu;
	op(f, XEN_PERFCTR_OP_unregister, reg);
	complete(&f->done);
	/* Until it is stopped: so that the thread is ours to end. */
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static int prepare(struct fuzzer *f, unsigned int cpu)
{
	unsigned int i;

	f->cpu = cpu;
	f->state = seed * 0x9e3779b97f4a7c15ULL + cpu + 1;
	init_completion(&f->done);
	for (i = 0; i < POOL; i++) {
		f->pool[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!f->pool[i])
			return -ENOMEM;
	}
	f->argument = (void *)get_zeroed_page(GFP_KERNEL);
	f->canary = (void *)get_zeroed_page(GFP_KERNEL);
	if (!f->argument || !f->canary)
		return -ENOMEM;
	memset(f->canary, CANARY, PAGE_SIZE);
	return 0;
}

static void destroy_configs(struct fuzzer *f)
{
	struct xen_perfctr_config *c = f->argument;
	unsigned int handle, left = 0;
	int ret;

	for (handle = 1; handle <= XEN_PERFCTR_MAX_CONFIGS; handle++) {
		memset(c, 0, sizeof(*c));
		c->size = sizeof(*c);
		c->handle = handle;
		ret = op(f, XEN_PERFCTR_OP_config_destroy, c);
		left += ret && ret != -ENOENT;
	}
	pr_info("hvfuzz: %s configurations given back: %u left\n",
		left ? "BAD" : "ok", left);
}

static void report(struct fuzzer *f)
{
	pr_info("hvfuzz: %s answers on CPU %u: %lu hypercalls, %lu succeeded, unknown %d\n",
		f->unknown ? "BAD" : "ok", f->cpu, f->calls, f->good, f->unknown);
	pr_info("hvfuzz: %s memory of CPU %u: %s\n",
		memchr_inv(f->canary, CANARY, PAGE_SIZE) ? "BAD" : "ok", f->cpu,
		"what Xen was not told of is untouched");
}

static int __init hvfuzz_init(void)
{
	struct task_struct **threads;
	unsigned int cpu, i;
	int ret = -ENOMEM;

	nr_cpus = num_online_cpus();
	fuzzers = kcalloc(nr_cpus, sizeof(*fuzzers), GFP_KERNEL);
	threads = kcalloc(nr_cpus, sizeof(*threads), GFP_KERNEL);
	if (!fuzzers || !threads)
		goto free;
	for (cpu = 0; cpu < nr_cpus; cpu++)
		if (prepare(&fuzzers[cpu], cpu))
			goto free;
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		threads[cpu] = kthread_create_on_cpu(fuzz, &fuzzers[cpu], cpu,
						     "hvfuzz/%u");
		if (IS_ERR(threads[cpu])) {
			/* Those that run use the pages: let them end. */
			pr_info("hvfuzz: BAD threads: cannot be created\n");
			break;
		}
		wake_up_process(threads[cpu]);
	}
	for (i = 0; i < cpu; i++) {
		wait_for_completion(&fuzzers[i].done);
		kthread_stop(threads[i]);
	}
	destroy_configs(&fuzzers[0]);
	for (i = 0; i < cpu; i++)
		report(&fuzzers[i]);
	ret = -ECANCELED;
free:
	for (cpu = 0; fuzzers && cpu < nr_cpus; cpu++) {
		for (i = 0; i < POOL; i++)
			free_page((unsigned long)fuzzers[cpu].pool[i]);
		free_page((unsigned long)fuzzers[cpu].argument);
		free_page((unsigned long)fuzzers[cpu].canary);
	}
	kfree(threads);
	kfree(fuzzers);
	return ret;
}
module_init(hvfuzz_init);

MODULE_DESCRIPTION("Calls Xen's perfctr hypercall at random");
MODULE_LICENSE("GPL");
