// SPDX-License-Identifier: GPL-2.0-only
/*
 * kloop: executes a loop of known length in the kernel and counts it
 *
 * With interrupts off, so that the kernel does nothing else meanwhile; Xen still
 * takes its own interrupts, and may run other VCPUs, which must not show.
 */
#include <linux/extable.h>
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/asm.h>

#include "kloop.h"

/* As kloop.h says; -EFAULT if there is no such counter to be read. */
static noinline int kloop(u32 index, u64 rounds, u64 *difference)
{
	u64 first, second, left;
	int ret = 0;

	asm volatile("1:	rdpmc\n"
		     "	shl	$32, %%rdx\n"
		     "	or	%%rdx, %%rax\n"
		     "	mov	%%rax, %[first]\n"
		     "	mov	%[rounds], %[left]\n"
		     "2:	dec	%[left]\n"
		     "	jnz	2b\n"
		     "	rdpmc\n"
		     "	shl	$32, %%rdx\n"
		     "	or	%%rdx, %%rax\n"
		     "	jmp	4f\n"
		     "3:	movl	%[fault], %[ret]\n"
		     "4:\n"
		     _ASM_EXTABLE(1b, 3b)
		     : "=&a" (second), [first] "=&r" (first),
		       [left] "=&r" (left), [ret] "+r" (ret)
		     : "c" (index), [rounds] "r" (rounds),
		       [fault] "i" (-EFAULT)
		     : "rdx", "cc");
	if (!ret)
		*difference = second - first;
	return ret;
}

static long kloop_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct kloop_run run;
	unsigned long flags;
	int ret;

	if (cmd != KLOOP_RUN)
		return -ENOTTY;
	if (copy_from_user(&run, (void __user *)arg, sizeof(run)))
		return -EFAULT;
	if (run.zero || !run.rounds || run.rounds >> 32)
		return -EINVAL;
	local_irq_save(flags);
	ret = kloop(run.rdpmc, run.rounds, &run.difference);
	local_irq_restore(flags);
	if (ret)
		return ret;
	if (copy_to_user((void __user *)arg, &run, sizeof(run)))
		return -EFAULT;
	return 0;
}

static const struct file_operations kloop_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = kloop_ioctl,
};

static struct miscdevice kloop_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kloop",
	.fops = &kloop_fops,
	.mode = 0600,
};
module_misc_device(kloop_device);

MODULE_DESCRIPTION("Counts a loop of known length in the kernel");
MODULE_LICENSE("GPL");
