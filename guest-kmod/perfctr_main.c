// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: paravirtual performance counters for Xen guests
 */
#include <linux/cpu.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <xen/xen.h>

#include "perfctr.h"

struct xen_perfctr_query pc_caps;
atomic_t pc_active = ATOMIC_INIT(0);
struct workqueue_struct *pc_wq;

bool pc_fast;
module_param_named(fast, pc_fast, bool, 0444);
MODULE_PARM_DESC(fast,
		 "let other processes read raw counters, for cheaper switches");

/* Highest bit of a counter. */
u64 pc_sign;

unsigned int pc_start_bias_bits = 47;
module_param_named(start_bias_bits, pc_start_bias_bits, uint, 0444);
MODULE_PARM_DESC(start_bias_bits,
		 "counters start at minus 2 to this power (for tests)");

unsigned int pc_max_threads_per_user = 16384;
module_param_named(max_threads_per_user, pc_max_threads_per_user, uint, 0644);
MODULE_PARM_DESC(max_threads_per_user,
		 "most threads that a user may have counted at a time");

unsigned int pc_max_configs_per_user = XEN_PERFCTR_MAX_CONFIGS / 2;
module_param_named(max_configs_per_user, pc_max_configs_per_user, uint, 0644);
MODULE_PARM_DESC(max_configs_per_user,
		 "most different counter configurations in use by a user");

unsigned int pc_ring_pages = 4;
module_param_named(ring_pages, pc_ring_pages, uint, 0444);
MODULE_PARM_DESC(ring_pages,
		 "pages of each CPU's sample ring: 1, 2, 4, 8 or 16");

/* Ask Xen; say in one line why not. */
static int __init pc_check(void)
{
	int ret;

	if (!xen_domain()) {
		pr_err("not a Xen guest\n");
		return -ENODEV;
	}
	ret = pc_hv_query(&pc_caps);
	switch (ret) {
	case 0:
		break;
	case -ENOSYS:
		pr_err("this Xen has no perfctr patch\n");
		return -ENODEV;
	case -EOPNOTSUPP:
		pr_err("perfctr is off in Xen: boot it with perfctr=on\n");
		return -ENODEV;
	case -ENODEV:
		pr_err("perfctr is off for this domain (xen-perfctr enable), or in Xen (boot option perfctr=)\n");
		return -ENODEV;
	case -EINVAL:
		pr_err("Xen's perfctr has another ABI than %u\n",
		       XEN_PERFCTR_ABI);
		return -EPROTO;
	default:
		pr_err("Xen answers with error %d\n", ret);
		return ret;
	}
	if (pc_caps.abi != XEN_PERFCTR_ABI) {
		pr_err("Xen's perfctr ABI is %u, this module's %u\n",
		       pc_caps.abi, XEN_PERFCTR_ABI);
		return -EPROTO;
	}
	if (pc_caps.width <= 32 || pc_caps.width > 64) {
		pr_err("counters of %u bits cannot be used\n", pc_caps.width);
		return -EPROTO;
	}
	pc_sign = BIT_ULL(pc_caps.width - 1);
	if (pc_start_bias_bits < 16 || pc_start_bias_bits > pc_caps.width - 1) {
		pr_warn("start_bias_bits=%u is out of range, using %u\n",
			pc_start_bias_bits, pc_caps.width - 1);
		pc_start_bias_bits = pc_caps.width - 1;
	}
	if (!is_power_of_2(pc_ring_pages) ||
	    pc_ring_pages > XEN_PERFCTR_MAX_RING_PAGES) {
		pr_warn("ring_pages=%u is not 1, 2, 4, 8 or 16, using 4\n",
			pc_ring_pages);
		pc_ring_pages = 4;
	}
	return 0;
}

static int __init pc_init(void)
{
	int ret;

	ret = pc_check();
	if (ret)
		return ret;
	pc_wq = alloc_workqueue("perfctr", 0, 0);
	if (!pc_wq)
		return -ENOMEM;
	ret = pc_vcpu_init();
	if (ret)
		goto destroy_wq;
	pc_pm_init();
	ret = pc_trace_init();
	if (ret)
		goto exit_pm;
	/*
	 * Once, not for each set: it patches the kernel's text, which interrupts
	 * all CPUs.  A switch between threads that do not count pays a test.
	 */
	preempt_notifier_inc();
	ret = pc_dev_init();
	if (ret)
		goto exit_trace;
	pr_info("%u general and %u fixed counters of %u bits, tier %u%s\n",
		pc_caps.nr_gp, pc_caps.nr_fixed, pc_caps.width, pc_caps.tier,
		pc_fast ? ", fast" : "");
	return 0;

exit_trace:
	preempt_notifier_dec();
	pc_trace_exit();
exit_pm:
	pc_pm_exit();
	pc_vcpu_exit();
destroy_wq:
	destroy_workqueue(pc_wq);
	return ret;
}

static void __exit pc_exit(void)
{
	/* No file is open, so no set exists, and no thread but leaving ones. */
	pc_dev_exit();
	pc_trace_exit();
	destroy_workqueue(pc_wq);
	pc_handle_exit();
	pc_pm_exit();
	pc_vcpu_exit();
	/* Task work that dropped the last reference may still be returning. */
	synchronize_rcu_tasks();
	preempt_notifier_dec();
}

module_init(pc_init);
module_exit(pc_exit);

MODULE_AUTHOR("the perfctr-xen developers");
MODULE_DESCRIPTION("Paravirtual performance counters for Xen guests");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-perfctr");
