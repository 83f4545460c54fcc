# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machines on which operations are counted, all under -icount: the same each time."""
import json

import cost
import cost_sample
import plan
from marks import MARK_GUEST, Marks
from pctestbed import Guest, Job, Machine, boot_native, boot_xen
from pctestbed.machine import AMD_CPU, DEFAULT_CPU
from pctestbed.products import products
from sides import BUILD, CONFIG, OUT, PMI_RATE, say, take, with_libraries

CPUS = {"intel": DEFAULT_CPU, "amd": AMD_CPU}
# The guests may write to the port of the emulator's report.
PORTS = CONFIG | {"ioports": ["5e0-5e3"]}
SECONDS = 1             # of computing, for VCPU switches: guest time


def program_files(*more):
    found = {place: path for place, path in products(build=BUILD).items()
             if place in ("/lib/perfctr.ko", "/usr/bin/perfctr", "/usr/bin/perfctr-selftest",
                          *more)}
    for name in ("switcher", "startstop", "ftest", "place"):
        found[f"/usr/bin/{name}"] = BUILD / "programs" / "tools" / name
    found["/usr/bin/ops"] = BUILD / "bench" / "ops"
    return found


def dom0_tools():
    place = "/usr/sbin/xen-perfctr"
    return {place: products(place, build=BUILD)[place]}


class Boot:
    """One boot: its name, what is done, and what came back."""

    def __init__(self, name, vendor, ops):
        self.name, self.vendor, self.ops = name, vendor, ops
        self.arrived = {}
        self.report = OUT / "bench" / f"report-{name}.json"
        self.report.parent.mkdir(parents=True, exist_ok=True)
        self.report.unlink(missing_ok=True)

    def machine(self, **more):
        return Machine(cpu=CPUS[self.vendor], icount=True, report=self.report, seconds=3600,
                       boot_seconds=900, memory_mb=512, **more)

    def progress(self, who, kind, name, data):
        take(self.arrived, f"{self.name}:", who, kind, name, data)

    def rows(self, mode, who):
        failed = {}
        for line in self.arrived.get((who, "failed"), b"").decode().splitlines():
            name, _, why = line.partition(":")
            failed[name] = why.strip()[:200]
            say(f"{self.name}: {line[:200]}")
        return list(plan.rows(self.ops, mode, Marks(self.report, native=who == "native"), failed))


def native(vendor="intel", ops=None):
    """Bare Linux with perf."""
    boot = Boot(f"native-{vendor}", vendor,
                ops or plan.UNCOUNTED + plan.perf("native_perf", 8, True))
    text, _ = plan.script(boot.ops)
    say(f"{boot.name}: booting bare Linux")
    # One CPU: what a second one does meanwhile would be in the costs.
    boot_native(Job(text, program_files() | with_libraries("/usr/bin/perf")), boot.machine(cpus=1),
                boot.progress)
    return boot.rows(f"native-{vendor}", "native")


def slice_():
    """Of that what takes a minute."""
    wanted = ("loop none", "read native_perf 1 counters", "read_mapped native_perf 1 counters",
              "read_mapped native_perf 4 counters")
    return native(ops=[op for op in plan.perf("native_perf", 8, True) if op.name in wanted])


def ours(vendor="intel", kind="pv"):
    """Xen with perfctr, and two guests of one kind; the second is there for VCPU switches."""
    boot = Boot(f"ours-{kind}-{vendor}", vendor, plan.ours())
    text, last = plan.script(boot.ops)
    text = ("tb-wait -t 3000 enabled\nstep insmod insmod /lib/perfctr.ko || exit 1\n"
            "perfctr-selftest cost >/run/read_cost; tb file read_cost /run/read_cost\n"
            "tb-wait -t 3000 cost\n" + MARK_GUEST.replace("mark()", "mark_dom0()") + text)
    tag = last
    burns = {}
    second = "tb-wait -t 3000 enabled\ninsmod /lib/perfctr.ko || exit 1\n" \
        "taskset -p 1 $$ >/dev/null\ntb-signal cost-two\n"
    for name, send, other in cost.BURNS:
        burns[name] = tag + 1
        text += (f"tb say {name}\nmark_dom0 {tag + 1}; tb-barrier -t 3000 {name} 2; "
                 f"{send} switcher burn {SECONDS} >/dev/null; "
                 f"tb-wait -t 3000 {name}-done; mark_dom0 {tag + 2}\n")
        second += (f"tb-barrier -t 3000 {name} 2; {other} switcher burn {SECONDS} >/dev/null; "
                   f"tb-signal {name}-done\n")
        tag += 2
    dom0 = ("set -u\nfor guest in one two; do\n"
            "    step -t 900 start-$guest guest-start $guest || exit 4\n"
            "    step enable-$guest xen-perfctr enable $guest --kernel "
            f"--pmi-rate {PMI_RATE} || exit 4\n"
            "done\ntb-signal enabled\n" + cost.DOM0.replace("-t 200", "-t 3000")
            + 'pin() { xl vcpu-pin "$@" >/dev/null || exit 4; }\n'
            "pin one all 1; pin two all 1; pin 0 all 0\ntb-wait -t 900 cost-two || exit 4\n"
            "tb-signal cost\n"
            + "".join(f"mark {n}\n" for n in range(last + 1, tag + 1))
            + "tb file stats /run/stats\n"
            "tb-signal end\nguest-wait one 100; guest-wait two 100\n")
    say(f"{boot.name}: booting Xen with perfctr")
    end = "tb-wait -t 3000 end\n"
    boot_xen([Guest("one", Job(text + end, program_files()), type=kind, config=PORTS),
              Guest("two", Job(second + end, program_files()), type=kind, config=dict(CONFIG))],
             boot.machine(xen_args="perfctr"), Job(dom0, dom0_tools()), boot.progress)
    mode = f"{kind}-{vendor}"
    stats = boot.arrived.get(("dom0", "stats"), b"")
    found = boot.rows(mode, "one")
    found += _reads(json.loads(boot.arrived["one", "read_cost"]), mode, found)
    return found + list(_vcpu_switches(Marks(boot.report, stats), burns, mode))


def _reads(costs, mode, found):
    """What the library itself counted of its inlined reads."""
    loop = next((row for row in found if row["operation"] == "read_loop"), {})
    for counters, name in ((1, "read1"), (4, "read4"), (costs["counters"], "read_all")):
        for suffix, label in (("", ""), ("_checked", ", checked")):
            yield {"operation": "read", "who": "ours", "mode": mode,
                   "parameter": f"{counters} counters{label}",
                   "instructions": costs.get(name + suffix), "traps": loop.get("traps"),
                   "hypercalls": loop.get("hypercalls"), "msr_accesses": loop.get("msr_accesses"),
                   "note": "inlined"}


def _vcpu_switches(report, burns, mode):
    labels = {"vcpu_none": ("none", "nobody counts"), "vcpu_same": ("ours", "back to the same"),
              "vcpu_other": ("ours", "to another guest's")}
    for name, tag in burns.items():
        a, b = report.values(tag), report.values(tag + 1)
        came = sum(report.stats[tag + 1, guest].get(key, 0) - report.stats[tag, guest].get(key, 0)
                   for guest in ("one", "two") for key in ("resumes", "restores"))
        accesses = sum(b[key] - a[key] for key in ("msr_writes", "msr_reads"))
        who, parameter = labels[name]
        yield {"operation": "vcpu_switch", "who": who, "mode": mode, "parameter": parameter,
               "instructions": None, "traps": 0, "hypercalls": 0,
               "msr_accesses": round(accesses / came, 3) if came else accesses,
               "note": f"{came} switches to a VCPU that counts, going and coming back"}


def _guest(boot, mode, xen_args, config, files):
    """One guest that knows nothing of perfctr."""
    text, _ = plan.script(boot.ops)
    dom0 = ("step -t 900 start-one guest-start one || exit 4\n"
            'pin() { xl vcpu-pin "$@" >/dev/null || exit 4; }\n'
            + "pin one all 1; pin 0 all 0\ntb-signal cost\ntb-wait -t 3000 done-one\n"
            "guest-wait one 100\n")
    guest = Guest("one", Job("tb-wait -t 3000 cost\n" + text + "tb-signal done-one\n", files),
                  type=mode.partition("-")[0], config=PORTS | config)
    boot_xen([guest], boot.machine(xen_args=xen_args), Job(dom0, {}), boot.progress)
    return boot.rows(mode, "one")


def vpmu(vendor="intel"):
    """Linux perf in a PV guest on Xen's own virtual PMU."""
    boot = Boot(f"vpmu-{vendor}", vendor, plan.perf("vpmu_perf", 4, False))
    say(f"{boot.name}: booting Xen with vpmu=on")
    return _guest(boot, f"pv-{vendor}", "vpmu=on", cost_sample.CONFIG_VPMU,
                  program_files() | with_libraries("/usr/bin/perf"))


def unused(vendor="intel"):
    """The same operations of a guest that uses nothing, on Xen without and with perfctr."""
    found = []
    for args, parameter in (("", "Xen without perfctr="), ("perfctr", "Xen with perfctr=")):
        boot = Boot(f"unused-{args or 'off'}-{vendor}", vendor, plan.unused())
        say(f"{boot.name}: booting Xen")
        for row in _guest(boot, f"pv-{vendor}", args, {}, program_files()):
            row["parameter"] = parameter
            found.append(row)
    return found
