# SPDX-License-Identifier: LGPL-2.1-or-later
"""The operations, and how a row follows from what the emulator counted.

An operation is done N times and then 2 N times, between marks of the emulator's
report: what the second time takes more, divided by N, is one operation. Starting
the program, opening its counters and the marks themselves cancel out.
"""
from dataclasses import dataclass

from cost import OTHER, RELOAD
from cost_sample import PERF, PERIOD, ROUND, ROUNDS, SAMPLE, UNLIMITED
from marks import MARK_NATIVE

N = 2000
READS = 200_000
# Rounds of ftest: what the guest does now and then is 100 instructions a sample in 100,000.
SAMPLED = 5 * ROUNDS
EVENTS = ("instructions:u", "cycles:u", "branches:u", "branches:u", "branches:u", "branches:u",
          "branches:u", "branches:u")
OURS = "perfctr stat -e {} -o /run/stat -- "
PERF_STAT = "perf stat -e {} -o /run/stat -- "
COUNTERS = (1, 2, 4, 8)
THREADS = (2, 10, 100, 1000)


@dataclass
class Op:
    """command has {} for N. A row is the cost of one / parts - that of `base`."""
    operation: str
    who: str
    command: str
    count: int = N
    parameter: str = ""
    base: str = ""          # name of another Op of the same machine
    parts: int = 1
    setup: str = ""         # a line before its first mark
    sampled: bool = False

    @property
    def name(self):
        return " ".join(filter(None, (self.operation, self.who, self.parameter)))


def _ops(operation, who, command, counters, **more):
    """One for each number of counters."""
    base = "loop none"
    return [Op(operation, who, f"ops {command} {k} {{}}", parameter=f"{k} counters",
               base=base, **more) for k in counters]


def _switches(who, stat, set_of, parts=2):
    """A hand-over and its answer: two switches, less the writes and reads that they need."""
    found = []
    for k in COUNTERS:
        counted = stat.format(",".join(set_of[:k]))
        found += [Op("hand_over", who, counted + "switcher alone {}", parameter=f"{k} counters"),
                  Op("thread_switch_same", who, counted + "switcher threads {}", parts=parts,
                     parameter=f"{k} counters", base=f"hand_over {who} {k} counters")]
    return found


def _rings(who, stat):
    return [Op("ring", who, stat.format("instructions:u") + f"ops ring {t} {{}}",
               parameter=f"{t} threads") for t in THREADS]


LOOP = [Op("loop", "none", "ops loop 0 {}", READS)]
UNCOUNTED = [Op("hand_over", "none", "switcher alone {}", 5 * N),
             Op("thread_switch", "none", "switcher threads {}", 5 * N, base="hand_over none",
                parts=2),
             Op("system_call", "none", "switcher wait {}", 20_000)]


def perf(who, most, mmap):
    """Linux perf, natively or in a guest on Xen's own virtual PMU."""
    counters = [k for k in COUNTERS if k <= most]
    found = LOOP + _ops("read", who, "perf_read", counters)
    if mmap:
        found += _ops("read_mapped", who, "perf_mmap", counters, count=READS)
    found += _ops("start_stop", who, "perf_startstop", (1, 4))
    found += _ops("open_close", who, "perf_open", (1, 4), count=1000)
    found += [op for op in _switches(who, PERF_STAT, EVENTS)
              if int(op.parameter.split()[0]) <= most]
    found += _rings(who, PERF_STAT)
    found.append(Op("sample", who, PERF, SAMPLED, sampled=True, setup=UNLIMITED))
    return found


def ours():
    """In a guest with perfctr."""
    found = LOOP + UNCOUNTED
    found += [Op("read_loop", "ours", "perfctr-selftest reads {}", READS,
                 parameter="1 counters, checked")]
    found += _ops("read", "original", "original_read", (1, 2, 4, 8), count=READS)
    found += _ops("open_close", "ours", "device_open", (1, 4), count=1000)
    found += _switches("ours", OURS, EVENTS)
    alone = "hand_over ours 1 counters"
    found += [Op("thread_switch_other", "ours", "other {}", base=alone, parts=2),
              Op("process_switch", "ours", OURS.format("instructions:u") + "switcher processes {}",
                 base=alone, parts=2),
              Op("start_stop", "ours", "startstop {}", parameter="1 counters")]
    found += _rings("ours", OURS)
    found += [Op("sample", "ours", SAMPLE.format(""), SAMPLED, sampled=True),
              Op("sample", "ours", SAMPLE.format("--notify "), SAMPLED, sampled=True,
                 parameter="at once"),
              Op("sample", "ours", SAMPLE.format("--chain "), SAMPLED, sampled=True,
                 parameter="call chain")]
    found += [Op("process_switch", "ours",
                 OURS.format("instructions:u") + "switcher processes {}", base=alone, parts=2,
                 parameter="fast=1", setup=RELOAD.format("fast=1"))]
    return found


def unused():
    """A guest that has nothing of this, on a Xen that does or does not."""
    return UNCOUNTED


def marks(ops):
    """{name: its first mark}, the last mark."""
    found, tag = {}, 100
    for op in ops:
        tag += 1
        found[op.name] = tag
        tag += 2
    return found, tag


def script(ops):
    """The job's lines. A guest may write to the report's port, and sets its marks itself."""
    lines = [OTHER, MARK_NATIVE, "taskset -p 1 $$ >/dev/null",
             "ulimit -n 4096"]
    first, last = marks(ops)
    for number, op in enumerate(ops, 1):
        lines.append(f"tb say '{number}/{len(ops)} {op.name}'")
        # Once before the first mark: what only the first time takes is none of its cost.
        lines.append(f"{op.setup or ':'}\n{op.command.format(max(op.count // 100, 20))} "
                     f">/run/cost.out 2>&1\nmark {first[op.name]}")
        for times in (1, 2):
            lines.append(f"{op.command.format(op.count * times)} >/run/cost.out 2>&1 "
                         f"|| echo '{op.name}:' $(cat /run/cost.out) >>/run/failed; "
                         f"mark {first[op.name] + times}")
    lines.append("touch /run/failed; tb file failed /run/failed")
    return "\n".join(lines) + "\n", last


def rows(ops, mode, report, failed):
    """Rows of one machine: report is its Marks; failed: names of operations that did not work."""
    first, _ = marks(ops)
    cost = {}
    for op in ops:
        if op.name not in failed:
            cost[op.name] = report.per_operation(first[op.name], op.count)
    for op in ops:
        base = {}
        if op.base:
            base = cost.get(op.base, {})
        mine = cost.get(op.name)
        row = {"operation": op.operation, "who": op.who, "mode": mode, "parameter": op.parameter}
        if mine is None:
            yield row | {"instructions": None, "traps": None, "hypercalls": None,
                         "msr_accesses": None, "note": failed[op.name]}
            continue
        found = {key: value / op.parts - base.get(key, 0) for key, value in mine.items()}
        note = ""
        if op.sampled:
            pmis = mine["pmis"]
            if pmis * PERIOD < 0.9 * ROUND:
                yield row | {"instructions": None, "traps": None, "hypercalls": None,
                             "msr_accesses": None, "note": f"{pmis * PERIOD / ROUND:.2f} "
                             "overflow interrupts per period"}
                continue
            found = {key: value / pmis for key, value in mine.items()}
            found["instructions"] -= ROUND / pmis
            # Linux in a guest counts its own kernel too, and takes more than it was asked for.
            row["samples_per_period"] = round(pmis * PERIOD / ROUND, 3)
            note = f"{row['samples_per_period']} samples per period"
        elif op.operation.startswith(("thread_switch", "process_switch")):
            note = (f"{found['ring0']:,.0f} of them in "
                    f"{'the kernel' if mode.startswith('native') else 'Xen'}; "
                    "without the write and the read that cause it")
        yield row | {
            "instructions": round(found["instructions"], 2),
            "ring0": round(found["ring0"], 2),
            "traps": round(found["exceptions"] + found["syscalls"] + found["exits"], 3),
            "hypercalls": round(found["pmu_calls"], 3),
            "msr_accesses": round(found["msr_writes"] + found["msr_reads"], 3), "note": note}
