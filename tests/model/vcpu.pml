/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Xen's half: eager save, lazy restore, scrubbing, CR4.PCE, user/kernel split.
 *
 * VCPUs 0 and 1 belong to two domains that count, VCPU 2 to a domain without
 * perfctr.  They move freely between two CPUs with two counters each.  A
 * configuration is the mask of the counters that it uses.
 *
 * What a counter, or a saved counter, holds is not a number but whose value it
 * is, and whether it is complete: an event makes stale every copy that did not
 * see it.  So the state space is small and complete for any number of events.
 *
 * Planted faults, each of which must be found: see the Makefile.
 */

#define FRESH(v)  ((v) + 1)     /* the value of VCPU v, complete         */
#define STALE     7             /* lacks events, or has those of others  */
#define ZERO      0
#define NONE      7

#define N(c)      (1 << (c))
#define HW(p, c)  hw[(p) * 2 + (c)]
#define CTX(v, c) ctx[(v) * 2 + (c)]

/* CPUs */
byte hw[4];                     /* the counters                          */
byte sel[2] = NONE;             /* whose events are selected             */
byte dirty[2];                  /* counters that may not be zero         */
byte loaded[2] = NONE;          /* context id of the last one loaded     */
bit  ctrl[2], pce[2];
byte on[2] = NONE;              /* running VCPU                          */

/* VCPUs */
byte ctx[6];
byte applied[3];                /* mask of the applied configuration     */
byte last[3] = NONE;            /* CPU whose counters were saved last    */
bit  user[3];

hidden byte v;                  /* the VCPU that a step is about          */
#define p         _pid          /* and the CPU                            */

#define RUNS(v)   (on[0] == v || on[1] == v)

inline enable()
{
#ifdef BUG_TOGGLE_NOT_LIVE
    /* Counters of whoever was here last are started. */
    ctrl[p] = (user[v] && loaded[p] != NONE);
#else
    ctrl[p] = (user[v] && applied[v] != 0);
#endif
#ifdef BUG_PCE_LEFT_ON
    pce[p] = (pce[p] || applied[v] != 0)
#else
    pce[p] = (applied[v] != 0)
#endif
}

#ifdef BUG_NO_SCRUB
#define SCRUB(p, c)  skip
#else
#define SCRUB(p, c)  HW(p, c) = ZERO
#endif

/* Write what the configuration uses, zero what others left in the rest. */
inline load()
{
    if :: applied[v] & 1 -> HW(p, 0) = CTX(v, 0)
       :: !(applied[v] & 1) && (dirty[p] & 1) -> SCRUB(p, 0) :: else fi;
    if :: applied[v] & 2 -> HW(p, 1) = CTX(v, 1)
       :: !(applied[v] & 2) && (dirty[p] & 2) -> SCRUB(p, 1) :: else fi;
#ifdef BUG_DIRTY_FORGOTTEN
    dirty[p] = 0;
#else
    dirty[p] = applied[v];
#endif
#ifndef BUG_SELECTORS_KEPT
    sel[p] = v;
#endif
    loaded[p] = v
}

inline switch_in()
{
    if
    :: applied[v] == 0 -> skip
#ifdef BUG_LAZY_BY_ID
    :: applied[v] != 0 && loaded[p] == v -> skip
    :: applied[v] != 0 && loaded[p] != v -> load()
#else
    :: applied[v] != 0 && loaded[p] == v && last[v] == p -> skip
    :: applied[v] != 0 && !(loaded[p] == v && last[v] == p) -> load()
#endif
    fi;
    on[p] = v; last[v] = NONE; enable()
}

inline switch_out()
{
#ifndef BUG_RUN_ON
    ctrl[p] = 0;
#endif
#ifndef BUG_PCE_LEFT_ON
    pce[p] = 0;
#endif
#ifdef BUG_LAZY_SAVE
    /* Leaves the values in the counters, to be fetched later: they are not. */
    skip;
#else
    if :: applied[v] & 1 -> CTX(v, 0) = HW(p, 0) :: else fi;
    if :: applied[v] & 2 -> CTX(v, 1) = HW(p, 1) :: else fi;
#endif
    last[v] = p; on[p] = NONE
}

/* A request at IRET; start values are complete by definition. */
inline apply(mask)
{
    applied[v] = mask;
    CTX(v, 0) = (mask & 1 -> FRESH(v) : ZERO);
    CTX(v, 1) = (mask & 2 -> FRESH(v) : ZERO);
    if
    :: mask != 0 -> load()
    :: else
    fi;
    user[v] = 1; enable()
}

/* An event of VCPU v that counter c is, or would be, programmed for. */
inline event(c)
{
    if
    :: ctrl[p] && sel[p] == v && (applied[v] & N(c)) -> skip
    :: else -> if :: HW(p, c) == FRESH(v) -> HW(p, c) = STALE :: else fi
    fi;
    if :: HW(1 - p, c) == FRESH(v) -> HW(1 - p, c) = STALE :: else fi;
    if :: CTX(v, c) == FRESH(v) -> CTX(v, c) = STALE :: else fi
}

/* An event that nobody should see: another's code, or a guest's kernel. */
inline pollute()
{
    if
    :: ctrl[p] -> HW(p, 0) = STALE; HW(p, 1) = STALE;
    :: else
    fi
}

/* What user mode of VCPU v can read on CPU p. */
#define RIGHT(p, v, c)  (HW(p, c) == (applied[v] & N(c) -> FRESH(v) : ZERO))
inline check()
{
    assert(pce[p] == (applied[v] != 0));
    assert(!pce[p] || RIGHT(p, v, 0));
    assert(!pce[p] || RIGHT(p, v, 1))
}

active [2] proctype cpu()
{
    do
    :: d_step { on[p] == NONE && !RUNS(0) -> v = 0; switch_in() }
    :: d_step { on[p] == NONE && !RUNS(1) -> v = 1; switch_in() }
    :: d_step { on[p] == NONE && !RUNS(2) -> v = 2; switch_in() }
    :: d_step { on[p] != NONE -> v = on[p]; switch_out() }

    :: d_step { on[p] != NONE && user[on[p]] -> v = on[p]; check() }
    :: d_step { on[p] < 2 && user[on[p]] && applied[on[p]] ->
        v = on[p]; event(0) }
    :: d_step { on[p] < 2 && user[on[p]] && applied[on[p]] ->
        v = on[p]; event(1) }
    :: d_step { on[p] == 2 || on[p] == NONE ||
                (on[p] < 2 && !user[on[p]]) -> pollute() }

    :: d_step { on[p] != NONE && user[on[p]] ->
        v = on[p]; user[v] = 0; enable() }
    :: d_step { on[p] != NONE && !user[on[p]] ->
        v = on[p]; user[v] = 1; enable() }
    :: d_step { on[p] < 2 && !user[on[p]] -> v = on[p]; apply(0) }
    :: d_step { on[p] < 2 && !user[on[p]] -> v = on[p]; apply(1) }
    :: d_step { on[p] < 2 && !user[on[p]] -> v = on[p]; apply(2) }
    :: d_step { on[p] < 2 && !user[on[p]] -> v = on[p]; apply(3) }
    od
}
