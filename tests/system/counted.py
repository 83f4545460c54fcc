# SPDX-License-Identifier: LGPL-2.1-or-later
"""Known programs under `perfctr stat`: lines of a job, and checks."""
import json

import programs

KNOWN = programs.load()
EVENTS = "instructions:u,branches:u"


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
