// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: the device
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>
#include <xen/xen.h>

#include "perfctr.h"

static_assert(sizeof(struct perfctr_info) == 0x50);
static_assert(sizeof(struct perfctr_counter) == 0x20);
static_assert(sizeof(struct perfctr_config) == 0x1a8);
static_assert(offsetof(struct perfctr_config, counter) == 0x18);
static_assert(offsetof(struct perfctr_config, max_stack) == 0x1a4);
static_assert(sizeof(struct perfctr_period) == 0x10);

static int pc_dev_open(struct inode *inode, struct file *file)
{
	file->private_data = pc_set_alloc();
	return file->private_data ? stream_open(inode, file) : -ENOMEM;
}

static int pc_dev_release(struct inode *inode, struct file *file)
{
	pc_set_close(file->private_data);
	return 0;
}

static int pc_dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return pc_set_mmap(file->private_data, vma);
}

static __poll_t pc_dev_poll(struct file *file, struct poll_table_struct *wait)
{
	return pc_set_poll(file->private_data, file, wait);
}

static int pc_dev_info(struct perfctr_info *info)
{
	struct xen_perfctr_query now;

	if (info->size != sizeof(*info))
		return -EINVAL;
	/* The policy may have changed since the module was loaded. */
	if (pc_hv_query(&now)) {
		now.tier = XEN_PERFCTR_TIER_OFF;
		now.flags = 0;
		now.min_period = 0;
	}
	info->abi = PERFCTR_ABI_VERSION;
	info->hv_abi = pc_caps.abi;
	info->flags = 0;
	if (xen_pv_domain())
		info->flags |= PERFCTR_INFO_PV;
	if (pc_fast)
		info->flags |= PERFCTR_INFO_FAST;
	if (now.flags & XEN_PERFCTR_CAP_KERNEL)
		info->flags |= PERFCTR_INFO_KERNEL;
	if (now.flags & XEN_PERFCTR_CAP_HYP)
		info->flags |= PERFCTR_INFO_HYP;
	if (pc_caps.flags & XEN_PERFCTR_CAP_SAMPLE)
		info->flags |= PERFCTR_INFO_SAMPLE;
	info->vendor = pc_caps.vendor;
	info->pmu_version = pc_caps.pmu_version;
	info->nr_gp = pc_caps.nr_gp;
	info->nr_fixed = pc_caps.nr_fixed;
	info->width = pc_caps.width;
	info->tier = now.tier;
	info->mmap_size = pc_vcpu_mmap_size();
	info->tsc_khz = tsc_khz;
	info->min_period = now.min_period;
	pc_vcpu_hypercalls(&info->hypercalls_perfctr, &info->hypercalls_other);
	info->active_threads = atomic_read(&pc_active);
	return 0;
}

static long pc_dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct pc_set *set = file->private_data;
	union {
		struct perfctr_info info;
		struct perfctr_config config;
		struct perfctr_read read;
		struct perfctr_read_threads threads;
		struct perfctr_period period;
	} u;
	bool copy_back = false;
	long ret;

	if (_IOC_TYPE(cmd) != PERFCTR_IOC_MAGIC || _IOC_SIZE(cmd) > sizeof(u))
		return -ENOTTY;
	if (_IOC_DIR(cmd) & _IOC_WRITE &&
	    copy_from_user(&u, user, _IOC_SIZE(cmd)))
		return -EFAULT;

	switch (cmd) {
	case PERFCTR_IOC_INFO:
		ret = pc_dev_info(&u.info);
		break;
	case PERFCTR_IOC_CONFIGURE:
		ret = pc_set_configure(set, &u.config);
		/* What was wrong with it */
		copy_back = true;
		break;
	case PERFCTR_IOC_START:
	case PERFCTR_IOC_STOP:
	case PERFCTR_IOC_RESET:
		return pc_set_control(set, cmd);
	case PERFCTR_IOC_READ:
		ret = pc_set_may_read(set) ?: pc_read_set(set, &u.read);
		break;
	case PERFCTR_IOC_READ_THREADS:
		ret = pc_set_may_read(set) ?: pc_read_threads(set, &u.threads);
		break;
	case PERFCTR_IOC_PERIOD:
		return pc_set_period(set, &u.period);
	default:
		return -ENOTTY;
	}
	if ((!ret || copy_back) && copy_to_user(user, &u, _IOC_SIZE(cmd)))
		return -EFAULT;
	return ret;
}

static const struct file_operations pc_dev_fops = {
	.owner = THIS_MODULE,
	.open = pc_dev_open,
	.release = pc_dev_release,
	.mmap = pc_dev_mmap,
	.poll = pc_dev_poll,
	.unlocked_ioctl = pc_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = no_llseek,
};

static struct miscdevice pc_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "perfctr",
	.fops = &pc_dev_fops,
	.mode = 0660,
};

/**
 * pc_dev_init() - make the device
 */
int pc_dev_init(void)
{
	return misc_register(&pc_dev);
}

/**
 * pc_dev_exit() - remove it
 */
void pc_dev_exit(void)
{
	misc_deregister(&pc_dev);
}
