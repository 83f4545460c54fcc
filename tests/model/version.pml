/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The version of what Xen publishes, for readers on other VCPUs.
 *
 * Xen makes the version odd, writes two fields, and makes it even.  A reader
 * that runs at the same time loads version, fields, version.  Stores and loads
 * are each in program order: that is what x86 gives, and what the write and
 * read barriers of both sides demand from the compiler.
 *
 * Planted faults, each of which must be found: see the Makefile.
 */

#define LAST 3                  /* publications */

byte version, a, b;

active proctype xen()
{
    byte i = 1;

    do
    :: i <= LAST ->
#ifndef BUG_NEVER_ODD
        version++;
#endif
        a = i;
        b = i;
        version++;
        i++
    :: else -> break
    od
}

active proctype reader()
{
    byte before, x, y;

    do
    :: before = version;
        x = a;
        y = b;
        if
#ifndef BUG_ODD_ACCEPTED
        :: before & 1 -> skip
#endif
#ifndef BUG_NO_SECOND_LOOK
        :: before != version -> skip
#endif
        :: else -> assert(x == y)
        fi
    od
}
