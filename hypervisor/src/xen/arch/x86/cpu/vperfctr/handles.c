/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handles.c
 *
 * A domain's table of configurations.
 *
 * Creation and destruction are rare and take the domain's lock.  Applying one
 * happens in the IRET hypercall and takes no lock, only a reference:
 *  - get against destroy on another VCPU: both change refs by cmpxchg.  Either
 *    get is first, and destroy sees the configuration applied (-EBUSY), or
 *    destroy is first, and get finds nothing.
 *  - get against create: refs becomes 1 after the image has been written.  A
 *    guest that applies a handle before create has told it to anybody gets
 *    either nothing or the whole configuration, which was checked for it.
 *  - put against destroy: destroy sees the configuration applied or not;
 *    nobody looks at the image after put.
 */

#include <xen/nospec.h>
#include <xen/xmalloc.h>

#include "private.h"

static struct perfctr_entry *find(struct perfctr_domain *pd, uint32_t handle)
{
    /* Pairs with the barrier in perfctr_handle_create(). */
    struct perfctr_entry *entries = ACCESS_ONCE(pd->entries);

    if ( !entries || !handle || handle > XEN_PERFCTR_MAX_CONFIGS )
        return NULL;

    return &entries[array_index_nospec(handle - 1, XEN_PERFCTR_MAX_CONFIGS)];
}

const struct perfctr_image *perfctr_handle_get(struct perfctr_domain *pd,
                                               uint32_t handle)
{
    struct perfctr_entry *e = find(pd, handle);
    unsigned int old, refs;

    if ( !e )
        return NULL;

    /* Repeats only if another VCPU of the domain has made progress. */
    refs = ACCESS_ONCE(e->refs);
    do {
        old = refs;
        if ( !old )
            return NULL;
        refs = cmpxchg(&e->refs, old, old + 1);
    } while ( refs != old );

    return &e->img;
}

void perfctr_handle_put(struct perfctr_domain *pd, uint32_t handle)
{
    struct perfctr_entry *e = find(pd, handle);
    unsigned int old, refs;

    ASSERT(e && e->refs > 1);

    refs = ACCESS_ONCE(e->refs);
    do {
        old = refs;
        refs = cmpxchg(&e->refs, old, old - 1);
    } while ( refs != old );
}

int perfctr_handle_create(struct perfctr_domain *pd,
                          struct xen_perfctr_config *cfg)
{
    struct perfctr_image img;
    unsigned int i;
    int rc;

    rc = perfctr_config_check(&perfctr_model, &pd->policy, pd->hvm, cfg, &img);
    if ( rc )
        return rc;

    spin_lock(&pd->lock);

    if ( !pd->entries )
    {
        struct perfctr_entry *entries =
            xzalloc_array(struct perfctr_entry, XEN_PERFCTR_MAX_CONFIGS);

        if ( !entries )
        {
            spin_unlock(&pd->lock);
            return -ENOMEM;
        }

        smp_wmb();
        ACCESS_ONCE(pd->entries) = entries;
    }

    for ( i = 0; i < XEN_PERFCTR_MAX_CONFIGS; i++ )
        if ( !ACCESS_ONCE(pd->entries[i].refs) )
            break;

    if ( i < XEN_PERFCTR_MAX_CONFIGS )
    {
        pd->entries[i].img = img;
        smp_wmb();
        ACCESS_ONCE(pd->entries[i].refs) = 1;
        cfg->handle = i + 1;
    }
    else
    {
        cfg->bad_field = XEN_PERFCTR_BAD_TABLE;
        rc = -ENOSPC;
    }

    spin_unlock(&pd->lock);

    return rc;
}

/*
 * The policy has changed.  No other VCPU of the domain runs, so nobody looks at
 * `denied` meanwhile or has been told something else by a check that is not over.
 */
void perfctr_handle_judge(struct perfctr_domain *pd)
{
    unsigned int i;

    ASSERT(spin_is_locked(&pd->lock));

    for ( i = 0; pd->entries && i < XEN_PERFCTR_MAX_CONFIGS; i++ )
        if ( pd->entries[i].refs )
            pd->entries[i].img.denied =
                !perfctr_image_allowed(&pd->policy, &pd->entries[i].img);
}

int perfctr_handle_destroy(struct perfctr_domain *pd, uint32_t handle)
{
    struct perfctr_entry *e = find(pd, handle);
    unsigned int refs = e ? cmpxchg(&e->refs, 1, 0) : 0;

    return refs == 1 ? 0 : refs ? -EBUSY : -ENOENT;
}

/*
 * The domain's lock is held, none of its VCPUs runs and none has one applied.  A
 * kernel that starts after a soft reset knows nothing of its predecessor's.
 */
void perfctr_handle_forget_all(struct perfctr_domain *pd)
{
    unsigned int i;

    for ( i = 0; pd->entries && i < XEN_PERFCTR_MAX_CONFIGS; i++ )
        ACCESS_ONCE(pd->entries[i].refs) = 0;
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
