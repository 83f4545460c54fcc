/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread reads its time on a CPU, without the time stolen by Xen.
 *
 * One thread, two VCPUs with a time record each, a TSC that always goes on.
 * The reader loads epoch, place of the record, version, TSC, stolen, offset and
 * compares epoch and version.  Between any two of these its VCPU may lose the
 * CPU (Xen then adds to the record), or its thread may move to the other VCPU
 * (the module then writes the slot).  Times are modulo 8 and relative to the
 * truth: the thread's time, when it looks at the TSC, is to come out as 0.
 *
 * Planted faults, each of which must be found: see the Makefile.
 */

#define M 8

byte stolen[2];                 /* the records ...                       */
bit  moved_record;              /* version changed since it was loaded   */
byte vcpu;                      /* where the thread is                   */
bit  place;                     /* slot.time_record                      */
byte offset;                    /* slot.time_offset                      */
bit  moved;                     /* epoch changed since it was loaded     */

byte pc, sum;
bit  record;                    /* the reader's copy of place            */

/*
 * The sum offset + TSC - stolen is compared with the truth, so a tick of the
 * TSC while the thread runs changes nothing: both advance.  A tick while its
 * VCPU is off the CPU changes the TSC, hence what the offset must be relative
 * to it, and Xen adds it to the record before the VCPU runs again.  "lead" is
 * how far the TSC is ahead of the thread's time.
 */
byte lead;

active proctype world()
{
    do
    /* The VCPU is off the CPU for a tick. */
    :: d_step {
        lead = (lead + 1) % M;
        stolen[vcpu] = (stolen[vcpu] + 1) % M;
#ifndef BUG_NO_VERSION
        if :: pc >= 2 && record == vcpu -> moved_record = 1 :: else fi
#endif
      }
    /* The other VCPU is. */
    :: d_step {
        stolen[1 - vcpu] = (stolen[1 - vcpu] + 1) % M;
        if :: pc >= 2 && record != vcpu -> moved_record = 1 :: else fi
      }
    /* The thread moves, and waits for a tick meanwhile. */
    :: d_step {
        vcpu = 1 - vcpu;
        lead = (lead + 1) % M;
        place = vcpu;
        offset = (stolen[vcpu] + M - lead) % M;
#ifndef BUG_NO_EPOCH
        if :: pc > 0 -> moved = 1 :: else fi
#endif
      }

    /* The reader. */
#ifdef BUG_RECORD_ONCE
    /* Computes the record's address once, before the loop. */
    :: d_step { pc == 0 -> pc = 1 }
    :: d_step { pc == 1 -> moved_record = 0; pc = 2 }
#else
    :: d_step { pc == 0 -> moved = 0; pc = 1 }
    :: d_step { pc == 1 -> record = place; moved_record = 0; pc = 2 }
#endif
    :: d_step { pc == 2 -> sum = lead; pc = 3 }                  /* TSC */
    :: d_step { pc == 3 -> sum = (sum + M - stolen[record]) % M; pc = 4 }
    :: d_step { pc == 4 -> sum = (sum + offset) % M; pc = 5 }
    :: d_step { pc == 5 ->
        assert(moved || moved_record || sum == 0);
        pc = 0; sum = 0; moved = 0; moved_record = 0;
#ifndef BUG_RECORD_ONCE
        record = 0
#endif
      }
    od
}
