/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slot protocol: user-mode read, guest switch, request line, Xen's apply.
 *
 * Two counting threads and "anybody else" (OTHER: a kernel thread, or a process
 * without counters in its own address space) run on two VCPUs.  A counter set
 * has one u-only accumulate counter.  Thread 0 also reads its own slot, one
 * load at a time.
 *
 * Without -DVCPU_SWITCH VCPU v stays on CPU v: that is the guest's half of the
 * protocol.  With it, VCPUs leave and enter CPUs at any moment, and another
 * domain's context is loaded in between: the whole protocol.
 *
 * What keeps the state space small, and why nothing is lost by it:
 *  - a counter has 2 bits instead of 48 (-H .. H-1), values are modulo M;
 *  - the epoch is not a number but "has it moved since the reader loaded it":
 *    exact as long as 2^32 switches do not fit into one read;
 *  - request.seq is not a number but "differs from applied_seq" (pend);
 *  - all values of a thread are relative to the truth: what it should read now
 *    is 0, and an event that it retires takes 1 off whatever holds one of its
 *    values.  Variables that nobody will read again are set to 0.
 * So runs are unbounded, and the search is over the full state space.
 *
 * One d_step is what nothing that matters can come between: Xen's hooks run
 * with interrupts off, the module's with the run queue locked; a VCPU can lose
 * its CPU between any two steps.
 *
 * -DSAME_MM -DSAME_CFG choose what the two threads share.  Planted faults,
 * each of which must be found: see the Makefile.
 */

#ifndef VCPUS
#define VCPUS    2
#endif

#ifdef SAME_MM
#define MM(t)    ((t) / 2 + 1)
#else
#define MM(t)    ((t) + 1)
#endif
#ifdef SAME_CFG
#define CFG(t)   1
#else
#define CFG(t)   ((t) + 1)
#endif

#define H        2              /* a counter holds -H .. H-1             */
#define M        8              /* values are modulo M > 2H              */
#define SEXT(r)  ((r) + (M - 2 * H) * ((r) / H))
#define START    H              /* the raw form of -H                    */

#define OTHER    2              /* cur[]: no thread of ours              */
#define NEXT(x)  ((x) + 3)      /* cur[]: between two threads, x follows */
#define HANDED(x)  ((x) + 6)    /* cur[]: likewise, and x is bound       */
#define SWITCHES(v)  (cur[v] >= 3)
#define FOREIGN  4              /* tag[], loaded[]: another domain       */
#define ZERO     5              /* tag[]: nobody's, the counter is zero  */
#define NONE     7

#define OFF      0              /* state[]: does not count, value stands */
#define RUN      1

/* Threads. */
byte saved[2];                  /* value when not counting               */
bit  state[2] = RUN;            /* slot.state                            */
byte off[2];                    /* slot.offset                           */
bit  rd[2];                     /* slot.index is not NO_RDPMC            */

/* The reader in thread 0. */
bit  moved;                     /* slot.epoch changed since it was loaded */
byte pc;                        /* loaded: 1 epoch, 2 index, 3 counter,  */
                                /* 4 offset, 5 counter and offset        */
bit  r_idx;
byte r_sum;                     /* counter + offset - truth when counted */

/* VCPUs: the guest's side ... */
byte cur[2] = OTHER;
bit  user[2];
bit  virq[2];                   /* raised, not yet handled               */
/* ... and the VCPU page.  The cookie names the address space. */
byte req_h[2], req_mm[2];
bit  pend[2];                   /* request.seq != pub.applied_seq        */
byte app_h[2], app_mm[2];       /* pub.applied_handle, .applied_cookie   */
bit  fail[2];                   /* pub.status: the last was refused      */
bit  revoked[2];                /* PUB_REVOKED: frozen, values stay      */
#if defined(SAME_MM) && defined(SAME_CFG)
bit  steady[2];                 /* nothing published or asked for since  */
                                /* a thread was folded without trouble   */
#define STEADY(v, now)  steady[v] = now
#else
#define STEADY(v, now)  skip
#endif

/* Xen's copy of the context, and the CPUs. */
byte val[2];
byte last[2] = NONE;            /* CPU on which val[] was taken          */
byte cpu[2] = { 0, 1 };         /* where the VCPU runs, or NONE          */
byte on[2] = { 0, 1 };          /* who runs on the CPU, or NONE          */
byte loaded[2] = NONE;          /* whose context its registers hold      */
byte raw[2], sel[2], tag[2];    /* counter, selector, whose events are in it */
bit  ctrl[2], pce[2];           /* GLOBAL_CTRL, CR4.PCE                  */
bit  pmi[2];                    /* overflow happened, interrupt to come  */

#define v        _pid           /* the VCPU whose step this is           */
hidden byte t;                  /* and the thread that the step is about */

/* ------------------------------------------------------------- Xen */

/*
 * After a refused request RDPMC stays, with all counters zero: the thread may
 * stand between its load of an index and its RDPMC.  Likewise the module keeps
 * asking on behalf of a thread that was stopped.
 */
#ifdef BUG_FAIL_TAKES_PCE
#define READABLE(v)  (app_h[v] != 0)
#else
#define READABLE(v)  (app_h[v] != 0 || fail[v])
#endif

inline enable()                 /* user/kernel split and CR4.PCE */
{
#ifdef BUG_NO_TOGGLE
    ctrl[cpu[v]] = (app_h[v] != 0 && !revoked[v]);
#else
    ctrl[cpu[v]] = (user[v] && app_h[v] != 0 && !revoked[v]);
#endif
#ifdef BUG_PCE_LEFT_ON
    pce[cpu[v]] = (pce[cpu[v]] || READABLE(v))
#else
    pce[cpu[v]] = READABLE(v)
#endif
}

#ifdef BUG_WITHDRAW_APPLIED
#define FORGET(v)  skip
#else
#define FORGET(v)  req_h[v] = 0; req_mm[v] = 0
#endif

inline apply(good)
{
    if
    :: pend[v] ->
        STEADY(v, 0);
        pend[v] = 0; app_h[v] = req_h[v]; app_mm[v] = req_mm[v];
        fail[v] = 0; revoked[v] = 0; pmi[cpu[v]] = 0;
        loaded[cpu[v]] = v;
        if
        :: req_h[v] == 0 -> raw[cpu[v]] = 0
        :: req_h[v] != 0 && good ->
            raw[cpu[v]] = START; sel[cpu[v]] = req_h[v];
            tag[cpu[v]] = req_mm[v];
            if :: cur[v] < 2 -> saved[cur[v]] = 0 :: else fi
        :: req_h[v] != 0 && !good ->
            raw[cpu[v]] = 0; sel[cpu[v]] = 0; tag[cpu[v]] = ZERO;
            app_h[v] = 0; fail[v] = 1;
#ifndef BUG_FAIL_SILENT
            virq[v] = 1
#endif
        fi;
        FORGET(v)
    :: else
    fi
}

/* Overflow is accounted to the VCPU in whose context the counter runs. */
inline account()
{
    pmi[cpu[v]] = 0; virq[v] = 1; STEADY(v, 0)
}

inline switch_out()
{
#ifndef BUG_PMI_LOST
    if :: pmi[cpu[v]] -> account() :: else fi;
#endif
    val[v] = raw[cpu[v]]; last[v] = cpu[v];
    ctrl[cpu[v]] = 0; pmi[cpu[v]] = 0;
#ifndef BUG_PCE_LEFT_ON
    pce[cpu[v]] = 0;
#endif
    on[cpu[v]] = NONE; cpu[v] = NONE
}

inline switch_in(p)
{
    on[p] = v; cpu[v] = p;
#ifdef BUG_APPLY_AT_SWITCH
    apply(1);
#endif
    if
    :: app_h[v] == 0 && !fail[v] -> skip
    :: app_h[v] == 0 && fail[v] ->
        raw[p] = 0; sel[p] = 0; tag[p] = ZERO; loaded[p] = NONE
#ifdef BUG_LAZY_BY_ID
    :: app_h[v] != 0 && loaded[p] == v -> skip
    :: app_h[v] != 0 && loaded[p] != v ->
#else
    :: app_h[v] != 0 && loaded[p] == v && last[v] == p -> skip
    :: app_h[v] != 0 && !(loaded[p] == v && last[v] == p) ->
#endif
        raw[p] = val[v]; tag[p] = app_mm[v];
        sel[p] = app_h[v]; loaded[p] = v
    fi;
    val[v] = 0; last[v] = NONE;
    enable()
}

/* ------------------------------------------------------------- module */

#define HOME(x)  (cur[0] != x && cur[1] != x && \
                  cur[0] != NEXT(x) && cur[1] != NEXT(x) && \
                  cur[0] != HANDED(x) && cur[1] != HANDED(x))
#define MINE(x)  (cur[v] == x || cur[v] == NEXT(x) || HOME(x))

/*
 * The only place that writes a slot: in the kernel, on the CPU where the thread
 * is current, or from anywhere while it is on none.
 */
inline slot_write(value, readable, now)
{
    assert(!user[v] && MINE(t));
    off[t] = (value) % M; rd[t] = readable; state[t] = now;
#ifndef BUG_NO_EPOCH
    if :: t == 0 && pc -> moved = 1; r_sum = 0 :: else fi
#endif
}

inline request(handle, mm)
{
    req_h[v] = handle; req_mm[v] = mm; pend[v] = 1; STEADY(v, 0)
}

/* Counting goes on only if Xen has applied what the offset belongs to. */
inline fold()
{
    if
#ifdef BUG_FOLD_UNCHECKED
    :: state[t] == RUN ->
#else
    :: state[t] == RUN && !pend[v] && app_h[v] == CFG(t) ->
#endif
        saved[t] = (off[t] + SEXT(raw[cpu[v]])) % M;
        STEADY(v, (!revoked[v] && !fail[v]))
    :: else
    fi
}

/* Nothing of the last owner's may be left when user mode runs next. */
inline release()
{
#ifdef BUG_KEEP_FOR_OTHER
    skip
#else
    if
    :: !READABLE(v) -> pend[v] = 0; FORGET(v)
    :: READABLE(v) -> request(0, 0)
    fi
#endif
}

inline start_over()
{
    request(CFG(t), MM(t));
    slot_write(saved[t] + H, 1, RUN)
}

#ifdef BUG_OWNER_IGNORED
#define OWNED(v, t)  true
#else
#define OWNED(v, t)  (app_mm[v] == MM(t))
#endif
#ifdef BUG_WITHDRAW_RELOAD
#define NEGATIVE(v)  true
#else
#define NEGATIVE(v)  (raw[cpu[v]] >= H)
#endif

inline bind()
{
    if
#ifdef BUG_STOPPED_WITHOUT_RDPMC
    :: state[t] != RUN -> skip
#else
    :: state[t] != RUN && app_h[v] == CFG(t) && OWNED(v, t) && !revoked[v] ->
        pend[v] = 0; FORGET(v)
    :: state[t] != RUN &&
       !(app_h[v] == CFG(t) && OWNED(v, t) && !revoked[v]) ->
        request(CFG(t), MM(t))
#endif
    :: state[t] == RUN && app_h[v] == CFG(t) && OWNED(v, t) &&
       !revoked[v] && NEGATIVE(v) ->
        pend[v] = 0; FORGET(v);         /* withdraw */
        slot_write(saved[t] + M - SEXT(raw[cpu[v]]), 1, RUN)
#ifdef BUG_WITHDRAW_APPLIED
    /* Believes that the last request, for nothing, still waits. */
    :: state[t] == RUN && app_h[v] == 0 && req_h[v] == 0 && !pend[v] ->
        slot_write(saved[t] + M - SEXT(raw[cpu[v]]), 1, RUN)
#endif
    :: else -> start_over()
    fi
}

/* Folds lose nothing. */
inline unbind()
{
    fold();
    assert(state[t] != RUN || saved[t] == 0);
    off[t] = 0
}

/* The hardware may stay as it is for a thread that may see it, and that */
/* will leave through here too.                                          */
inline leave(next)
{
    t = cur[v];
    if
    :: t < 2 ->
        unbind();
        if :: MM(next) != MM(t) -> release() :: else fi
    :: else
    fi
}

#if defined(SAME_MM) && defined(SAME_CFG)
#define HANDS_OVER
#ifdef BUG_HAND_BLIND
#define HIS(v)   true
#else
#define HIS(v)   (steady[v] && NEGATIVE(v))
#endif
#define HAND_OVER(v) \
    (HIS(v) && HOME(1 - cur[v]) && state[cur[v]] == RUN && \
     state[1 - cur[v]] == RUN && rd[1 - cur[v]])

/* The thread that leaves binds the one that comes, with one look at the counter. */
inline hand_over()
{
    t = cur[v];
    saved[t] = (off[t] + SEXT(raw[cpu[v]])) % M;
    assert(saved[t] == 0);
    off[t] = 0;
    t = 1 - t;
    slot_write(saved[t] + M - SEXT(raw[cpu[v]]), 1, RUN);
    cur[v] = HANDED(t)
}
#endif

/* STOP, revocation, failure. */
inline stop()
{
    unbind(); slot_write(saved[t], 0, OFF)
}

/* The VIRQ comes before the first user instruction after its event. */
inline handle_virq()
{
    virq[v] = 0;
    if
    :: t < 2 && state[t] == RUN && !pend[v] && revoked[v] ->
        stop()
    :: t == OTHER && revoked[v] -> release()
    :: t < 2 && state[t] == RUN && !pend[v] && fail[v] ->
        stop()
    :: t < 2 && state[t] == RUN && !pend[v] && !revoked[v] && !fail[v] &&
       app_h[v] == CFG(t) && raw[cpu[v]] < H ->
        fold(); start_over()
    :: else
    fi
}

/* ------------------------------------------------------------- steps */

/* What user mode of VCPU v can see is its own address space's. */
#define PRIVATE(v) \
    (cpu[v] == NONE || !user[v] || !pce[cpu[v]] || \
     tag[cpu[v]] == ZERO || (cur[v] < 2 && tag[cpu[v]] == MM(cur[v])))

inline retire(event)
{
    if
    :: t < 2 && state[t] == RUN && CFG(t) == event ->
        off[t] = (off[t] + M - 1) % M;
        if
        :: pend[v] || app_h[v] != CFG(t) -> saved[t] = (saved[t] + M - 1) % M
        :: else
        fi;
        if
        :: t == 0 && pc == 3 && !moved -> r_sum = (r_sum + 1) % M
        :: t == 0 && pc == 4 && !moved -> r_sum = (r_sum + M - 1) % M
        :: else
        fi
    :: else
    fi;
    if
    :: ctrl[cpu[v]] && sel[cpu[v]] == event ->
        raw[cpu[v]] = (raw[cpu[v]] + 1) % (2 * H);
        if :: raw[cpu[v]] == 0 -> pmi[cpu[v]] = 1 :: else fi
    :: else
    fi
}

/* The interrupt comes long before the counter has gone round. */
#define ROOM(v)  (!(pmi[cpu[v]] && raw[cpu[v]] == H - 1))
#define USER(v)  (cpu[v] != NONE && user[v] && !virq[v])
#define KERN(v)  (cpu[v] != NONE && !user[v])

active [VCPUS] proctype vcpu()
{
    do
    /* User mode: retire an event of either kind. */
    :: d_step { USER(v) && ROOM(v) -> t = cur[v]; retire(1) }
#ifndef SAME_CFG
    :: d_step { USER(v) && ROOM(v) -> t = cur[v]; retire(2) }
#endif
    /* Kernel mode: events that a u-only counter must not see. */
    :: d_step { KERN(v) && ctrl[cpu[v]] && ROOM(v) -> t = NONE; retire(1) }

    /* User mode of thread 0: the read, load by load.  The offset may be */
    /* loaded before or after the counter.                               */
#ifdef READER
    :: d_step { USER(v) && cur[v] == 0 && pc == 0 -> pc = 1 }
    :: d_step { USER(v) && cur[v] == 0 && pc == 1 -> r_idx = rd[0]; pc = 2 }
    :: d_step { USER(v) && cur[v] == 0 && (pc == 2 || pc == 4) ->
        if
        :: r_idx ->
            assert(pce[cpu[v]]);        /* else the process dies of #GP */
            if
            :: !moved -> r_sum = (r_sum + SEXT(raw[cpu[v]])) % M
            :: else
            fi
        :: else
        fi;
        pc = (pc == 2 -> 3 : 5) }
    :: d_step { USER(v) && cur[v] == 0 && (pc == 2 || pc == 3) ->
        if :: !moved -> r_sum = (r_sum + off[0]) % M :: else fi;
        pc = (pc == 2 -> 4 : 5) }
    :: d_step { USER(v) && cur[v] == 0 && pc == 5 ->
        assert(moved || r_sum == 0);
        pc = 0; r_sum = 0; r_idx = 0; moved = 0 }
#endif

    /* A system call or an interrupt; Xen stops u-only counters. */
    :: d_step { USER(v) -> user[v] = 0; enable() }
    :: d_step { cpu[v] != NONE && user[v] && virq[v] ->
        user[v] = 0; enable(); t = cur[v]; handle_virq() }
    :: d_step { KERN(v) && !SWITCHES(v) && virq[v] ->
        t = cur[v]; handle_virq() }

    /* The overflow interrupt, with any delay. */
    :: d_step { cpu[v] != NONE && pmi[cpu[v]] -> account() }

    /* Thread switch, in two halves. */
    :: d_step { KERN(v) && cur[v] < 2 ->
        leave(OTHER); cur[v] = NEXT(OTHER) }
    :: d_step { KERN(v) && cur[v] < 3 && HOME(0) ->
        leave(0); cur[v] = NEXT(0) }
#ifndef ONE_THREAD
    :: d_step { KERN(v) && cur[v] < 3 && HOME(1) ->
        leave(1); cur[v] = NEXT(1) }
#endif
#ifdef HANDS_OVER
    :: d_step { KERN(v) && cur[v] < 2 && HAND_OVER(v) -> hand_over() }
    :: d_step { KERN(v) && cur[v] >= HANDED(0) -> cur[v] = cur[v] - 6 }
#endif
    :: d_step { KERN(v) && SWITCHES(v) && cur[v] < HANDED(0) ->
        cur[v] = cur[v] - 3; t = cur[v];
        if :: t < 2 -> bind() :: else fi }

    /* STOP and START, by the thread itself or while it is off the CPU. */
#ifdef STOP
    :: d_step { KERN(v) && cur[v] < 2 && state[cur[v]] == RUN ->
        t = cur[v]; stop() }
    :: d_step { KERN(v) && cur[v] == OTHER && HOME(0) && state[0] == RUN ->
        t = 0; slot_write(saved[0], 0, OFF) }
#endif
    :: d_step { KERN(v) && cur[v] < 2 && state[cur[v]] == OFF ->
        t = cur[v]; state[t] = RUN; bind() }

    /* IRET to user mode: Xen looks at the request, and may refuse it. */
    :: d_step { KERN(v) && !SWITCHES(v) && !virq[v] ->
        apply(1); user[v] = 1; enable();
        assert(PRIVATE(v)) }
#ifdef FAIL
    :: d_step { KERN(v) && !SWITCHES(v) && !virq[v] && pend[v] ->
        apply(0); user[v] = 1; enable();
        assert(PRIVATE(v)) }
#endif
#ifdef REVOKE
    /* dom0 withdraws the policy: frozen, told, before the next instruction. */
    :: d_step { cpu[v] != NONE && app_h[v] != 0 && !revoked[v] ->
        revoked[v] = 1; virq[v] = 1; STEADY(v, 0); enable() }
#endif

#ifdef BUG_REMOTE_WRITE
    /* Another VCPU stops thread 0 by writing the slot where it is. */
    :: d_step { KERN(v) && cur[v] == OTHER && state[0] == RUN ->
        t = 0; slot_write(saved[0], 0, OFF) }
#endif

#ifdef VCPU_SWITCH
    :: d_step { cpu[v] != NONE -> switch_out() }
    :: d_step { cpu[v] == NONE && on[0] == NONE ->
        switch_in(0); assert(PRIVATE(v)) }
    :: d_step { cpu[v] == NONE && on[1] == NONE ->
        switch_in(1); assert(PRIVATE(v)) }
#endif
    od
}

#ifdef VCPU_SWITCH
/* Another domain counts on CPU 0 while none of our VCPUs is there. */
active proctype others()
{
    do
    :: d_step { on[0] == NONE && loaded[0] != FOREIGN ->
        raw[0] = 1; tag[0] = FOREIGN; sel[0] = 1;
#ifndef BUG_STALE_LOADED
        loaded[0] = FOREIGN
#endif
      }
    od
}
#endif
