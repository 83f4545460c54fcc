# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a VCPU switch costs among more and more domains, and among more and more VCPUs.

Guests without an operating system (tests/tinyguest) give their CPU away again and again,
all of them on one CPU: each hypercall that they make there is a switch to the next VCPU.
The same guests without counters, on the same Xen, are what Xen's scheduler takes for it.
"""
import tiny
from boots import Boot
from marks import Marks
from pctestbed import Guest, Job, boot_xen
from pctestbed.products import products
from sides import BUILD, say

DOMAINS = (2, 4, 8, 16)
VCPUS = (2, 4, 16, 64)
SCHED_OP = "29"         # xen.h
KINDS = (("ours", ""), ("none", " plain"))
# What they may do before the first mark and between the two, in microseconds of guest time.
SETTLE, MEASURE = 100_000, 200_000


def _settings():
    """(what is varied, how many domains, how many VCPUs each)"""
    return [("domains", n, 1) for n in DOMAINS] + [("VCPUs", 1, n) for n in VCPUS]


def _job(configs):
    """dom0's script; a mark before and after each measurement."""
    lines = ["set -u", "xl vcpu-pin 0 all 0 >/dev/null || exit 4"]
    tag = 0
    for _, number, _ in _settings():
        for _ in KINDS:
            names = [configs.pop(0) for _ in range(number)]
            lines.append(f"tb say '{names[0]}: {number} domains'")
            for name in names:
                lines.append(f"xl create -p /guests/{name}.cfg >/dev/null && "
                             f"xen-perfctr enable {name} --kernel || exit 4")
            lines += [f"xl unpause {name}" for name in names]
            lines += [f"says {name} 'yield, 0 BAD' || exit 4" for name in names]
            lines.append(f"usleep {SETTLE}; tb-tag {tag + 1}; usleep {MEASURE}; tb-tag {tag + 2}")
            lines += [f"xl destroy {name}; gone {name}" for name in names]
            tag += 2
    return "\n".join(lines) + "\ntrue\n"


def _yields(report, tag):
    """sched_op hypercalls on CPU 1, where only these guests run."""
    return sum(table.get(SCHED_OP, 0) for table in report.report[tag][1]["syscalls"].values())


def rows(vendor="intel"):
    """{"operation": "vcpu_switch", "parameter": "N domains" or "N VCPUs"}"""
    boot = Boot(f"scaling-{vendor}", vendor, [])
    names, files = [], {tiny.KERNEL: BUILD / "bench" / "tinyguest" / "tinyguest"}
    for what, domains, vcpus in _settings():
        for who, words in KINDS:
            for i in range(domains):
                name = f"{what[:1].lower()}{domains * vcpus}-{who}-{i}"
                place, text = tiny.config(name, "pv", "yield" + words, vcpus=vcpus, cpus="1",
                                          memory=8)
                files[place] = text
                names.append(name)
    say(f"{boot.name}: booting Xen with perfctr")
    # Never started: its memory is for the others.
    room = Guest("room", Job("true\n"), memory_mb=16 * max(DOMAINS), start=False)
    tools = products("/usr/sbin/xen-perfctr", build=BUILD) | tiny.SCRIPTS
    boot_xen([room], boot.machine(xen_args="perfctr"), Job(_job(names), tools | files),
             boot.progress)
    report = Marks(boot.report)
    tag = 0
    for what, domains, vcpus in _settings():
        for who, _ in KINDS:
            a, b = report.values(tag + 1), report.values(tag + 2)
            tag += 2
            switches = _yields(report, tag) - _yields(report, tag - 1)
            accesses = sum(b[key] - a[key] for key in ("msr_writes", "msr_reads"))
            yield {"operation": "vcpu_switch", "who": who, "mode": f"pv-{vendor}",
                   "parameter": f"{domains * vcpus} {what}",
                   "instructions": round((b["instructions"] - a["instructions"]) / switches, 2),
                   "traps": 1, "hypercalls": 0,
                   "msr_accesses": round(accesses / switches, 3),
                   "note": f"{switches} switches, a hypercall each"}
