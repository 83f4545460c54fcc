/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that writes to its request line from another VCPU while Xen reads it.
 * Whatever Xen catches, it must be consistent with itself.
 */
#include <pthread.h>
#include <sched.h>

#include "test.h"

#define ENOUGH     5000        /* of both outcomes */
#define TOO_MANY   20000000u

static struct xen_perfctr_request *line;
static volatile int stop;          /* not bool: UBSan would load it once */

/* Scribbles over all of the page, what Xen publishes included. */
static void *scribble(void *arg)
{
    volatile uint64_t *words = (void *)line;
    uint64_t x = 88172645463325252ull;
    unsigned int i;

    (void)arg;
    while ( !stop )
        for ( i = 0; i < sizeof(*line) / 8; i++ )
        {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            /* Handles near the valid ones, and wild ones. */
            words[i] = i ? x : (x & 1 ? x : x & 0xffffffff00000003ull);
        }

    return NULL;
}

void test_race(void)
{
    static const uint64_t two[] = { BRANCHES, INSNS }, one[] = { MISPRED };
    struct perfctr_domain *pd;
    struct vperfctr *p;
    pthread_t thread;
    unsigned int i, n, applied = 0, refused = 0;

    test_case("the request line changes while it is read");
    world_new();
    run_on(0, vcpu(0, 0));
    EQUAL(register_page(0), 0);
    EQUAL(create(2, two, U), 1);
    EQUAL(create(1, one, U), 2);
    p = current->arch.perfctr;
    pd = current->domain->arch.perfctr;
    line = &p->page->request;
    stop = 0;
    CHECK(!pthread_create(&thread, NULL, scribble, NULL));
    for ( i = 0; (applied < ENOUGH || refused < ENOUGH) && i < TOO_MANY; i++ )
    {
        /* On one CPU the other thread needs its turn. */
        if ( !(i % 64) )
            sched_yield();
        emul_forget();
        to_user();
        if ( p->img )
        {
            applied++;
            CHECK(p->handle == 1 || p->handle == 2);
            CHECK(p->img == &pd->entries[p->handle - 1].img);
            EQUAL(pd->entries[p->handle - 1].refs, 2);
            EQUAL(pd->entries[2 - p->handle].refs, 1);
            EQUAL(emul_pmu[0].global, p->img->user);
            for ( n = 0; n < p->img->nr; n++ )
                EQUAL(perfctr_rdpmc(p->img->hw[n]), p->count[n]);
        }
        else
        {
            refused++;
            EQUAL(pd->entries[0].refs, 1);
            EQUAL(pd->entries[1].refs, 1);
            EQUAL(emul_pmu[0].global, 0);
        }
        to_kernel();
    }
    stop = 1;
    pthread_join(thread, NULL);
    CHECK(applied >= ENOUGH && refused >= ENOUGH);
}
