# SPDX-License-Identifier: LGPL-2.1-or-later
"""What operations cost, from the emulator's report and Xen's own numbers.

An operation is done N times between two marks and 2 N times between the next two.
What the second time takes more, divided by N, is the cost of one: starting the
program, configuring the set and the marks themselves cancel out.

A mark is a line of the emulator's report, and Xen's numbers for VCPU 0 of the
guests. Guests cannot write to I/O ports, so dom0 makes their marks.
"""
import json

from cost_sample import NATIVE_ACTIONS, SAMPLE_ACTIONS, sample_rows
from marks import MARK_GUEST, MARK_NATIVE, Marks, rows_of

# Those that are measured.
GUESTS = ("one", "two")
N = 2000
READS = 200_000
SEND = "perfctr stat -e {} -o /run/stat -- "
# name, command for N operations, N
ACTIONS = (
    ("reads", "perfctr-selftest reads {}", READS),
    ("alone", "switcher alone {}", N),
    ("none", "switcher threads {}", N),
    ("alone_counted", SEND.format("instructions:u") + "switcher alone {}", N),
    ("same", SEND.format("instructions:u") + "switcher threads {}", N),
    ("process", SEND.format("instructions:u") + "switcher processes {}", N),
    ("other", "other {}", N),
)
DEVICE_ACTIONS = (
    ("process_fast", SEND.format("instructions:u") + "switcher processes {}", N),
    ("start_stop", "startstop {}", N),
)
RELOAD = "rmmod perfctr && insmod /lib/perfctr.ko {} || echo 'no module' >>/run/failed"
# Before an operation: with the fast policy, and back.
SETUP = {"process_fast": RELOAD.format("fast=1"), "start_stop": RELOAD.format("")}
BURNS = (("vcpu_none", "", ""),
         ("vcpu_same", SEND.format("instructions:uk"), ""),
         ("vcpu_other", SEND.format("instructions:uk,branches:uk"),
          SEND.format("cycles:uk,branches-conditional:uk")))
# Long enough that both guests compute at the same time on a slow host as well.
SECONDS = 4

# Writes per switch by the minimum for each transition: going, that is to stop the
# counters, and coming back to them as they are; or coming to those of another,
# that is to its two counters, the general one's selector, one counter of the other's
# that it does not use, and to start. (The fixed counters' control holds the
# fields of both after the first time.) What is more are the starts.
RESUME = 1 + 1
# AMD: no fixed counters, so both selectors, and both of its counters are the other's.
RESTORE = {"intel": 1 + 2 + 1 + 1 + 1, "amd": 1 + 2 + 2 + 1}

OTHER = """other() {
    rm -f /run/f1 /run/f2; mkfifo /run/f1 /run/f2
    perfctr stat -e instructions:u -o /run/s1 -- switcher first /run/f1 /run/f2 "$1" &
    perfctr stat -e branches:u,cycles:u -o /run/s2 -- switcher second /run/f1 /run/f2 "$1"
    wait
}
"""
DOM0 = """mark() {
    tb-wait -t 200 "want-$1" || exit 4
    tb-tag "$1"
    for guest in one two; do
        echo "@ $1 $guest"; xen-perfctr stats $guest 0
    done >>/run/stats
    tb-signal "have-$1"
}
"""


def actions(native):
    """The operations of one kind of machine."""
    return ACTIONS + (NATIVE_ACTIONS if native else DEVICE_ACTIONS + SAMPLE_ACTIONS)


def tags(native):
    """{operation: the mark before it}, and the last mark; others follow by ones."""
    tag, first = 100, {}
    for name, _, _ in actions(native):
        tag += name in SETUP
        first[name] = tag
        tag += 2
    return first, tag


def script(native):
    """The job of bare Linux, or of the first guest."""
    lines = [OTHER, MARK_NATIVE if native else MARK_GUEST,
             "perfctr-selftest cost >/run/read_cost; tb file read_cost /run/read_cost",
             "taskset -p 1 $$ >/dev/null", "mark 100"]
    first, tag = tags(native)
    for name, command, count in actions(native):
        if name in SETUP:
            lines.append(f"{SETUP[name]}; mark {first[name]}")
        for times in (1, 2):
            lines.append(f"{command.format(count * times)} >/run/cost.out 2>&1 "
                         f"|| echo '{name} failed' $(cat /run/cost.out) >>/run/failed; "
                         f"mark {first[name] + times}")
    if not native:
        for name, send, _ in BURNS:
            lines.append(f"mark {tag + 1}; tb-barrier -t 300 {name} 2; "
                         f"{send} switcher burn {SECONDS} >/dev/null; "
                         f"tb-wait -t 100 {name}-done; mark {tag + 2}")
            tag += 2
    lines.append("touch /run/failed; tb file failed /run/failed")
    return "\n".join(lines) + "\n"


def script_second():
    """The second guest's part: computes when the first one does."""
    lines = ["taskset -p 1 $$ >/dev/null", "tb-signal cost-two"]
    for name, _, second in BURNS:
        lines.append(f"tb-barrier -t 600 {name} 2; "
                     f"{second} switcher burn {SECONDS} >/dev/null; tb-signal {name}-done")
    return "\n".join(lines) + "\n"


def dom0():
    """dom0's part."""
    last = tags(False)[1] + 2 * len(BURNS)
    return (DOM0 + "pin one all 1; pin two all 1; pin 0 all 0\ntb-signal cost\n"
            # Whoever still boots would do so on the CPU that is measured.
            "tb-wait -t 600 cost-two || exit 4\n"
            f"for n in $(seq 100 {last}); do mark $n; done\ntb file stats /run/stats\n")


def _samples(mode, actions_, cost, complain):
    """Rows of the actions that sample. One that cannot be told is missing, and only it."""
    found = []
    for name, _, _ in actions_:
        try:
            found += sample_rows(mode, name, cost[name])
        except ValueError as error:
            complain(f"no row of {mode} {error}")
    return found


def rows(mode, report, read_cost, stats=b"", complain=print):
    """Rows of one machine; complain(text) of those that there should be as well."""
    native = mode.startswith("native")
    marks = Marks(report, stats, native)
    first, last = tags(native)
    cost = {name: marks.per_operation(first[name], count) for name, _, count in actions(native)}
    found = []
    reads = json.loads(read_cost)
    traps = cost["reads"]["exceptions"] + cost["reads"]["syscalls"]
    for name in ("read1", "read4", "read_all"):
        values = {"instructions": reads.get(name)}
        if values["instructions"] is None:
            values["instructions"] = reads.get(name + "_checked")
        if name == "read1":
            values |= {"traps": traps, "hypercalls": cost["reads"].get("hypercalls"),
                       "exits": cost["reads"]["exits"],
                       "msr_writes": cost["reads"]["msr_writes"],
                       "msr_reads": cost["reads"]["msr_reads"]}
        note = f"{reads['counters']} counters" if name == "read_all" else \
            f"checked: {reads[name + '_checked']:g} instructions"
        found += rows_of(mode, name, values, note)
    handed = cost["alone_counted"]
    for name, base in (("none", cost["alone"]), ("same", handed), ("process", handed),
                       ("other", handed), ("process_fast", handed)):
        if name not in cost:
            continue
        values = {key: cost[name][key] / 2 - base[key] for key in base}
        values["traps"] = values["exceptions"]
        note = "without the write and read that cause it; instructions of user, kernel and Xen, " \
            "timer interrupts included"
        if "others" in values:
            note += f"; other hypercalls {values['others']:.2f}"
        found += rows_of(mode, f"thread_switch_{name}", values, note)
    if native:
        return found + _samples(mode, NATIVE_ACTIONS, cost, complain)
    found += rows_of(mode, "start_stop",
                      cost["start_stop"] | {"traps": cost["start_stop"]["exceptions"]},
                      "one start and one stop, two ioctl; timer interrupts included")
    found += _samples(mode, SAMPLE_ACTIONS, cost, complain)
    tag = last + 1
    restore = RESTORE[mode.partition("-")[2]]
    for name, label in (("vcpu_none", "vcpu_switch_none"), ("vcpu_same", "vcpu_switch_same_owner"),
                        ("vcpu_other", "vcpu_switch_other_owner")):
        a, b = marks.values(tag), marks.values(tag + 1)
        came = {key: sum(marks.stats[tag + 1, guest].get(key, 0)
                         - marks.stats[tag, guest].get(key, 0) for guest in GUESTS)
                for key in ("resumes", "restores", "msr_writes")}
        switches = came["restores"] + came["resumes"]
        writes = b["msr_writes"] - a["msr_writes"]
        reads_ = b["msr_reads"] - a["msr_reads"]
        note = (f"{writes} writes, {came['resumes']} resumes, {came['restores']} restores; "
                "going and coming back, the start of counting included")
        for row in rows_of(mode, label, {
                "msr_writes": writes / switches if switches else writes,
                "msr_reads": reads_ / switches if switches else reads_}, note):
            if row["event"] == "msr_writes" and switches:
                row["expected"] = round((RESUME * came["resumes"] + restore * came["restores"])
                                        / switches, 4)
            if row["event"] in ("msr_writes", "msr_reads"):
                found.append(row)
        tag += 2
    return found


def pair(all_rows):
    """Enters the native value beside the guest's."""
    native = {(row["program"], row["event"]): row["measured"] for row in all_rows
              if row["kind"] == "cost" and row["mode"].startswith("native")}
    for row in all_rows:
        if row["kind"] == "cost":
            row["native"] = native.get((row["program"], row["event"]))
