# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machines: bare Linux, and Xen with two guests, which run the programs.

A phase is one pass over the programs in one placement: "own" is a guest that has a
CPU to itself, "shared_cpu" two guests on the same one. Each pass counts other
events, on inputs of another size.
"""
from dataclasses import dataclass, field

import reference
from cost_sample import UNLIMITED
from measure import Measure, parse, script
from pctestbed import Guest, Job, Machine, TestbedError, boot_native, boot_xen
from pctestbed.machine import AMD_CPU, DEFAULT_CPU
from pctestbed.products import products
from sides import BUILD, CONFIG, DOM0, PMI_RATE, PRELUDE, Side, say
from sides import HERE as DEMO

PASSES = {
    "large": ("instructions:u", "branches:u", "cycles:u", "loads:u", "stores:u"),
    "small": ("cache-references:u", "cache-misses:u", "branch-misses:u"),
}
PLACEMENTS = ("own", "shared_cpu")
WAIT = 3000             # seconds that a phase may take
# 44,000 samples of instructions: chance moves a share of 12 % by sqrt(0.12 * 0.88 / 44,000),
# 0.15 points, on each side; POINTS in profiles.py is 1.
PROFILES = (("instructions:u", 2003), ("cache-references:u", 199), ("branch-misses:u", 499))
PROFILED = ["/spec/bin/mcf", "2000"]


@dataclass
class Accuracy(Side):
    """A side of the demo with the programs of this comparison."""
    programs: list = field(default_factory=list)
    contents: dict = field(default_factory=dict)
    passes: tuple = tuple(PASSES)
    placements: tuple = PLACEMENTS
    icount: bool = False

    def machine(self, **more):
        return Machine(cpu=self.cpu, memory_mb=640, overlays=("real", "spec"), seconds=5400,
                       boot_seconds=400, icount=self.icount, **more)

    def progress(self, who, kind, name, data):
        if kind != "up" or who != "dom0":
            super().progress(who, kind, name, data)

    def sent(self, who):
        """{name: content} of the files that a machine sent."""
        return super().files(who)

    def laid(self):
        """What goes into every machine."""
        found = {place: path for place, path in products(build=BUILD).items()
                 if place in ("/lib/perfctr.ko", "/usr/bin/perfctr")}
        for name in ("place", "switcher"):
            found[f"/usr/bin/{name}"] = BUILD / "programs" / "tools" / name
        found["/job/job.sh"] = DEMO / "job.sh"
        return found | reference.files(self.programs, reference.build_directory(), self.contents)

    def measures(self, kind, turn=0):
        """One program at a time; `turn` lets a second guest begin in the middle."""
        half = len(self.programs) // 2 * turn
        return [[Measure(f"{kind}.{program.name}", PASSES[kind], "pin 1",
                         program.command(kind == "small"), "measure_real")]
                for program in self.programs[half:] + self.programs[:half]]


def sides():
    """By vendor. On Intel's machine the second guest is there to compete."""
    return {"intel": Accuracy("intel", DEFAULT_CPU, {"one": "pv", "two": "pv"}),
            "amd": Accuracy("amd", AMD_CPU, {"one": "pvh", "two": "pv"})}


def _spoken(phase, groups):
    """The measures' lines, each announced."""
    lines = []
    for number, group in enumerate(groups, 1):
        name = group[0].id.partition(".")[2]
        lines.append(f"tb say '{phase} {number}/{len(groups)} {name}'")
        lines.append(script([group]).rstrip())
    return "\n".join(lines) + "\n"


def profile_script():
    """Records mcf, once per event, and sends what perfctr report makes of it."""
    lines = []
    for event, period in PROFILES:
        name = f"profile-{event.partition(':')[0]}"
        lines.append(f"tb say {name}")
        lines.append(f"place pin 1 perfctr record -q -o /run/p.data -e {event}@{period} -- "
                     f"{' '.join(PROFILED)} >/run/{name} 2>&1 && perfctr report -i /run/p.data "
                     f"--json >/run/{name}; tb file {name} /run/{name}; rm -f /run/p.data")
    return "\n".join(lines) + "\n"


START = PRELUDE + "cd /spec\n"


def native(side):
    """Bare Linux: {phase: results}; a phase is (pass, placement)."""
    phases = {(kind, "own"): side.measures(kind) for kind in side.passes}
    text = START + UNLIMITED + "\n"     # Linux's samples, or it throttles
    for (kind, place), groups in phases.items():
        text += _spoken(f"{kind} {place}", groups) + f"report {kind}-{place}\n"
    if "profile" in side.wanted:
        text += profile_script()
    say(f"{side.vendor}: booting bare Linux")
    result = boot_native(Job(text, side.laid()), side.machine(), side.progress)
    if result.status != 0:
        raise TestbedError(f"the native job failed: {result.files.get('job.err', b'').decode()}")
    return {phase: parse(result.files.get("-".join(phase), b""), groups)
            for phase, groups in phases.items()}


# The demo's phases are short; these are not.
DOM0_PHASE = f"""phase() {{
    for guest in $2; do tb-signal "$1@$guest"; done
    for guest in $2; do tb-wait -t {WAIT} "$1-$guest" || exit 4; done
    tb-signal "over-$1"
}}
"""


def _dom0(side):
    everybody = " ".join(side.guests)
    lines = [DOM0.format(guests=everybody, rate=PMI_RATE), DOM0_PHASE]
    for kind in side.passes:
        if "own" in side.placements:
            lines += [f"alone {name}; phase {kind}-own {name}" for name in side.subjects]
        if "shared_cpu" in side.placements:
            lines.append(f'together 1; phase {kind}-shared_cpu "{everybody}"')
    if "profile" in side.wanted:
        lines += [f"alone {name}; phase profile {name}" for name in side.subjects]
    lines.append("tb-signal end")
    lines += [f"guest-wait {name} 100" for name in side.guests]
    return "\n".join(lines) + "\n"


def _guest_job(side, name, phases):
    text = START + "tb-wait -t 900 enabled\nstep insmod insmod /lib/perfctr.ko || exit 1\n"
    for (kind, place), groups in phases.items():
        phase = f"{kind}-{place}"
        text += f"tb-wait -t {WAIT} {phase}@{name}\n" + _spoken(f"{kind} {place}", groups)
        text += f"tb-signal {phase}-{name}\n"
        if place == "shared_cpu":
            # Whoever is ready first goes on competing.
            text += (f"place pin 1 switcher burn {WAIT} & burn=$!\ntb-wait -t {WAIT} "
                     f"over-{phase}\nkill $burn\n")
        text += f"report {phase}\n"
    if name in side.subjects and "profile" in side.wanted:
        text += f"tb-wait -t {WAIT} profile@{name}\n" + profile_script() + \
            f"tb-signal profile-{name}\n"
    return Job(text + f"tb-wait -t {WAIT} end\n", side.laid())


def guests(side):
    """Xen with guests: {guest: {phase: results}}."""
    plans = {name: {} for name in side.guests}
    for kind in side.passes:
        for turn, name in enumerate(side.guests):
            if name in side.subjects and "own" in side.placements:
                plans[name][kind, "own"] = side.measures(kind)
            if "shared_cpu" in side.placements:
                plans[name][kind, "shared_cpu"] = side.measures(kind, turn)
    say(f"{side.vendor}: booting Xen, dom0 and guests: "
        + ", ".join(f"{name} ({kind})" for name, kind in side.guests.items()))
    tools = {"/usr/sbin/xen-perfctr": products("/usr/sbin/xen-perfctr",
                                               build=BUILD)["/usr/sbin/xen-perfctr"]}
    described = [Guest(name, _guest_job(side, name, plans[name]), type=kind, config=dict(CONFIG))
                 for name, kind in side.guests.items()]
    results = boot_xen(described, side.machine(xen_args="perfctr"), Job(_dom0(side), tools),
                       side.progress)
    for name, result in results.items():
        if result.status != 0:
            raise TestbedError(f"{name}: status {result.status}: "
                               f"{result.files.get('job.err', b'').decode()[-300:]}")
    return {name: {phase: parse(side.arrived.get((name, "-".join(phase)), b""), groups)
                   for phase, groups in phases.items()}
            for name, phases in plans.items()}
