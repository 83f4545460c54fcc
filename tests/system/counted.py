# SPDX-License-Identifier: LGPL-2.1-or-later
"""Known programs under `perfctr stat`: lines of a job, and checks."""
import json

import programs

KNOWN = programs.load()
EVENTS = "instructions:u,branches:u"
# By vendor, more events for general-purpose counters than there are such counters.
GENERAL = {"intel": ("r01c4", "r02c4", "r08c4", "r10c4", "r20c4", "r40c4", "r00c4", "r00c5",
                     "r01c5"),
           "amd": ("r00c0", "r00c1", "r00c2", "r00c3", "r00c8", "r00ca", "r0076")}


def lines(prefix, names):
    """Job lines: counts each program in a step of its own."""
    return "".join(
        f"step {prefix}-{name} perfctr stat -e {EVENTS} -j -- "
        + " ".join(KNOWN[name].argv(f"/usr/lib/programs/{name}")) + "\n"
        for name in names)


def counts(text):
    """{event: value} of perf's JSON lines."""
    found = {}
    for line in text.splitlines():
        if line.startswith("{"):
            record = json.loads(line)
            found[record["event"]] = record["counter-value"]
    return found


def check(bench, result, prefix, names):
    """Every count equals what was derived by hand."""
    for name in names:
        step = bench.step(result, f"{prefix}-{name}")
        if step is None:
            continue
        expected = KNOWN[name].expected()
        found = counts(step.stderr.decode())
        for event in ("instructions", "branches"):
            got = found.get(f"{event}:u")
            bench.check(f"{result.who}: {prefix}-{name}: {event} = {expected[event]}",
                        got is not None and float(got) == expected[event], f"counted {got}")
