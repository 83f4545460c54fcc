// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: configurations that Xen knows
 *
 * Equal sets share one, so that a switch between their threads needs no request.
 * One that nobody uses is kept for the next set that wants it (a program that
 * is run again and again), until there are many or Xen has no room; hardware may
 * still count it, on behalf of nobody, until a CPU next returns to user mode.
 */
#include <linux/slab.h>
#include <linux/smp.h>

#include "perfctr.h"

#define PC_UNUSED_MAX	16

static LIST_HEAD(pc_handles);
static DEFINE_MUTEX(pc_handles_mutex);
static unsigned int pc_unused;
/* The policy that those which nobody uses were checked against. */
static u32 pc_unused_policy;

static u32 pc_handle_flags(const struct perfctr_config *config)
{
	return config->flags & PERFCTR_F_NOTIFY ? XEN_PERFCTR_CONFIG_NOTIFY : 0;
}

static bool pc_handle_equal(const struct pc_handle *h,
			    const struct perfctr_config *config)
{
	unsigned int i;

	if (!h->handle || h->nr != config->nr ||
	    h->flags != pc_handle_flags(config))
		return false;
	for (i = 0; i < h->nr; i++) {
		const struct xen_perfctr_counter *a = &h->counter[i];
		const struct perfctr_counter *b = &config->counter[i];

		if (a->event != b->event || a->domain != b->domain ||
		    a->mode != b->mode || a->period != b->period)
			return false;
	}
	return true;
}

/* On each CPU: have it count nothing, if it still counts @info. */
static void pc_handle_flush_cpu(void *info)
{
	const struct pc_handle *h = info;
	struct pc_vcpu *c = this_cpu_ptr(&pc_vcpus);

	if (!c->page)
		return;
	pc_request_sync(c);
	if (READ_ONCE(c->page->pub.applied_handle) == h->handle) {
		/* A thread that is here now has another one pending. */
		if (c->req.seq == c->hw.seq)
			pc_request_release(c);
		pc_request_apply(c);
	} else if (c->req.handle == h->handle) {
		pc_request_withdraw(c);
	}
}

static void pc_handle_destroy_unused(void)
{
	struct pc_handle *h, *next;

	list_for_each_entry_safe(h, next, &pc_handles, node) {
		if (h->users)
			continue;
		on_each_cpu(pc_handle_flush_cpu, h, 1);
		if (h->handle && pc_hv_config_destroy(h->handle))
			pr_warn_ratelimited("Xen keeps configuration %u\n",
					    h->handle);
		list_del(&h->node);
		kfree(h);
		pc_unused--;
	}
}

static int pc_handle_create(struct pc_handle *h, struct perfctr_config *config)
{
	struct xen_perfctr_config *hv;
	unsigned int i;
	int ret;

	hv = kzalloc(sizeof(*hv), GFP_KERNEL);
	if (!hv)
		return -ENOMEM;
	for (i = 0; i < h->nr; i++)
		hv->counter[i] = h->counter[i];
	hv->nr = h->nr;
	hv->flags = h->flags;
	ret = pc_hv_config_create(hv);
	if (ret == -ENOSPC && hv->bad_field == XEN_PERFCTR_BAD_TABLE &&
	    pc_unused) {
		pc_handle_destroy_unused();
		ret = pc_hv_config_create(hv);
	}
	if (config) {
		config->bad_counter = hv->bad_counter;
		config->bad_field = hv->bad_field;
		/* To a process -EPERM is about itself, not about its domain. */
		if (ret == -EPERM)
			ret = -EACCES;
	}
	if (!ret) {
		h->handle = hv->handle;
		for (i = 0; i < h->nr; i++)
			h->counter[i].rdpmc = hv->counter[i].rdpmc;
	}
	kfree(hv);
	return ret;
}

/* Changes when the domain's policy is set; the same on all CPUs. */
static u32 pc_policy(void)
{
	struct pc_vcpu *c = get_cpu_ptr(&pc_vcpus);
	u32 policy = c->page ? READ_ONCE(c->page->pub.policy) : 0;

	put_cpu_ptr(&pc_vcpus);
	return policy;
}

/*
 * The policy has been set since Xen checked @h, which is in use: ask again, so
 * that who is refused learns it, and why.
 */
static int pc_handle_recheck(struct pc_handle *h, struct perfctr_config *config,
			     u32 policy)
{
	struct pc_handle *fresh;
	int ret;

	if (h->policy == policy)
		return 0;
	fresh = kmemdup(h, sizeof(*h), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	ret = pc_handle_create(fresh, config);
	if (!ret) {
		pc_hv_config_destroy(fresh->handle);
		h->policy = policy;
	}
	kfree(fresh);
	return ret;
}

/* May a user have one more in use?  Xen has room for few, which all share. */
static bool pc_handle_allowed(kuid_t uid)
{
	const struct pc_handle *h;
	unsigned int used = 0;

	list_for_each_entry(h, &pc_handles, node)
		used += h->users && uid_eq(h->uid, uid);
	return used < pc_max_configs_per_user;
}

/**
 * pc_handle_get() - find or make the configuration for a set
 * @config:	what is wanted; RDPMC indexes or the offending field come back
 * @uid:	who is accounted for it, should nobody use it yet
 * @privileged:	do not refuse because of that
 *
 * Return: the configuration, or an error pointer: -EAGAIN when the user has too
 * many.
 */
struct pc_handle *pc_handle_get(struct perfctr_config *config, kuid_t uid,
				bool privileged)
{
	struct pc_handle *h;
	unsigned int i;
	u32 policy;
	int ret;

	mutex_lock(&pc_handles_mutex);
	/* Read first: should it change now, then the next set notices. */
	policy = pc_policy();
	if (policy != pc_unused_policy)
		pc_handle_destroy_unused();
	pc_unused_policy = policy;
	list_for_each_entry(h, &pc_handles, node) {
		if (!pc_handle_equal(h, config))
			continue;
		ret = pc_handle_recheck(h, config, policy);
		if (ret)
			goto unlock;
		goto found;
	}

	ret = -EAGAIN;
	if (!privileged && !pc_handle_allowed(uid))
		goto unlock;
	h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	if (!h) {
		ret = -ENOMEM;
		goto unlock;
	}
	h->nr = config->nr;
	h->flags = pc_handle_flags(config);
	h->still = true;
	for (i = 0; i < h->nr; i++) {
		struct xen_perfctr_counter *hc = &h->counter[i];

		hc->event = config->counter[i].event;
		hc->domain = config->counter[i].domain;
		hc->mode = config->counter[i].mode;
		hc->period = config->counter[i].period;
		if (hc->domain & PERFCTR_DOM_KERNEL)
			h->at_once = true;
		if (hc->domain != PERFCTR_DOM_USER ||
		    hc->mode != PERFCTR_MODE_ACCUMULATE)
			h->still = false;
		if (hc->mode == PERFCTR_MODE_SAMPLE) {
			h->sampling = true;
			if (hc->domain & ~PERFCTR_DOM_USER)
				h->reloads = true;
		}
	}
	ret = pc_handle_create(h, config);
	if (ret) {
		kfree(h);
		goto unlock;
	}
	h->policy = policy;
	list_add(&h->node, &pc_handles);
	pc_unused++;
found:
	if (!h->users) {
		ret = -EAGAIN;
		if (!privileged && !pc_handle_allowed(uid))
			goto unlock;
		h->uid = uid;
		pc_unused--;
	}
	h->users++;
	for (i = 0; i < h->nr; i++)
		config->counter[i].rdpmc = h->counter[i].rdpmc;
	mutex_unlock(&pc_handles_mutex);
	return h;

unlock:
	mutex_unlock(&pc_handles_mutex);
	return ERR_PTR(ret);
}

/**
 * pc_handle_put() - a set does not need it any more
 * @h:	the configuration
 */
void pc_handle_put(struct pc_handle *h)
{
	mutex_lock(&pc_handles_mutex);
	if (!--h->users && ++pc_unused > PC_UNUSED_MAX)
		pc_handle_destroy_unused();
	mutex_unlock(&pc_handles_mutex);
}

/**
 * pc_handle_restore_all() - tell a new Xen all configurations
 *
 * In process context, before processes run again.
 */
void pc_handle_restore_all(void)
{
	struct pc_handle *h;

	mutex_lock(&pc_handles_mutex);
	list_for_each_entry(h, &pc_handles, node) {
		h->handle = 0;
		h->policy = ~0u;
		if (pc_handle_create(h, NULL))
			pr_warn("a counter configuration does not fit this host\n");
	}
	mutex_unlock(&pc_handles_mutex);
}

/**
 * pc_handle_exit() - forget all configurations
 */
void pc_handle_exit(void)
{
	mutex_lock(&pc_handles_mutex);
	pc_handle_destroy_unused();
	mutex_unlock(&pc_handles_mutex);
}
