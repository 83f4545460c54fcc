# SPDX-License-Identifier: LGPL-2.1-or-later
"""The known programs: which are counted where, and the rows that follow."""
import programs
from measure import Measure

MAIN = ("instructions:u", "branches:u")
# Near returns by each vendor's own code: there is no generic name.
RETURNS = {"intel": "r08c4:u", "amd": "r00c8:u"}
EXPECTED = {"instructions:u": "instructions", "branches:u": "branches",
            "branches-conditional:u": "cond"} | dict.fromkeys(RETURNS.values(), "ret")
NAMES = dict.fromkeys(RETURNS.values(), "returns:u")
STORM_US = 2000
ALL = programs.load()
# Run in every placement; the others on a CPU of their own only.
SHARED = ("calls", "cond", "exec", "fork", "indirect", "lock", "million", "nested", "pagefault",
          "pipe", "repfault", "signals", "sse", "string", "syscalls", "threads")
# Moves itself, so it is not said to share a CPU.
WANDERING = ("affinity",)


def _other(vendor):
    """A set of events that another one competes with."""
    return ("branches-conditional:u", RETURNS[vendor], "branches:u", "instructions:u")


def _argv(name):
    return ALL[name].argv(f"/usr/lib/programs/{name}")


def own():
    """One at a time, on a CPU of its own."""
    return [[Measure(f"own.{name}", MAIN, "pin 0", _argv(name))] for name in ALL]


def shared_vcpu(vendor):
    """Two at a time on one CPU, counting different sets."""
    names = SHARED
    pairs = []
    for index, name in enumerate(names):
        partner = names[(index + 1) % len(names)]
        if index % 2 == 0:
            pairs.append([Measure(f"vcpu.{name}", MAIN, "pin 1", _argv(name)),
                          Measure(f"vcpu.{partner}", _other(vendor), "pin 1", _argv(partner))])
    return pairs


def shared_cpu(vendor, second):
    """One at a time, while another domain does the same on the same CPU."""
    names = list(SHARED)
    if second:
        names.reverse()
    events = _other(vendor) if second else MAIN
    return [[Measure(f"cpu.{name}", events, f"pin {index % 2}", _argv(name))]
            for index, name in enumerate(names)]


def migrating(vendor, second):
    """Two at a time, moved between VCPUs (here) and CPUs (by dom0)."""
    names = list(SHARED) + list(WANDERING) + ["sleep"]
    if second:
        names.reverse()
    groups = []
    for index in range(0, len(names), 2):
        groups.append([
            Measure(f"storm.{name}", MAIN if (index + i + second) % 2 else _other(vendor),
                    f"storm {index + i + 1} {STORM_US}", _argv(name))
            for i, name in enumerate(names[index:index + 2])])
    return groups


PLACEMENT = {"own": "own", "vcpu": "shared_vcpu", "cpu": "shared_cpu", "storm": "migrating"}


def rows(results, mode, who, native=None):
    """Rows of one machine. native: {(program, event): count}, for the guests."""
    for result in results:
        kind, _, name = result.id.partition(".")
        if kind not in PLACEMENT:
            continue
        expected = ALL[name].expected()
        for event in result.events:
            want = expected[EXPECTED[event]]
            got = result.counts.get(event)
            note = who
            if result.status != 0 or got is None:
                note += f": status {result.status}: {' '.join(result.messages)[:200]}"
            elif result.moves is not None:
                note += f": {result.moves} thread moves"
            label = NAMES.get(event, event)
            before = None
            if native is not None:
                before = native.get((name, label))
            elif mode.startswith("native"):
                before = got
            yield {"kind": "known", "program": name, "event": label, "mode": mode,
                   "placement": PLACEMENT[kind], "expected": want, "native": before,
                   "measured": got, "error": None if got is None else got - want,
                   "note": note}
