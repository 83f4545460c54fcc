// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: what a process maps of a set, and waits for
 */
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "perfctr.h"

/**
 * pc_set_poll() - are there samples?
 * @set:	the set
 * @file:	its file
 * @wait:	where to wait
 */
__poll_t pc_set_poll(struct pc_set *set, struct file *file, poll_table *wait)
{
	struct pc_buffer *b;
	__poll_t mask = 0;
	bool configured;

	poll_wait(file, &set->wait, wait);
	spin_lock(&set->lock);
	configured = set->ready;
	b = set->buffer;
	spin_unlock(&set->lock);
	if (!configured)
		return EPOLLERR;
	/* From then on the buffer stays as long as the file. */
	if (!atomic_read(&set->live))
		mask = EPOLLHUP;
	if (b && pc_buffer_ready(b, mask))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

/* The target's slot, for the target's own process: nobody else can use it. */
static int pc_set_mmap_slot(struct pc_set *set, struct vm_area_struct *vma)
{
	struct pc_thread *t = NULL;
	int ret = -EINVAL;

	spin_lock(&set->lock);
	if (set->target) {
		t = set->target;
		raw_spin_lock_irq(&t->lock);
		ret = t->task && same_thread_group(t->task, current) ?
		      0 : -EPERM;
		raw_spin_unlock_irq(&t->lock);
		kref_get(&t->ref);
	}
	spin_unlock(&set->lock);
	if (!ret)
		ret = pc_slot_mmap(t, vma);
	if (t)
		pc_thread_put(t);
	return ret;
}

/* The samples, for the process that made the set. */
static int pc_set_mmap_buffer(struct pc_set *set, struct vm_area_struct *vma)
{
	struct pc_buffer *b = NULL;

	spin_lock(&set->lock);
	/* Before that, it may yet be taken back. */
	if (set->ready)
		b = set->buffer;
	spin_unlock(&set->lock);
	if (!b)
		return -EINVAL;
	if (set->tgid != task_tgid(current))
		return -EPERM;
	return pc_buffer_mmap(b, vma);
}

/**
 * pc_set_mmap() - map the target's slot, or the samples
 * @set:	the set
 * @vma:	where, and which
 */
int pc_set_mmap(struct pc_set *set, struct vm_area_struct *vma)
{
	if (vma->vm_pgoff == PERFCTR_MMAP_BUFFER >> PAGE_SHIFT)
		return pc_set_mmap_buffer(set, vma);
	return pc_set_mmap_slot(set, vma);
}
