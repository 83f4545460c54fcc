# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what `accept` reads: program, its further arguments, instructions, branches."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "programs"))
import programs  # noqa: E402

# exec and the like follow the process beyond what this simple list can say, and
# modify depends on how a processor handles code that changes itself.
SIMPLE = ("million", "straight", "cond", "calls", "indirect", "syscalls", "string",
          "lock", "cpuid", "pagefault", "sleep", "signals")

for name, program in programs.load().items():
    if name in SIMPLE:
        counts = program.expected()
        print(name, len(program.argv("x")) - 1, counts["instructions"], counts["branches"])
