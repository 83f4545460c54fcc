/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * amd.c
 *
 * The counters of AMD processors of family 17h and later.
 *
 * With version 2 of performance monitoring a global register enables them, and
 * another one says which have overflowed.  Before it each counter is started and
 * stopped by its own selector, and that it has overflowed shows in its value.
 * Counters are where the core extension has put them, or the first four at the
 * old place.
 *
 * PV guests run as a part of the host, whether or not SVM is enabled, so their
 * selectors carry neither of the bits for guest and host: with SVM disabled
 * some processors count nothing when one of them is set.
 */

#include <xen/init.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"

#define MSR_GLOBAL_STATUS     0xc0000300
#define MSR_GLOBAL_CTL        0xc0000301
#define MSR_GLOBAL_STATUS_CLR 0xc0000302

#define LEAF_FEATURES         0x80000001
#define FEATURE_PERFCTR_CORE  (1u << 23)        /* ECX */
#define LEAF_PERFMON          0x80000022
#define PERFMON_V2            (1u << 0)         /* EAX */
#define PERFMON_COUNTERS      0xfu              /* EBX */

/* Selectors of counters that cores share, every other register. */
#define MSR_L3_SELECT0        0xc0010230
#define NR_L3                 6
#define MSR_NB_SELECT0        0xc0010240
#define NR_NB                 4

#define NR_LEGACY             4
#define NR_CORE               6

/* Fixed at boot; the number of all counters, not only those in use. */
static unsigned int __ro_after_init nr_counters;
static unsigned int __ro_after_init msr_select, msr_counter, msr_step;
static uint64_t __ro_after_init all_counters;
static bool __ro_after_init has_global;

static void write_msr(struct perfctr_cpu *pc, unsigned int msr, uint64_t val)
{
    wrmsrl(msr, val);
    pc->writes++;
}

static void write_counter(struct perfctr_cpu *pc, unsigned int hw, uint64_t val)
{
    write_msr(pc, msr_counter + hw * msr_step, val);
}

static void write_select(struct perfctr_cpu *pc, unsigned int hw, uint64_t val)
{
    if ( pc->select[hw] == val )
        return;

    write_msr(pc, msr_select + hw * msr_step, val);
    pc->select[hw] = val;
}

static void cf_check amd_reset(struct perfctr_cpu *pc)
{
    unsigned int i;

    if ( has_global )
        wrmsrl(MSR_GLOBAL_CTL, 0);
    pc->enabled = 0;

    for ( i = 0; i < nr_counters; i++ )
    {
        wrmsrl(msr_select + i * msr_step, 0);
        wrmsrl(msr_counter + i * msr_step, 0);
    }
    memset(pc->select, 0, sizeof(pc->select));
    memset(pc->event, 0, sizeof(pc->event));

    /*
     * RDPMC reads these as well.  Nobody has a use for them under Xen; should
     * firmware have started them, they tell what others do.  Not every model
     * has them.
     */
    for ( i = 0; i < NR_L3; i++ )
        wrmsr_safe(MSR_L3_SELECT0 + 2 * i, 0);
    for ( i = 0; i < NR_NB; i++ )
        wrmsr_safe(MSR_NB_SELECT0 + 2 * i, 0);

    if ( has_global )
        wrmsrl(MSR_GLOBAL_STATUS_CLR, all_counters);
}

static void cf_check amd_enable(struct perfctr_cpu *pc, uint64_t mask)
{
    unsigned int i;

    if ( pc->enabled == mask )
        return;

    if ( has_global )
        write_msr(pc, MSR_GLOBAL_CTL, mask);
    else
        for ( i = 0; i < PERFCTR_MAX_GP; i++ )
            if ( mask & (1ull << i) )
                write_select(pc, i, pc->event[i]);
            else
                write_select(pc, i, pc->select[i] & ~(uint64_t)PERFCTR_SEL_EN);

    pc->enabled = mask;
}

static void cf_check amd_program(
    struct perfctr_cpu *pc, const struct perfctr_image *img)
{
    uint64_t scrub = pc->dirty & ~img->used;
    unsigned int i;

    /* Nothing is enabled.  Selectors of unused counters stay as they are. */
    for ( i = 0; i < PERFCTR_MAX_GP; i++ )
        if ( img->used & (1ull << i) )
        {
            if ( has_global )
                write_select(pc, i, img->select[i]);
            else
                pc->event[i] = img->select[i];
        }

    for ( ; scrub; scrub &= scrub - 1 )
        write_counter(pc, ffsl(scrub) - 1, 0);
}

static void cf_check amd_write(
    struct perfctr_cpu *pc, const struct perfctr_image *img,
    const uint64_t *count)
{
    unsigned int i;

    for ( i = 0; i < img->nr; i++ )
        write_counter(pc, img->hw[i], count[i]);
}

static void cf_check amd_write_one(
    struct perfctr_cpu *pc, unsigned int hw, uint64_t count)
{
    write_counter(pc, hw, count);
}

/* Without a status register any of them may have; see model.no_status. */
static uint64_t cf_check amd_overflowed(struct perfctr_cpu *pc)
{
    uint64_t status;

    if ( !has_global )
        return all_counters;

    rdmsrl(MSR_GLOBAL_STATUS, status);
    status &= all_counters;

    if ( status )
        write_msr(pc, MSR_GLOBAL_STATUS_CLR, status);

    return status;
}

static const struct perfctr_ops __initconst_cf_clobber amd_ops = {
    .reset = amd_reset,
    .enable = amd_enable,
    .program = amd_program,
    .write = amd_write,
    .write_one = amd_write_one,
    .overflowed = amd_overflowed,
};

const struct perfctr_ops *__init perfctr_amd_init(struct perfctr_model *model)
{
    unsigned int max = cpuid_eax(0x80000000), eax, ebx, ecx, edx;
    bool core = max >= LEAF_FEATURES &&
                (cpuid_ecx(LEAF_FEATURES) & FEATURE_PERFCTR_CORE);

    if ( boot_cpu_data.x86 < 0x17 )
    {
        printk(XENLOG_WARNING
               "perfctr: off, AMD needs family 23 or later, this CPU is of family %u\n",
               boot_cpu_data.x86);
        return NULL;
    }

    nr_counters = core ? NR_CORE : NR_LEGACY;
    msr_select = core ? MSR_AMD_FAM15H_EVNTSEL0 : MSR_K7_EVNTSEL0;
    msr_counter = core ? MSR_AMD_FAM15H_PERFCTR0 : MSR_K7_PERFCTR0;
    msr_step = core ? 2 : 1;
    has_global = false;

    if ( core && max >= LEAF_PERFMON )
    {
        cpuid(LEAF_PERFMON, &eax, &ebx, &ecx, &edx);
        if ( (eax & PERFMON_V2) && (ebx & PERFMON_COUNTERS) )
        {
            has_global = true;
            /* There is no place for more, nor an index for RDPMC. */
            nr_counters = min(ebx & PERFMON_COUNTERS, NR_CORE + 0u);
        }
    }

    all_counters = (1ull << nr_counters) - 1;

    model->vendor = XEN_PERFCTR_VENDOR_AMD;
    model->version = has_global ? 2 : 1;
    model->nr_gp = nr_counters;
    model->nr_fixed = 0;
    model->width = PERFCTR_WIDTH;
    model->event_mask = PERFCTR_EV_CODE | PERFCTR_EV_HIGH |
                        PERFCTR_EV_MODIFIERS;
    model->select_guest = true;
    model->no_status = !has_global;
    perfctr_amd_events(model, boot_cpu_data.x86);

    return &amd_ops;
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
