# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machines of the demo: for each vendor's CPU bare Linux, and Xen with guests.

A side is one emulated machine. It boots with bare Linux, then with Xen, dom0 and
guests of the side's types; both run the same programs.
"""
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import cost
import cost_sample
import known
import real
import sample
from measure import parse, script
from pctestbed import Guest, Job, Machine, TestbedError, boot_native, boot_xen
from pctestbed.machine import AMD_CPU, DEFAULT_CPU
from pctestbed.products import products, stripped

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
OUT = Path(os.environ.get("PERFCTR_OUT", TOP / "out"))
BUILD = Path(os.environ.get("PERFCTR_BUILD", TOP / "build"))
BEGIN = time.monotonic()
PRELUDE = ". /job/job.sh\n"
CONFIG = {"tsc_mode": "native"}
# Samples a second that Xen lets a VCPU take: more than it could, for each is counted.
PMI_RATE = 1_000_000
# (kind, its module, prefix of its phases)
KINDS = (("known", known, ""), ("sample", sample, "s"))


def say(text):
    print(f"[{time.monotonic() - BEGIN:5.1f} s] {text}", flush=True)


def take(arrived, label, who, kind, name, data):
    """An event of a machine: files are kept in arrived, the rest is told."""
    if kind == "file":
        arrived[who, name] = arrived.get((who, name), b"") + data if data else b""
    elif kind == "up":
        say(f"{label} {who} is up")
    elif kind == "say":
        say(f"{label} {who}: {data.decode(errors='replace').strip()}")


# Where a program is counted: alone on its CPU; with another thread on its VCPU; with
# another domain on its CPU; moved between VCPUs and CPUs.
PLACES = ("own", "shared_vcpu", "shared_cpu", "migrating")


@dataclass
class Side:
    """vendor; -cpu; {guest: type}; what runs on it, and what came back so far."""
    vendor: str
    cpu: str
    guests: dict
    wanted: tuple = ()
    alone: bool = False             # only the placements without another domain
    # {(machine, file): content}, also from one that did not come to its end
    arrived: dict = field(default_factory=dict)

    @property
    def subjects(self):
        """The first guest of each type: those that run what needs no second one."""
        return [name for index, (name, kind) in enumerate(self.guests.items())
                if kind not in list(self.guests.values())[:index]]

    def mode(self, guest=None):
        return f"{self.guests[guest] if guest else 'native'}-{self.vendor}"

    def report(self, name):
        return OUT / f"report-{name}-{self.vendor}.json"

    def progress(self, who, kind, name, data):
        take(self.arrived, self.vendor, who, kind, name, data)

    def files(self, who):
        """{name: content} of the files that a machine sent."""
        return {name: data for (machine, name), data in self.arrived.items() if machine == who}

    def machine(self, **more):
        overlays = ("real",) if "real" in self.wanted else ()
        return Machine(cpu=self.cpu, threads=os.environ.get("PERFCTR_TCG", "single"),
                       memory_mb=512, overlays=overlays, boot_seconds=240,
                       seconds=3600 if "hvm" in self.guests.values() else 1200, **more)


def sides():
    """All of them, by vendor."""
    return {side.vendor: side for side in (
        Side("intel", DEFAULT_CPU, {"one": "pv", "two": "pv"}),
        Side("amd", AMD_CPU, {"one": "pvh", "two": "pv"}))}


def hvm():
    """An HVM guest on a machine of its own: its firmware and its device model would slow
    down what the others do. It is not moved, and no other domain competes with it."""
    return Side("amd", AMD_CPU, {"three": "hvm"}, ("known",), alone=True)


def programs():
    """What goes into every machine."""
    found = {place: path for place, path in products(build=BUILD).items()
             if not place.startswith("/usr/sbin/xen-")}
    for name in ("place", "switcher", "startstop", "ftest"):
        found[f"/usr/bin/{name}"] = BUILD / "programs" / "tools" / name
    found["/job/job.sh"] = HERE / "job.sh"
    found.update(real.files())
    return found


def with_libraries(program):
    """A program of this system and what it is linked with, where they lie here."""
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    paths = [program] + [word for word in listed.split() if word.startswith("/")]
    return {path: stripped(Path(path).resolve()) for path in paths}


def native(side):
    """Bare Linux: {phase: results}."""
    phases = {}
    for kind, module, prefix in KINDS:
        if kind in side.wanted:
            phases[prefix + "own"] = module.own()
    if "known" in side.wanted:
        phases["shared_vcpu"] = known.shared_vcpu(side.vendor)
        phases["migrating"] = known.migrating(side.vendor, False)
    if "real" in side.wanted:
        phases["real"] = real.measures()
    text = PRELUDE + cost_sample.UNLIMITED + "\n"
    for phase, groups in phases.items():
        text += f"tb say {phase}\n" + script(groups) + f"report {phase}\n"
    if "sample" in side.wanted:
        text += "tb say profile\n" + sample.profile_script(True)
    if "cost" in side.wanted:
        text += "tb say cost\n" + cost.script(True)
    say(f"{side.vendor}: booting bare Linux")
    found = programs()
    if "sample" in side.wanted or "cost" in side.wanted:
        found |= with_libraries("/usr/bin/perf")
    result = boot_native(Job(text, found), side.machine(report=side.report("native")),
                         side.progress)
    if result.status != 0:
        raise TestbedError(f"the native job failed: {result.files.get('job.err', b'').decode()}")
    return {phase: parse(result.files.get(phase, b""), groups)
            for phase, groups in phases.items()}


DOM0 = """set -u
for guest in {guests}; do
    step -t 400 start-$guest guest-start $guest || exit 4
    step enable-$guest xen-perfctr enable $guest --kernel --pmi-rate {rate} || exit 4
done
tb-signal enabled
phase() {{
    for guest in $2; do tb-signal "$1@$guest"; done
    for guest in $2; do tb-wait -t 900 "$1-$guest" || exit 4; done
}}
pin() {{ xl vcpu-pin "$@" >/dev/null || exit 4; }}
alone() {{
    for guest in {guests}; do pin $guest all 0; done
    pin "$1" 0 0; pin "$1" 1 1
}}
together() {{ for guest in {guests}; do pin $guest all "$1"; done; }}
"""


def _placements(side, prefix):
    """dom0's lines for the four placements of one kind."""
    everybody = " ".join(side.guests)
    lines = []
    for place in ("own", "shared_vcpu"):
        lines += [f"alone {name}; phase {prefix}{place} {name}" for name in side.subjects]
    if side.alone:
        return "\n".join(lines) + "\n"
    lines += [f'together 1; phase {prefix}shared_cpu "{everybody}"',
              "together all",
              f"xen-vcpu-migrate --seed 1 --interval-ms 3 {everybody} >/run/migrate 2>&1 &",
              "migrate=$!",
              f'phase {prefix}migrating "{everybody}"',
              f"kill $migrate; wait $migrate; tb file {prefix}migrate /run/migrate"]
    return "\n".join(lines) + "\n"


def _plans(side):
    """{guest: {phase: groups}} and dom0's lines."""
    plans = {name: {} for name in side.guests}
    first = side.subjects[0]
    dom0 = DOM0.format(guests=" ".join(side.guests), rate=PMI_RATE)
    for kind, module, prefix in KINDS:
        if kind not in side.wanted:
            continue
        for name in side.subjects:
            plans[name][prefix + "own"] = module.own()
            plans[name][prefix + "shared_vcpu"] = module.shared_vcpu(side.vendor)
        for index, name in enumerate(side.guests):
            if side.alone:
                continue
            plans[name][prefix + "shared_cpu"] = module.shared_cpu(side.vendor, index % 2)
            plans[name][prefix + "migrating"] = module.migrating(side.vendor, index % 2)
        dom0 += _placements(side, prefix)
    if "real" in side.wanted:
        plans[first]["real"] = real.measures()
        dom0 += f"alone {first}; phase real {first}\n"
    if "sample" in side.wanted:
        dom0 += "".join(f"alone {name}; phase profile {name}\n" for name in side.subjects)
    # A guest that only idles would cost VM exits as well.
    dom0 += _end("end-others", [name for name in side.guests if name not in cost.GUESTS])
    if "cost" in side.wanted:
        dom0 += cost.dom0()
    return plans, dom0 + _end("end", [name for name in cost.GUESTS if name in side.guests])


def _end(signal, names):
    """dom0's lines: these may end now."""
    return f"tb-signal {signal}\n" + "".join(f"guest-wait {name} 60\n" for name in names)


def _guest_job(side, name, phases):
    text = PRELUDE + "tb-wait -t 900 enabled\nstep insmod insmod /lib/perfctr.ko || exit 1\n"
    for phase, groups in phases.items():
        text += (f"tb-wait -t 1200 {phase}@{name}\ntb say {phase}\n" + script(groups)
                 + f"tb-signal {phase}-{name}\nreport {phase}\n")
    if name in side.subjects and "sample" in side.wanted:
        text += (f"tb-wait -t 1200 profile@{name}\ntb say profile\n" + sample.profile_script(False)
                 + f"tb-signal profile-{name}\n")
    if "cost" in side.wanted and name in cost.GUESTS:
        part = cost.script(False) if name == "one" else cost.script_second()
        text += "tb-wait -t 1200 cost\ntb say cost\n" + part
    end = "end" if name in cost.GUESTS else "end-others"
    return Job(text + f"tb-wait -t 1200 {end}\n", programs())


def guests(side):
    """Xen with guests: {guest: {phase: results}}, and whether all went well."""
    plans, dom0 = _plans(side)
    tools = {place: path for place, path in products(build=BUILD).items()
             if place.startswith("/usr/sbin/xen-")}
    say(f"{side.vendor}: booting Xen, dom0 and guests: "
        + ", ".join(f"{name} ({kind})" for name, kind in side.guests.items()))
    broken = []
    try:
        described = [Guest(name, _guest_job(side, name, plans[name]), type=kind,
                           config=dict(CONFIG),
                           overlays=None if name == side.subjects[0] else ())
                     for name, kind in side.guests.items()]
        results = boot_xen(described,
                           side.machine(xen_args="perfctr", report=side.report("xen")
                                        if "cost" in side.wanted else None),
                           Job(dom0, tools), side.progress)
        broken = [f"{name}: status {result.status} "
                  f"{result.files.get('job.err', b'').decode()[-300:]}"
                  for name, result in results.items() if result.status != 0]
    except TestbedError as error:
        broken = [str(error)]
    if broken:
        say(f"{side.vendor}: a machine's job failed: " + "; ".join(broken))
    return {name: {phase: parse(side.arrived.get((name, phase), b""), groups)
                   for phase, groups in phases.items()}
            for name, phases in plans.items()}, not broken


def vpmu(side):
    """Xen with its own virtual PMU and one guest: what a sample of Linux perf costs."""
    say(f"{side.vendor}: booting Xen with vpmu=on and one guest")
    script_ = (PRELUDE + "tb-wait -t 600 enabled\n" + cost_sample.script_vpmu()
               + "tb-wait -t 900 end\n")
    dom0 = ("step -t 400 start-one guest-start one || exit 4\ntb-signal enabled\n"
            "pin() { xl vcpu-pin \"$@\" >/dev/null || exit 4; }\n"
            + cost_sample.dom0_vpmu() + "tb-signal end\nguest-wait one 60\n")
    found = {"/usr/bin/ftest": BUILD / "programs" / "tools" / "ftest",
             "/job/job.sh": HERE / "job.sh"} | with_libraries("/usr/bin/perf")
    report = side.report("vpmu")
    guest = Guest("one", Job(script_, found), config=CONFIG | cost_sample.CONFIG_VPMU)
    boot_xen([guest], Machine(cpu=side.cpu, xen_args="vpmu=on", report=report, seconds=900),
             Job(dom0, {}), lambda who, *rest: side.progress("vpmu-" + who, *rest))
    failed = side.arrived.get(("vpmu-one", "failed"), b"").decode().strip()
    if failed:
        say(f"{side.vendor} vpmu: {failed[-300:]}")
    try:
        return cost_sample.rows_vpmu(f"pv-{side.vendor}", report)
    except ValueError as error:
        # Seen once: after 641 interrupts no more came, which is not ours to mend.
        say(f"no costs of Xen's own virtual PMU: {error}")
        return []
