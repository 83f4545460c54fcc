// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: thread slots, what user mode reads
 *
 * Who races: the thread that reads its slot in user mode, and the kernel that
 * writes it.  The kernel writes the slot of a thread only
 *
 *   - on the CPU where the thread is current, in its own system call, at its
 *     switch or in an interrupt: the reader has been interrupted between two of
 *     its instructions and sees all of the stores, or none, and the epoch with
 *     them; its comparison at the end then fails and it starts again;
 *   - or from anywhere while the thread is off the CPU, with its lock held: the
 *     switch-in takes the same lock, and the scheduler orders the rest.
 *
 * So no store is ever concurrent with a load of the reader, and neither fences
 * nor an odd/even protocol are needed.  The epoch wraps after 2^32 switches, all
 * of which would have to fit between two adjacent loads.
 *
 * A switch-out writes nothing: nobody reads the slot until the switch-in has
 * rewritten it.
 */
#include <linux/mm.h>
#include <linux/stddef.h>

#include "perfctr.h"

static_assert(sizeof(struct perfctr_slot_counter) == 0x10);
static_assert(sizeof(struct perfctr_slot) == 0x100);
static_assert(offsetof(struct perfctr_slot, counter) == 0x10);
static_assert(offsetof(struct perfctr_slot, time_offset) == 0xd0);
static_assert(offsetof(struct perfctr_slot, time_record) == 0xd8);
static_assert(sizeof(struct perfctr_time_record) == 0x40);

/* Another number when RDPMC's indexes may have changed, in all slots; not 0. */
u32 pc_indexed = 1;

/**
 * pc_slot_forget_indexes() - Xen may be another one
 *
 * All other CPUs are stopped, and no thread is bound.
 */
void pc_slot_forget_indexes(void)
{
	if (!++pc_indexed)
		pc_indexed = 1;
}

/**
 * pc_slot_init() - set up the slot of a new thread
 * @t:	the thread
 */
void pc_slot_init(struct pc_thread *t)
{
	t->slot->abi = PERFCTR_ABI_VERSION;
	t->slot->nr = t->handle->nr;
	pc_slot_idle(t);
}

/**
 * pc_slot_live() - let the thread read counters that run
 * @t:		the thread, which is current and has just been bound
 * @c:		this CPU
 *
 * A sampling counter's offset changes with each sample.  Where the interrupt
 * comes with the sample, it is right before the thread can look; elsewhere the
 * thread has to ask, and finds the count at its last switch here.
 */
void pc_slot_live(struct pc_thread *t, const struct pc_vcpu *c)
{
	const struct pc_handle *h = t->handle;
	struct perfctr_slot *s = t->slot;
	unsigned int i;

	for (i = 0; i < h->nr; i++) {
		const struct xen_perfctr_counter *hc = &h->counter[i];

		if (hc->mode == PERFCTR_MODE_SAMPLE &&
		    !(h->flags & XEN_PERFCTR_CONFIG_NOTIFY)) {
			s->counter[i].offset = t->saved[i];
			s->counter[i].index = PERFCTR_NO_RDPMC;
		} else {
			s->counter[i].offset = t->base[i];
			s->counter[i].index = hc->rdpmc;
			t->shown = t->page;
		}
	}
	s->state = t->state;
	t->indexed = h->still ? pc_indexed : 0;
	pc_slot_time(s, t->run - t->stolen, c->time_record);
	pc_slot_bump(s);
}

/**
 * pc_slot_reload() - Xen has taken periods off the counters
 * @t:		the thread, which is current and has been interrupted
 * @reload:	the sums now
 */
void pc_slot_reload(struct pc_thread *t, const u64 *reload)
{
	const struct pc_handle *h = t->handle;
	struct perfctr_slot *s = t->slot;
	unsigned int i;

	for (i = 0; i < h->nr; i++)
		if (h->counter[i].mode == PERFCTR_MODE_SAMPLE)
			s->counter[i].offset = t->base[i] + reload[i] -
					       t->reload[i];
	pc_slot_bump(s);
}

/**
 * pc_slot_idle() - show the saved counts
 * @t:	the thread
 */
void pc_slot_idle(struct pc_thread *t)
{
	struct perfctr_slot *s = t->slot;
	unsigned int i;

	for (i = 0; i < PERFCTR_MAX_COUNTERS; i++) {
		s->counter[i].index = PERFCTR_NO_RDPMC;
		s->counter[i].offset = t->saved[i];
	}
	s->state = t->state;
	t->indexed = 0;
	pc_slot_time(s, t->run - t->stolen, 0);
	pc_slot_bump(s);
}

/**
 * pc_slot_mmap() - map a slot and the time records, read-only
 * @t:		the thread
 * @vma:	where
 *
 * The pages are inserted now, so that the first read does not fault.  A mapping
 * holds the file and with it the set; each page has its own reference.
 */
int pc_slot_mmap(struct pc_thread *t, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	unsigned int i;
	int ret;

	if (vma->vm_pgoff || vma->vm_end - addr != pc_vcpu_mmap_size() ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	vma->vm_flags &= ~(VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_flags |= VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP;

	ret = vm_insert_page(vma, addr, t->page);
	for (i = 0; !ret && i < pc_vcpu_time_pages(); i++) {
		addr += PAGE_SIZE;
		ret = vm_insert_page(vma, addr, pc_vcpu_time_page(i));
	}
	return ret;
}
