# SPDX-License-Identifier: LGPL-2.1-or-later
"""How fast the emulator is against an unpatched QEMU: paired runs of the same machine.

The measure is the host CPU time that QEMU takes for some programs, from when the job
says that it begins until it says that it has ended: other work on the host disturbs it
little. The unpatched QEMU and the patched one take turns; the best of each counts.
"""
import os
import subprocess
from pathlib import Path

import reference
import suite
from pctestbed import Job, Machine, artefacts, boot_native
from pctestbed.machine import DEFAULT_CPU
from sides import BUILD, say, with_libraries

NAMES = ("bzip2", "libquantum", "lbm")
ROUNDS = 2
TIMES = 4               # the programs; perf starts once for all of them
# The unpatched QEMU has no property tcg-pmu.
CPU = DEFAULT_CPU.replace(",+tcg-pmu", "")
COUNT = "perf stat -x, -e {} -o /run/stat -- "
# perf starts in all of them: without a PMU it has its software events.
IDLE = COUNT.format("task-clock")
VARIANTS = (
    ("idle", IDLE),
    ("instructions, cycles, branches", COUNT.format("instructions:u,cycles:u,branches:u")),
    ("loads, stores", COUNT.format("instructions:u,r81d0:u,r82d0:u")),
    ("branch misses", COUNT.format("branch-misses:u")),
    ("caches", COUNT.format("cache-references:u,cache-misses:u")),
    ("sampling every 100,000 instructions",
     "perf record -q -N -B -o /run/p.data -e instructions:u -c 100000 "),
)


def _stock():
    done = subprocess.run([artefacts.TESTBED / "build-qemu", "--stock"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def _cpu_seconds():
    """Of the emulator that this process has started, so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:                 # it has just ended
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        words = rest.split()
        if name.startswith("qemu-system") and int(words[1]) == os.getpid():
            ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _seconds(qemu, cpu, job):
    """CPU time that the job's programs take the emulator."""
    times = {}

    def progress(_who, kind, _name, data):
        if kind == "say":
            times[data.decode().strip()] = _cpu_seconds()

    os.environ["PERFCTR_QEMU"] = qemu
    result = boot_native(job, Machine(cpu=cpu, overlays=("real", "spec"), memory_mb=640,
                                      cpus=1, seconds=1800, boot_seconds=600), progress)
    if result.status != 0:
        raise RuntimeError(f"the job failed: {result.files.get('job.err', b'').decode()[-300:]}")
    return times["end"] - times["begin"]


def rows():
    """Rows of bench.json; the relation to the unpatched QEMU is in `relative`."""
    build = reference.build_directory()
    programs = suite.chosen(NAMES)
    files = reference.files(programs, build, reference.prepare(build))
    files |= with_libraries("/usr/bin/perf")
    files["/usr/bin/place"] = BUILD / "programs" / "tools" / "place"
    emulators = {"qemu": (_stock(), CPU), "patched": (str(artefacts.qemu()), DEFAULT_CPU)}
    before = os.environ.get("PERFCTR_QEMU")

    def job(prefix):
        text = f"#!/bin/sh\ncd /spec\nfor turn in $(seq {TIMES}); do\n" + "".join(
            f"{' '.join(program.argv)} >/dev/null || exit 1\n" for program in programs) + "done\n"
        return Job(f"tb say begin\n{prefix}/job/programs || exit 1\ntb say end\n",
                   files | {"/job/programs": text.encode()})

    best = {}
    plans = [("qemu", "idle", job(IDLE)),
             *(("patched", name, job(prefix)) for name, prefix in VARIANTS)]
    try:
        for turn in range(ROUNDS):
            for which, name, what in plans:
                took = _seconds(*emulators[which], what)
                best[which, name] = min(took, best.get((which, name), took))
                say(f"emulator {turn + 1}/{ROUNDS}: {which}, {name}: {took:.2f} s of CPU")
    finally:
        os.environ.pop("PERFCTR_QEMU")
        if before:
            os.environ["PERFCTR_QEMU"] = before
    base = best["qemu", "idle"]
    found = []
    for name, _ in VARIANTS:
        took = best["patched", name]
        found.append({"operation": "emulator_speed", "who": "patched", "mode": "native-intel",
                      "parameter": name, "instructions": None, "traps": None, "hypercalls": None,
                      "msr_accesses": None, "relative": round(base / took, 4),
                      "note": f"{took:.2f} s, unpatched {base:.2f} s"})
    return found
