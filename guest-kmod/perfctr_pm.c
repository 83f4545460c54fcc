// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: suspend, save and restore, migration
 *
 * A PV guest is suspended with all CPUs but one in stop_machine(), so every
 * counted thread has been switched out, its counts are folded and its samples
 * collected: nothing has to be drained.  Afterwards Xen may be another one.  Each
 * CPU registers its page and ring again when a counted thread next comes to it; if
 * the suspend was cancelled Xen still has both and says so.
 */
#include <linux/notifier.h>
#include <linux/syscore_ops.h>
#include <xen/xen-ops.h>

#include "perfctr.h"

static struct syscore_ops pc_syscore_ops = {
	.resume = pc_vcpu_mark_stale,
};

/* Not called for a cancelled suspend: the configurations are still known. */
static int pc_pm_resumed(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	pc_handle_restore_all();
	return NOTIFY_OK;
}

static struct notifier_block pc_pm_nb = {
	.notifier_call = pc_pm_resumed,
};

/**
 * pc_pm_init() - take notice of suspends
 */
void pc_pm_init(void)
{
	register_syscore_ops(&pc_syscore_ops);
	xen_resume_notifier_register(&pc_pm_nb);
}

/**
 * pc_pm_exit() - do not any more
 */
void pc_pm_exit(void)
{
	xen_resume_notifier_unregister(&pc_pm_nb);
	unregister_syscore_ops(&pc_syscore_ops);
}
