/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intel.c
 *
 * The counters of Intel processors with architectural performance monitoring
 * version 2 or later.
 */

#include <xen/init.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"

#define PERF_CAP_FW_WRITE     (1ull << 13)

/* Fixed at boot; the number of all counters, not only those in use. */
static unsigned int __ro_after_init nr_gp, nr_fixed;
static uint64_t __ro_after_init all_counters;

static void write_msr(struct perfctr_cpu *pc, unsigned int msr, uint64_t val)
{
    wrmsrl(msr, val);
    pc->writes++;
}

static void write_counter(struct perfctr_cpu *pc, unsigned int hw, uint64_t val)
{
    write_msr(pc, hw < PERFCTR_FIXED_BIT
                  ? MSR_IA32_A_PERFCTR0 + hw
                  : MSR_CORE_PERF_FIXED_CTR0 + hw - PERFCTR_FIXED_BIT, val);
}

static void cf_check intel_reset(struct perfctr_cpu *pc)
{
    unsigned int i;

    wrmsrl(MSR_CORE_PERF_GLOBAL_CTRL, 0);
    pc->enabled = 0;

    for ( i = 0; i < nr_gp; i++ )
    {
        wrmsrl(MSR_P6_EVNTSEL(i), 0);
        wrmsrl(MSR_IA32_A_PERFCTR0 + i, 0);
    }
    memset(pc->select, 0, sizeof(pc->select));

    wrmsrl(MSR_CORE_PERF_FIXED_CTR_CTRL, 0);
    for ( i = 0; i < nr_fixed; i++ )
        wrmsrl(MSR_CORE_PERF_FIXED_CTR0 + i, 0);
    pc->fixed_ctrl = 0;

    /* What firmware may have left.  Not every model has these. */
    wrmsr_safe(MSR_IA32_PEBS_ENABLE, 0);
    wrmsrl(MSR_CORE_PERF_GLOBAL_OVF_CTRL, all_counters);
}

static void cf_check intel_enable(struct perfctr_cpu *pc, uint64_t mask)
{
    if ( pc->enabled == mask )
        return;

    write_msr(pc, MSR_CORE_PERF_GLOBAL_CTRL, mask);
    pc->enabled = mask;
}

static void cf_check intel_program(
    struct perfctr_cpu *pc, const struct perfctr_image *img)
{
    uint64_t scrub = pc->dirty & ~img->used, fixed_ctrl = pc->fixed_ctrl;
    unsigned int i;

    /* Selectors of unused counters stay: they are not enabled. */
    for ( i = 0; i < PERFCTR_MAX_GP; i++ )
        if ( (img->used & (1ull << i)) && pc->select[i] != img->select[i] )
        {
            write_msr(pc, MSR_P6_EVNTSEL(i), img->select[i]);
            pc->select[i] = img->select[i];
        }

    for ( i = 0; i < PERFCTR_MAX_FIXED; i++ )
        if ( img->used & (1ull << (PERFCTR_FIXED_BIT + i)) )
        {
            uint64_t field = 0xfull << (i * PERFCTR_FIXED_SHIFT);

            fixed_ctrl = (fixed_ctrl & ~field) | (img->fixed_ctrl & field);
        }

    if ( pc->fixed_ctrl != fixed_ctrl )
    {
        write_msr(pc, MSR_CORE_PERF_FIXED_CTR_CTRL, fixed_ctrl);
        pc->fixed_ctrl = fixed_ctrl;
    }

    for ( ; scrub; scrub &= scrub - 1 )
        write_counter(pc, ffsl(scrub) - 1, 0);
}

static void cf_check intel_write(
    struct perfctr_cpu *pc, const struct perfctr_image *img,
    const uint64_t *count)
{
    unsigned int i;

    for ( i = 0; i < img->nr; i++ )
        write_counter(pc, img->hw[i], count[i]);
}

static void cf_check intel_write_one(
    struct perfctr_cpu *pc, unsigned int hw, uint64_t count)
{
    write_counter(pc, hw, count);
}

static uint64_t cf_check intel_overflowed(struct perfctr_cpu *pc)
{
    uint64_t status;

    rdmsrl(MSR_CORE_PERF_GLOBAL_STATUS, status);
    status &= all_counters;

    if ( status )
        write_msr(pc, MSR_CORE_PERF_GLOBAL_OVF_CTRL, status);

    return status;
}

static const struct perfctr_ops __initconst_cf_clobber intel_ops = {
    .reset = intel_reset,
    .enable = intel_enable,
    .program = intel_program,
    .write = intel_write,
    .write_one = intel_write_one,
    .overflowed = intel_overflowed,
};

const struct perfctr_ops *__init perfctr_intel_init(struct perfctr_model *model)
{
    unsigned int eax, ebx, ecx, edx;
    uint64_t caps = 0;

    if ( boot_cpu_data.x86 != 6 || cpuid_eax(0) < 0xa )
    {
        printk(XENLOG_WARNING "perfctr: off, CPU family %u not supported\n",
               boot_cpu_data.x86);
        return NULL;
    }

    cpuid(0xa, &eax, &ebx, &ecx, &edx);

    model->vendor = XEN_PERFCTR_VENDOR_INTEL;
    model->version = eax & 0xff;
    nr_gp = (eax >> 8) & 0xff;
    nr_fixed = edx & 0x1f;
    model->width = (eax >> 16) & 0xff;
    model->absent = ebx;

    if ( model->version < 2 || !nr_gp )
    {
        printk(XENLOG_WARNING
               "perfctr: off, needs PMU version 2, this CPU has version %u with %u counters\n",
               model->version, nr_gp);
        return NULL;
    }

    if ( cpu_has(&boot_cpu_data, X86_FEATURE_PDCM) )
        rdmsr_safe(MSR_IA32_PERF_CAPABILITIES, caps);

    if ( !(caps & PERF_CAP_FW_WRITE) || model->width != PERFCTR_WIDTH ||
         (nr_fixed && ((edx >> 5) & 0xff) != PERFCTR_WIDTH) )
    {
        printk(XENLOG_WARNING
               "perfctr: off, needs 48-bit counters with full-width writes, this CPU has %u bits%s\n",
               model->width, caps & PERF_CAP_FW_WRITE ? "" : ", no such writes");
        return NULL;
    }

    model->nr_gp = min(nr_gp, PERFCTR_MAX_GP + 0u);
    model->nr_fixed = min(nr_fixed, PERFCTR_MAX_FIXED + 0u);
    model->event_mask = PERFCTR_EV_CODE | PERFCTR_EV_MODIFIERS;
    all_counters = ((1ull << nr_gp) - 1) |
                   (((1ull << nr_fixed) - 1) << PERFCTR_FIXED_BIT);
    perfctr_intel_events(model, boot_cpu_data.x86_model);

    return &intel_ops;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
