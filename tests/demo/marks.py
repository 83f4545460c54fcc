# SPDX-License-Identifier: LGPL-2.1-or-later
"""The emulator's report and Xen's own numbers, as of marks that a job has set."""
import json

# Exits of an SVM guest that come from outside or are its idling: INTR, NMI, VINTR, HLT
# (APM volume 2, appendix C).
NOT_ITS_OWN = (0x60, 0x61, 0x64, 0x78)
# Hypercalls for a PMU: perfctr's, and xenpmu_op.
PMU_CALLS = ("50", "40")
# Sets a mark: on bare Linux, in a guest (dom0 does it then).
MARK_NATIVE = 'mark() { tb-tag "$1"; }\n'
MARK_GUEST = 'mark() { tb-signal "want-$1"; tb-wait -t 100 "have-$1"; }\n'


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
            "exits": sum(count for cpu in cpus for code, count in cpu.get("vmexits", {}).items()
                         if code != "other" and int(code, 16) not in NOT_ITS_OWN),
            "syscalls": sum(sum(cpu["syscalls"].get("user", {}).values()) for cpu in cpus),
            # Of paravirtual guests, of all CPUs: dom0 calls neither.
            "pmu_calls": sum(cpu["syscalls"].get("user_upper_half", {}).get(number, 0)
                             for cpu in cpus for number in PMU_CALLS),
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


def rows_of(mode, program, found, note):
    """One row for each kind of thing that is counted; found: {kind: number}."""
    for event in ("instructions", "traps", "exits", "hypercalls", "msr_writes", "msr_reads"):
        value = found.get(event)
        if event == "exits" and mode.startswith(("native", "pv-")):
            continue
        yield {"kind": "cost", "program": program, "event": event, "mode": mode,
               "placement": None, "expected": None, "native": None,
               "measured": None if value is None else round(value, 4), "error": None,
               "note": note}
