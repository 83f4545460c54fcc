/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core.c
 *
 * Paravirtual performance counters: boot option and bring-up.
 */

#include <xen/cpu.h>
#include <xen/err.h>
#include <xen/init.h>
#include <xen/param.h>

#include <asm/apic.h>
#include <asm/nmi.h>
#include <asm/vpmu.h>

#include <irq_vectors.h>

#include "private.h"

bool __read_mostly perfctr_enabled;
struct perfctr_ops __initdata perfctr_ops;
struct perfctr_model __ro_after_init perfctr_model;
DEFINE_PER_CPU(struct perfctr_cpu, perfctr_cpu);

/*
 * A guest's own kernel tells a guest nothing that it could not know, so that
 * is allowed together with the tier.  Xen's work on its behalf is not.
 */
struct xen_perfctr_policy __ro_after_init perfctr_default_policy = {
    .size = sizeof(perfctr_default_policy),
    .flags = XEN_PERFCTR_POLICY_KERNEL,
    .min_period = 100,
    .pmi_rate = 100000,
};

static bool __initdata opt_perfctr;

static int __init parse_number(const char *s, const char *end, uint64_t *val)
{
    const char *stop;
    uint64_t x = simple_strtoull(s, &stop, 0);

    if ( stop == s || stop != end )
        return -EINVAL;

    *val = x;

    return 0;
}

static int __init cf_check parse_perfctr(const char *s)
{
    static const char tiers[][5] __initconst = {
        [XEN_PERFCTR_TIER_OFF]  = "off",
        [XEN_PERFCTR_TIER_IPC]  = "ipc",
        [XEN_PERFCTR_TIER_ARCH] = "arch",
        [XEN_PERFCTR_TIER_FULL] = "full",
    };
    const char *ss;
    int rc = 0, val;

    do {
        ss = strchr(s, ',');
        if ( !ss )
            ss = strchr(s, '\0');

        if ( ss == s )
            opt_perfctr = true;
        else if ( (val = parse_bool(s, ss)) >= 0 )
            opt_perfctr = val;
        else if ( !strncmp(s, "default=", 8) )
        {
            unsigned int i;

            for ( i = 0; i < ARRAY_SIZE(tiers); i++ )
                if ( !cmdline_strcmp(s + 8, tiers[i]) )
                    break;

            if ( i < ARRAY_SIZE(tiers) )
            {
                perfctr_default_policy.tier = i;
                opt_perfctr = true;
            }
            else
                rc = -EINVAL;
        }
        else if ( !strncmp(s, "min-period=", 11) )
        {
            uint64_t period;

            if ( parse_number(s + 11, ss, &period) ||
                 !perfctr_limits_valid(period, 1) )
                rc = -EINVAL;
            else
                perfctr_default_policy.min_period = period;
        }
        else if ( !strncmp(s, "pmi-rate=", 9) )
        {
            uint64_t rate;

            if ( parse_number(s + 9, ss, &rate) || !rate ||
                 !perfctr_limits_valid(0, rate) )
                rc = -EINVAL;
            else
                perfctr_default_policy.pmi_rate = rate;
        }
        else if ( (val = parse_boolean("kernel", s, ss)) >= 0 )
        {
            if ( val )
                perfctr_default_policy.flags |= XEN_PERFCTR_POLICY_KERNEL;
            else
                perfctr_default_policy.flags &= ~XEN_PERFCTR_POLICY_KERNEL;
        }
        else if ( (val = parse_boolean("hypervisor", s, ss)) >= 0 )
        {
            if ( val )
                perfctr_default_policy.flags |= XEN_PERFCTR_POLICY_HYP;
            else
                perfctr_default_policy.flags &= ~XEN_PERFCTR_POLICY_HYP;
        }
        else
            rc = -EINVAL;

        s = ss + 1;
    } while ( *ss );

    return rc;
}
custom_param("perfctr", parse_perfctr);

/* Interrupts are off, or nothing else can run here yet. */
static void perfctr_cpu_init(void)
{
    struct perfctr_cpu *pc = &this_cpu(perfctr_cpu);

    ASSERT(!pc->owner);
    alternative_vcall(perfctr_ops.reset, pc);
    pc->loaded_nr++;
    pc->dirty = 0;
    pc->writes = 0;
    apic_write(APIC_LVTPC, PMU_APIC_VECTOR);
}

static int cf_check cpu_callback(
    struct notifier_block *nfb, unsigned long action, void *hcpu)
{
    /*
     * Nothing to do for a CPU that goes offline: counters are saved whenever a
     * VCPU is switched out, and the last one has been by then.
     */
    if ( action == CPU_STARTING )
        perfctr_cpu_init();

    return NOTIFY_DONE;
}

static struct notifier_block cpu_nfb = {
    .notifier_call = cpu_callback
};

/* The boot CPU's counters have been lost in a suspend. */
void perfctr_resume(void)
{
    if ( perfctr_enabled )
        perfctr_cpu_init();
}

static int __init cf_check perfctr_init(void)
{
    const struct perfctr_ops *ops = NULL;

    if ( !opt_perfctr )
        return 0;

    if ( vpmu_mode != XENPMU_MODE_OFF )
    {
        printk(XENLOG_WARNING
               "perfctr: off, because vpmu= is on; use one of them\n");
        return 0;
    }

    if ( opt_watchdog )
    {
        printk(XENLOG_WARNING
               "perfctr: off, because the NMI watchdog uses a counter; boot without watchdog\n");
        return 0;
    }

    switch ( boot_cpu_data.x86_vendor )
    {
    case X86_VENDOR_INTEL:
        ops = perfctr_intel_init(&perfctr_model);
        break;

    case X86_VENDOR_AMD:
    case X86_VENDOR_HYGON:
        ops = perfctr_amd_init(&perfctr_model);
        break;

    default:
        printk(XENLOG_WARNING "perfctr: off, CPU vendor not supported\n");
        break;
    }

    if ( !ops )
        return 0;

    /* From here on xenoprof is told that the counters are taken. */
    if ( reserve_lapic_nmi() < 0 )
    {
        printk(XENLOG_WARNING
               "perfctr: off, because the counters are in use already\n");
        return 0;
    }

    perfctr_ops = *ops;
    perfctr_enabled = true;
    perfctr_cpu_init();
    register_cpu_notifier(&cpu_nfb);

    printk(XENLOG_INFO
           "perfctr: PMU version %u, %u general and %u fixed counters, %u bits, %u events, new domains: tier %u\n",
           perfctr_model.version, perfctr_model.nr_gp, perfctr_model.nr_fixed,
           perfctr_model.width, perfctr_model.nr_events,
           perfctr_default_policy.tier);

    return 0;
}
presmp_initcall(perfctr_init);

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
