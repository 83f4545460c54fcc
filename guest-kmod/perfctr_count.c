// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: reading the hardware counters of a bound thread
 *
 * A counter that samples is in motion three times over: it counts, Xen takes
 * periods off it and adds them to its reload sum, and writes records or counts
 * missed ones.  Who races: Xen's overflow interrupt, between any two of our
 * instructions if the counter counts this kernel too.  It changes the page's
 * version, so what is read between two equal versions belongs together: raw
 * value, reload sum, missed ones and the ring's head.
 *
 * Such a counter is below zero whenever Xen has done its work.  Above Xen's rate
 * it is below -period as well: `ahead' periods were taken off, and counted as
 * missed, before they have passed:
 *
 *	ahead = floor((-raw - 1) / period)
 *
 * It is -1 or less while an overflow has not been noticed.  Hence for the thread,
 * exactly and at any moment,
 *
 *	overflows = records + missed - ahead,  next start = raw + ahead * period
 */
#include <asm/processor.h>

#include "perfctr.h"

#define PC_TRIES	1000	/* Xen's rate is far below one per try */
#define PC_PATIENCE	50	/* tries for an overflow to be noticed */

static s64 pc_ahead(s64 raw, u64 period)
{
	return raw < 0 ? (-raw - 1) / (s64)period : -(raw / (s64)period) - 1;
}

/* One try; -EAGAIN when Xen came between. */
static int pc_count_once(const struct pc_thread *t, const struct pc_vcpu *c,
			 struct pc_count *n, bool *late)
{
	const struct xen_perfctr_published *pub = &c->page->pub;
	const struct pc_handle *h = t->handle;
	u32 version = READ_ONCE(pub->version);
	unsigned int i;
	int ret;

	*late = false;
	barrier();
	for (i = 0; i < h->nr; i++) {
		ret = pc_rdpmc(h->counter[i].rdpmc, &n->resid[i]);
		if (ret)
			return ret;
		n->value[i] = t->base[i] + n->resid[i];
		if (h->counter[i].mode != PERFCTR_MODE_SAMPLE)
			continue;
		n->reload[i] = READ_ONCE(pub->reload_sum[i]);
		n->missed[i] = READ_ONCE(pub->missed[i]);
		n->value[i] += n->reload[i] - t->reload[i];
		*late |= (s64)n->resid[i] >= 0;
	}
	n->head = pc_ring_head(c);
	barrier();
	return h->sampling && READ_ONCE(pub->version) != version ? -EAGAIN : 0;
}

/**
 * pc_count() - the counts of a bound thread now
 * @t:	the thread, whose request is applied
 * @c:	this CPU
 * @n:	the answer
 *
 * Return: 0, -EFAULT when RDPMC is not allowed, -EAGAIN when the counters do not
 * stand still long enough to be read.
 */
int pc_count(const struct pc_thread *t, const struct pc_vcpu *c,
	     struct pc_count *n)
{
	const struct pc_handle *h = t->handle;
	unsigned int i, tries = 0;
	bool late;
	int ret;

	do {
		ret = pc_count_once(t, c, n, &late);
		if (ret == -EAGAIN)
			continue;
		if (ret)
			return ret;
		/*
		 * An overflow interrupt takes its time.  Should it not come, its
		 * record would not either: the overflow is a missed one then.
		 */
		if (!late || tries >= PC_PATIENCE)
			break;
		cpu_relax();
	} while (++tries < PC_TRIES);
	if (ret)
		return ret;

	for (i = 0; i < h->nr; i++) {
		const struct xen_perfctr_counter *hc = &h->counter[i];
		s64 ahead;

		if (hc->mode != PERFCTR_MODE_SAMPLE) {
			n->missed[i] = 0;
			continue;
		}
		ahead = pc_ahead(n->resid[i], hc->period);
		n->resid[i] += ahead * hc->period;
		n->missed[i] += t->missed[i] - t->missed_at[i] - ahead;
	}
	return 0;
}
