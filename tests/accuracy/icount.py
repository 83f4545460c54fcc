# SPDX-License-Identifier: LGPL-2.1-or-later
"""With QEMU's -icount a guest's run is the same each time: byte-identical counts."""
import machines
from sides import say

NAMES = ("bzip2", "libquantum", "lbm")


def _once(programs, contents):
    side = machines.sides()["intel"]
    side.programs, side.contents, side.icount = programs, contents, True
    side.passes, side.placements = ("small",), ("own",)
    side.guests = {"one": "pv"}
    machines.guests(side)
    return side.sent("one").get("small-own", b"")


def twice(chosen, contents):
    """Boots the same guest two times; complaints."""
    programs = [program for program in chosen if program.name in NAMES] or chosen[:1]
    say("icount: the same guest twice")
    first = _once(programs, contents)
    second = _once(programs, contents)
    if not first:
        return ["icount: the guest sent no counts"]
    if first != second:
        return [f"icount: two runs differ:\n{first.decode()}\n{second.decode()}"]
    say(f"icount: {len(first)} bytes of counts, the same both times")
    return []
