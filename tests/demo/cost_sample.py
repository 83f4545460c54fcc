# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a sample costs, with perfctr and with Linux perf on Xen's own virtual PMU."""
from marks import MARK_GUEST, Marks, rows_of

# ftest executes 164 instructions a round (ftest.c), so a sample is 10 rounds. What
# is more than the program's own instructions is the cost of its samples.
ROUND = 164
ROUNDS = 100_000
PERIOD = 10 * ROUND
# As perf record does, the reader looks into no sample.
SAMPLE = "perfctr-selftest samples --raw {}instructions:u@" + str(PERIOD) + " ftest {{}}"
SAMPLE_ACTIONS = (("sample_ours", SAMPLE.format(""), ROUNDS),
                  ("sample_ours_notify", SAMPLE.format("--notify "), ROUNDS),
                  ("sample_ours_chain", SAMPLE.format("--chain "), ROUNDS))
PERF = f"perf record -q -N -B -o /run/p.data -e instructions:u -c {PERIOD} ftest {{}}"
PERF_ACTIONS = (("sample_vpmu_perf", PERF, ROUNDS),)
NATIVE_ACTIONS = (("sample_native_perf", PERF, ROUNDS),)

# Linux then takes as many samples as it is asked for. In this order: without a share of
# the CPU's time it refuses a new rate.
UNLIMITED = """echo 1000000 >/proc/sys/kernel/perf_event_max_sample_rate
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent"""
MARK_VPMU = """mark() {
    tb-wait -t 200 "want-$1" || exit 4
    tb-tag "$1"
    tb-signal "have-$1"
}
"""


def sample_rows(mode, name, cost):
    """Of one sample: cost is that of one round of ftest, samples are overflow interrupts."""
    pmis = cost["pmis"]
    if pmis * PERIOD < 0.9 * ROUND:
        raise ValueError(f"{name}: {pmis * PERIOD / ROUND:.2f} overflow interrupts per period")
    xen = cost["ring0"] / pmis
    guest = (cost["instructions"] - cost["ring0"] - ROUND) / pmis
    where = ("kernel", "reader") if mode.startswith("native") else \
        ("Xen", "guest's kernel and reader")
    note = f"{where[0]} {xen:.0f}, {where[1]} {guest:.0f}; timer interrupts included"
    taken = {"kind": "cost", "program": name, "event": "samples", "mode": mode,
             "placement": None, "expected": 1, "native": None,
             "measured": round(pmis * PERIOD / ROUND, 4), "error": None,
             "note": f"per {PERIOD} instructions of the program, the period"}
    found = {key: cost[key] / pmis for key in ("exits", "hypercalls", "msr_writes", "msr_reads")
             if cost.get(key) is not None}
    found |= {"instructions": xen + guest, "traps": cost["exceptions"] / pmis}
    return [taken, *rows_of(mode, name, found, note)]


# Xen shows a PV guest as many counters as the CPU has, but emulates the selectors of
# four (pv/emul-priv-op.c), so with eight Linux finds its PMU broken and uses none.
CONFIG_VPMU = {"cpuid": ["0xa:eax=xxxxxxxxxxxxxxxx00000100xxxxxxxx"]}


def script_vpmu():
    """The job of a guest on Xen's own PMU, with Linux perf."""
    lines = [MARK_GUEST, "taskset -p 1 $$ >/dev/null", UNLIMITED, "mark 100"]
    tag = 100
    for _, command, count in PERF_ACTIONS:
        for times in (1, 2):
            tag += 1
            lines.append(f"{command.format(count * times)} >/run/cost.out 2>&1 "
                         f"|| cat /run/cost.out >>/run/failed; mark {tag}")
    lines.append("touch /run/failed; tb file failed /run/failed")
    return "\n".join(lines) + "\n"


def dom0_vpmu():
    """dom0's part of that."""
    return (MARK_VPMU + "pin one all 1; pin 0 all 0\n"
            f"for n in $(seq 100 {100 + 2 * len(PERF_ACTIONS)}); do mark $n; done\n")


def rows_vpmu(mode, report):
    """Its rows."""
    marks = Marks(report)
    found = []
    for index, (name, _, count) in enumerate(PERF_ACTIONS):
        cost = marks.per_operation(100 + 2 * index, count)
        # No perfctr there; what its guest calls instead is not counted by number.
        cost["hypercalls"] = None
        found += sample_rows(mode, name, cost)
    return found
