// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: requests to Xen
 *
 * A CPU asks Xen for a configuration by writing the request line of its page,
 * the sequence number last.  Xen acts on it at this VCPU's next return to user
 * mode, or in the apply hypercall, and then publishes the number it has seen.
 *
 * Who races: nobody.  The line is written by its own CPU with interrupts off;
 * Xen looks at it only when this very VCPU makes one of the two hypercalls
 * above, never while the VCPU is preempted or runs the kernel.  So there are
 * three states only, and each can be told from the page:
 *
 *   idle      request.seq == applied_seq, and the hardware counts what the last
 *             request said (applied_handle), or nothing if that failed
 *   pending   request.seq != applied_seq, the hardware still counts what it did
 *             before: RDPMC works and the values are those of before
 *   withdrawn request.seq set back to applied_seq before Xen looked: as if the
 *             request had never been made
 *
 * A withdrawn sequence number is not used again, and a new number differs from
 * the applied one, so a pending request cannot be mistaken for an applied one.
 */
#include <linux/compiler.h>

#include "perfctr.h"

static bool pc_request_pending(const struct pc_vcpu *c)
{
	return c->req.seq != c->hw.seq;
}

/**
 * pc_request_sync() - notice that Xen has looked at the pending request
 * @c:	this CPU
 */
void pc_request_sync(struct pc_vcpu *c)
{
	if (pc_request_pending(c) &&
	    READ_ONCE(c->page->pub.applied_seq) == c->req.seq)
		c->hw = c->req;
}

/**
 * pc_request_holds() - does the hardware count this, and for this process?
 * @c:	this CPU, synchronised
 * @h:	the configuration
 * @mm:	the address space's id
 *
 * Return: true when the raw counters can simply be taken over.  In strict mode
 * another process's are not, for they would show what that one did.
 */
bool pc_request_holds(const struct pc_vcpu *c, const struct pc_handle *h,
		      u64 mm)
{
	const struct xen_perfctr_published *pub = &c->page->pub;

	return c->hw.handle == h->handle &&
	       READ_ONCE(pub->applied_handle) == h->handle &&
	       !(READ_ONCE(pub->flags) & XEN_PERFCTR_PUB_REVOKED) &&
	       (pc_fast || c->hw.mm == mm);
}

/**
 * pc_request_withdraw() - take a pending request back
 * @c:	this CPU, synchronised
 */
void pc_request_withdraw(struct pc_vcpu *c)
{
	if (!pc_request_pending(c))
		return;
	WRITE_ONCE(c->page->request.seq, c->hw.seq);
	c->req = c->hw;
}

/**
 * pc_request_write() - ask for a configuration
 * @c:		this CPU, synchronised
 * @h:		the configuration, or NULL for none
 * @start:	start values, or NULL
 * @cookie:	comes back with samples
 * @mm:		id of the address space it will count for
 */
void pc_request_write(struct pc_vcpu *c, const struct pc_handle *h,
		      const u64 *start, u64 cookie, u64 mm)
{
	struct xen_perfctr_request *r = &c->page->request;
	u32 handle = h ? h->handle : 0;
	unsigned int i;

	c->steady = PC_NOT_STEADY;
	if (++c->seq == c->hw.seq)
		c->seq++;

	r->handle = handle;
	r->cookie = cookie;
	for (i = 0; h && i < h->nr; i++)
		r->start[i] = start[i];
	/* The same CPU reads it back, in Xen: program order is enough. */
	barrier();
	WRITE_ONCE(r->seq, c->seq);

	c->req.handle = handle;
	c->req.seq = c->seq;
	c->req.mm = mm;
	c->req.samples = h && h->sampling;
	c->req.reloads = h && h->reloads;
}

/**
 * pc_request_apply() - have a pending request applied now
 * @c:	this CPU
 *
 * A failure shows in the page: nothing is applied, and the status says why.
 */
void pc_request_apply(struct pc_vcpu *c)
{
	pc_hv_apply();
	pc_request_sync(c);
}

/**
 * pc_request_release() - stop counting and take RDPMC away before user mode
 * @c:	this CPU
 *
 * For the next thread may be one that no notifier tells us of.
 */
void pc_request_release(struct pc_vcpu *c)
{
	const struct xen_perfctr_published *pub;

	if (!c->page)
		return;
	pub = &c->page->pub;

	pc_request_sync(c);
	/* After a refused request Xen has left RDPMC on, see pc_permit(). */
	if (!READ_ONCE(pub->applied_handle) && !READ_ONCE(pub->status) &&
	    !(READ_ONCE(pub->flags) & XEN_PERFCTR_PUB_REVOKED)) {
		pc_request_withdraw(c);
		return;
	}
	if (pc_request_pending(c) && !c->req.handle)
		return;
	pc_request_write(c, NULL, NULL, 0, 0);
	if (!pc_iret_apply())
		pc_request_apply(c);
}

/**
 * pc_request_expel() - stop counting for any process but this one
 * @c:	this CPU
 * @mm:	id of the address space that is about to run
 *
 * It could read that other process's counters, and be interrupted by its samples.
 */
void pc_request_expel(struct pc_vcpu *c, u64 mm)
{
	if (c->req.mm != mm && (!pc_fast || c->req.samples))
		pc_request_release(c);
}

/**
 * pc_request_quiet() - stop what Xen may reload while this kernel runs
 * @c:	this CPU
 *
 * Its owner is gone, so what it samples in the kernel would be nobody's; and the
 * reload sums must stand still when the next thread notes where they are.
 */
void pc_request_quiet(struct pc_vcpu *c)
{
	if (!c->page)
		return;
	pc_request_sync(c);
	if (!c->hw.reloads)
		return;
	pc_request_write(c, NULL, NULL, 0, 0);
	pc_request_apply(c);
}

/**
 * pc_request_steady() - note that the counters can be handed over from now on
 * @c:	this CPU
 * @h:	the configuration of a thread that has been bound
 *
 * Until Xen publishes something, or is asked for something.  The version is read
 * first: what Xen publishes after that makes it another one.
 */
void pc_request_steady(struct pc_vcpu *c, const struct pc_handle *h)
{
	const struct xen_perfctr_published *pub = &c->page->pub;
	u32 version = READ_ONCE(pub->version);

	barrier();
	if (h->still && !pc_request_pending(c) && c->hw.handle == h->handle &&
	    READ_ONCE(pub->applied_seq) == c->hw.seq &&
	    READ_ONCE(pub->applied_handle) == h->handle &&
	    !READ_ONCE(pub->flags) && !READ_ONCE(pub->status))
		c->steady = version;
}
