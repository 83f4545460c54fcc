# SPDX-License-Identifier: LGPL-2.1-or-later
"""What operations cost, from the emulator's report and Xen's own numbers.

An operation is done N times between two marks and 2 N times between the next two.
What the second time takes more, divided by N, is the cost of one: starting the
program, configuring the set and the marks themselves cancel out.

A mark is a line of the emulator's report, and Xen's numbers for VCPU 0 of the
guests. Guests cannot write to I/O ports, so dom0 makes their marks.
"""
import json

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
    ("other", "other {}", N),
)
DEVICE_ACTIONS = (("start_stop", "startstop {}", N),)
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
RESTORE = 1 + 2 + 1 + 1 + 1

OTHER = """other() {
    rm -f /run/f1 /run/f2; mkfifo /run/f1 /run/f2
    perfctr stat -e instructions:u -o /run/s1 -- switcher first /run/f1 /run/f2 "$1" &
    perfctr stat -e branches:u,cycles:u -o /run/s2 -- switcher second /run/f1 /run/f2 "$1"
    wait
}
"""
MARK_NATIVE = 'mark() { tb-tag "$1"; }\n'
MARK_GUEST = 'mark() { tb-signal "want-$1"; tb-wait -t 100 "have-$1"; }\n'
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


def script(native):
    """The job of bare Linux, or of the first guest."""
    lines = [OTHER, MARK_NATIVE if native else MARK_GUEST,
             "perfctr-selftest cost >/run/read_cost; tb file read_cost /run/read_cost", "tag=100",
             "taskset -p 1 $$ >/dev/null", "mark 100"]
    tag = 100
    for name, command, count in actions(native):
        for times in (1, 2):
            tag += 1
            lines.append(f"{command.format(count * times)} >/run/cost.out 2>&1 "
                         f"|| echo '{name} failed' $(cat /run/cost.out) >>/run/failed; mark {tag}")
    if not native:
        for name, first, _ in BURNS:
            lines.append(f"mark {tag + 1}; tb-barrier -t 300 {name} 2; "
                         f"{first} switcher burn {SECONDS} >/dev/null; "
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
    last = 100 + 2 * len(actions(False)) + 2 * len(BURNS)
    return (DOM0 + "pin one all 1; pin two all 1; pin 0 all 0\ntb-signal cost\n"
            # Whoever still boots would do so on the CPU that is measured.
            "tb-wait -t 600 cost-two || exit 4\n"
            f"for n in $(seq 100 {last}); do mark $n; done\ntb file stats /run/stats\n")


MARK_VPMU = """mark() {
    tb-wait -t 200 "want-$1" || exit 4
    tb-tag "$1"
    tb-signal "have-$1"
}
"""
UNLIMITED = """echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent
echo 1000000 >/proc/sys/kernel/perf_event_max_sample_rate"""


class Marks:
    """The report's lines and Xen's numbers, by tag."""

    def __init__(self, report, stats=b"", native=False):
        # Where the measured work runs: dom0 has CPU 0 to itself.
        self.cpus = slice(0, 1) if native else slice(1, None)
        self.report = {}
        for line in report.read_text().splitlines():
            record = json.loads(line)
            if isinstance(record["tag"], int):
                self.report[record["tag"]] = record["cpus"]
        self.stats = {}
        current = None
        for line in stats.decode().splitlines():
            words = line.replace(":", " ").replace("=", " ").split()
            if line.startswith("@ "):
                current = self.stats.setdefault((int(words[1]), words[2]), {})
            elif current is not None and len(words) >= 2 and words[1].isdigit():
                current[words[0]] = int(words[1])

    @staticmethod
    def _pmu(table):
        return sum(count for msr, count in table.items() if msr != "other")

    def values(self, tag):
        """Everything that is compared, as of a mark."""
        cpus = self.report[tag]
        found = {
            # All modes: of a paravirtual guest user and kernel both, and of Xen.
            "instructions": sum(sum(cpu["instructions"].values()) for cpu in cpus[self.cpus]),
            "ring0": sum(cpu["instructions"].get("kernel", 0) for cpu in cpus[self.cpus]),
            "pmis": sum(cpu["pmis"] for cpu in cpus[self.cpus]),
            "msr_writes": sum(self._pmu(cpu["wrmsr"]) for cpu in cpus),
            "msr_reads": sum(self._pmu(cpu["rdmsr"]) for cpu in cpus),
            "exceptions": sum(sum(cpu["interrupts"].get("exception", {}).values())
                              for cpu in cpus),
            "syscalls": sum(sum(cpu["syscalls"].get("user", {}).values()) for cpu in cpus),
        }
        xen = self.stats.get((tag, "one"))
        if xen:
            found["hypercalls"] = xen["hypercalls_perfctr"]
            found["others"] = xen["hypercalls_other"]
        return found

    def per_operation(self, first, count):
        """Of the action between the marks first, first + 1 and first + 2."""
        a, b, c = (self.values(first + i) for i in range(3))
        return {key: ((c[key] - b[key]) - (b[key] - a[key])) / count for key in a}


def _rows_of(mode, program, found, note):
    for event in ("instructions", "traps", "hypercalls", "msr_writes", "msr_reads"):
        value = found.get(event)
        yield {"kind": "cost", "program": program, "event": event, "mode": mode,
               "placement": None, "expected": None, "native": None,
               "measured": None if value is None else round(value, 4), "error": None,
               "note": note}


def rows(mode, report, read_cost, stats=b""):
    """Rows of one machine."""
    native = mode.startswith("native")
    marks = Marks(report, stats, native)
    cost = {}
    for index, (name, _, count) in enumerate(actions(native)):
        cost[name] = marks.per_operation(100 + 2 * index, count)
    found = []
    reads = json.loads(read_cost)
    traps = cost["reads"]["exceptions"] + cost["reads"]["syscalls"]
    for name in ("read1", "read4", "read_all"):
        values = {"instructions": reads.get(name)}
        if values["instructions"] is None:
            values["instructions"] = reads.get(name + "_checked")
        if name == "read1":
            values |= {"traps": traps, "hypercalls": cost["reads"].get("hypercalls"),
                       "msr_writes": cost["reads"]["msr_writes"],
                       "msr_reads": cost["reads"]["msr_reads"]}
        note = f"{reads['counters']} counters" if name == "read_all" else \
            f"checked: {reads[name + '_checked']:g} instructions"
        found += _rows_of(mode, name, values, note)
    handed = cost["alone_counted"]
    for name, base in (("none", cost["alone"]), ("same", handed), ("other", handed)):
        values = {key: cost[name][key] / 2 - base[key] for key in base}
        values["traps"] = values["exceptions"]
        note = "without the write and read that cause it; instructions of user, kernel and Xen, " \
            "timer interrupts included"
        if "others" in values:
            note += f"; other hypercalls {values['others']:.2f}"
        found += _rows_of(mode, f"thread_switch_{name}",
                          {key: values.get(key) for key in
                           ("instructions", "traps", "hypercalls", "msr_writes", "msr_reads")},
                          note)
    if native:
        for name, _, _ in NATIVE_ACTIONS:
            found += _sample_rows(mode, name, cost[name])
        return found
    found += _rows_of(mode, "start_stop",
                      cost["start_stop"] | {"traps": cost["start_stop"]["exceptions"]},
                      "one start and one stop, two ioctl; timer interrupts included")
    for name, _, _ in SAMPLE_ACTIONS:
        found += _sample_rows(mode, name, cost[name])
    tag = 100 + 2 * len(actions(False)) + 1
    for name, label in (("vcpu_none", "vcpu_switch_none"), ("vcpu_same", "vcpu_switch_same_owner"),
                        ("vcpu_other", "vcpu_switch_other_owner")):
        a, b = marks.values(tag), marks.values(tag + 1)
        came = {key: sum(marks.stats[tag + 1, guest].get(key, 0)
                         - marks.stats[tag, guest].get(key, 0) for guest in ("one", "two"))
                for key in ("resumes", "restores", "msr_writes")}
        switches = came["restores"] + came["resumes"]
        writes = b["msr_writes"] - a["msr_writes"]
        reads_ = b["msr_reads"] - a["msr_reads"]
        note = (f"{writes} writes, {came['resumes']} resumes, {came['restores']} restores; "
                "going and coming back, the start of counting included")
        for row in _rows_of(mode, label, {
                "msr_writes": writes / switches if switches else writes,
                "msr_reads": reads_ / switches if switches else reads_}, note):
            if row["event"] == "msr_writes" and switches:
                row["expected"] = round((RESUME * came["resumes"] + RESTORE * came["restores"])
                                        / switches, 4)
            if row["event"] in ("msr_writes", "msr_reads"):
                found.append(row)
        tag += 2
    return found


def _sample_rows(mode, name, cost):
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
    return [taken, *_rows_of(mode, name, {"instructions": xen + guest,
                                 "traps": cost["exceptions"] / pmis,
                                 "hypercalls": cost["hypercalls"] / pmis
                                 if cost.get("hypercalls") is not None else None,
                                 "msr_writes": cost["msr_writes"] / pmis,
                                 "msr_reads": cost["msr_reads"] / pmis}, note)]


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
        found += _sample_rows(mode, name, cost)
    return found


def pair(all_rows):
    """Enters the native value beside the guest's."""
    native = {(row["program"], row["event"]): row["measured"] for row in all_rows
              if row["kind"] == "cost" and row["mode"].startswith("native")}
    for row in all_rows:
        if row["kind"] == "cost":
            row["native"] = native.get((row["program"], row["event"]))
