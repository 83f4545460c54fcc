// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: call chains of user mode, by frame pointers
 *
 * The thread's registers and stack are whatever it has made of them.  The walk
 * reads nothing outside the mapping that holds the stack pointer, only goes
 * upwards, reads without faulting, and ends: at the latest after PERFCTR_MAX_STACK
 * frames.  Code without frame pointers, and 32-bit code, has short chains.
 *
 * In the counters' interrupt, which cannot wait for the lock of the address
 * space.  Whoever holds it for writing gets a sample without a chain.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/thread_info.h>
#include <linux/uaccess.h>

#include "perfctr.h"

struct pc_frame {
	u64 next;
	u64 ret;
};

/* Up to where the stack can be read; 0 when that cannot be told. */
static u64 pc_chain_limit(struct mm_struct *mm, u64 sp)
{
	const struct vm_area_struct *vma;
	u64 limit = 0;

	if (!mmap_read_trylock(mm))
		return 0;
	vma = find_vma(mm, sp);
	/* No device's memory, where a read has effects. */
	if (vma && vma->vm_start <= sp &&
	    !(vma->vm_flags & (VM_IO | VM_PFNMAP)))
		limit = vma->vm_end;
	mmap_read_unlock(mm);
	return limit;
}

/**
 * pc_chain_walk() - find the return addresses of the current thread
 * @chain:	the answer
 * @max:	most entries
 */
void pc_chain_walk(struct pc_chain *chain, unsigned int max)
{
	const struct pt_regs *regs = task_pt_regs(current);
	u64 low = regs->sp, fp = regs->bp, limit;
	struct pc_frame frame;

	chain->ip = regs->ip;
	chain->nr = 0;
	if (!current->mm || test_thread_flag(TIF_ADDR32))
		return;
	limit = pc_chain_limit(current->mm, low);
	while (chain->nr < max && !(fp & 7) && fp >= low && fp < limit &&
	       limit - fp >= sizeof(frame)) {
		if (copy_from_user_nofault(&frame, (void __user *)fp,
					   sizeof(frame)) || !frame.ret)
			return;
		chain->entry[chain->nr++] = frame.ret;
		low = fp + sizeof(frame);
		fp = frame.next;
	}
}
