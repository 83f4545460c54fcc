# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processors that lack something, Xen with both PMUs, and guests without permission.

What a processor lacks is either not needed, then known programs are counted exactly
with what there is, or the counters are refused with a reason in Xen's log, and nothing
can be read. dom0 is the paravirtualised guest of these boots; with AMD's there is a PVH
guest too.
"""
import counted
import sampling
from pctestbed import Job, boot_xen
from pctestbed.products import products

NAMES = ("calls", "cond", "exec", "fork", "million", "signals", "syscalls", "threads")
PART = ("counts", 200, "batches")


def count(vendor, counters):
    """Counts with all the counters that there are, and is refused one more."""
    events = counted.GENERAL[vendor]
    return f"""
step -t 200 check perfctr check
step all perfctr stat -e {",".join(events[:counters])} -- /bin/true
step too-many perfctr stat -e {",".join(events[:counters + 1])} -- /bin/true
""" + counted.lines("stat", NAMES) + sampling.parts(PART) + """
step rdpmc-after rdpmc all
"""


# In the machine that counts, and in the one that must not.
BEGIN = """
step rdpmc rdpmc all
step insmod insmod /lib/perfctr.ko
step reason sh -c 'dmesg | grep perfctr:'
"""
# dom0's part. A guest in a PVH container shares its CPUs and does the same.
DOM0 = BEGIN + """
step xen sh -c 'xl dmesg | grep -iE "perfctr|vpmu"'
{body}
for guest in {guests}; do
    step -t 300 start-$guest guest-start $guest
    step enable-$guest xen-perfctr enable $guest
    tb-signal told-$guest
    step -t 600 end-$guest guest-wait $guest 600
done
step xen-log xl dmesg
true
"""
GUEST = """
tb-wait -t 300 told-$TB_WHO || exit 1
""" + BEGIN + """
{body}
true
"""

# (name, what is added to -cpu, Xen's options, counters or words of the refusal)
CASES = {
    "intel": (
        ("version 2", "tcg-pmu-version=2", "", 8),
        ("two counters", "tcg-pmu-counters=2", "", 2),
        ("no global control", "tcg-pmu-version=1", "", "needs PMU version 2"),
        ("40 bits", "tcg-pmu-width=40", "", "needs 48-bit counters"),
        ("no full-width writes", "tcg-pmu-fw-write=off", "", "full-width writes"),
        ("no PMU", "-tcg-pmu", "", "needs PMU version 2"),
    ),
    "amd": (
        ("no PerfMonV2", "tcg-pmu-version=1", "", 6),
        ("four counters", "tcg-pmu-core=off", "", 4),
        ("family 21", "family=21", "", "needs family 23"),
        ("vpmu", "", "vpmu=on", "vpmu= is on"),
    ),
}


def run(bench):
    for name, cpu, xen_args, expected in CASES[bench.vendor]:
        case(bench, name, cpu, xen_args, expected)
    never(bench)
    bench.skip("32-bit paravirtualised domains", "this Xen has been built without them "
               "(CONFIG_PV32), and no Linux since 5.9 is one")


def case(bench, name, cpu, xen_args, expected):
    counts = isinstance(expected, int)
    body = count(bench.vendor, expected) if counts else ""
    files = bench.files() | {"/usr/bin/sample": bench.build / "sample"}
    guests = [bench.guest("pvh", Job(GUEST.format(body=body), files), memory_mb=256, type="pvh",
                          start=False)] if bench.vendor == "amd" else []
    script = DOM0.format(body=body, guests=" ".join(guest.name for guest in guests))
    machine = bench.machine(xen_args=f"perfctr=default=full {xen_args} loglvl=info", seconds=1200)
    machine.cpu += "," + cpu if cpu else ""
    bench.say(f"{name}: {machine.cpu}")
    results = boot_xen(guests, machine,
                       Job(script, files | products("/usr/sbin/xen-perfctr")), bench.progress)
    bench.quiet(results["dom0"])
    for result in results.values():
        check(bench, f"{name}: {result.who}", result, counts, expected)
    text = results["dom0"].steps["xen"].text
    words = f"{expected} general" if counts else expected
    bench.check(f"{name}: Xen says {words!r}", words in text, text)
    if not counts:
        for guest in guests:
            step = results["dom0"].steps[f"enable-{guest.name}"]
            bench.check(f"{name}: xen-perfctr is refused", step.status not in (0, None),
                        step.text)


def check(bench, who, result, counts, counters):
    """What a machine that has counters, or none, has found."""
    steps = result.steps
    for name in ("rdpmc", "rdpmc-after"):
        if name in steps or name == "rdpmc":
            bench.check(f"{who}: {name}: no counter can be read",
                        name in steps and steps[name].ok, steps[name].text if name in steps else "")
    if not counts:
        bench.check(f"{who}: the module does not load", steps["insmod"].status not in (0, None), "")
        bench.check(f"{who}: it says why", "off" in steps["reason"].text, steps["reason"].text)
        return
    for name in ("insmod", "check", "all"):
        bench.step(result, name)
    step = steps.get("too-many")
    bench.check(f"{who}: one event more is refused", step and step.status not in (0, None)
                and b"counter" in step.stderr, step.stderr if step else "")
    counted.check(bench, result, "stat", NAMES)
    sampling.check_parts(bench, result, f"sample-{PART[0]}")


# A guest that was never granted counters tries all of them, on the CPUs on which dom0
# counts at the same time.
NEVER = """
for i in 1 2 3 4 5; do step rdpmc-$i rdpmc all; usleep 20000; done
step insmod insmod /lib/perfctr.ko
step reason sh -c 'dmesg | grep perfctr:'
true
"""
NEVER_DOM0 = """
step enable xen-perfctr enable 0
step insmod insmod /lib/perfctr.ko || exit 1
perfctr stat -e instructions:u,branches:u -- spin &
perfctr stat -e branches:u,instructions:u -- spin &
for guest in {guests}; do step -t 300 start-$guest guest-start $guest; done
for guest in {guests}; do step -t 300 end-$guest guest-wait $guest 300; done
kill $(pidof spin)
wait
step check perfctr check
step xen-log xl dmesg
true
"""


def never(bench):
    kinds = ("pvh", "pv") if bench.vendor == "amd" else ("pv",)
    files = bench.files()
    guests = [bench.guest(f"never-{kind}", Job(NEVER, files), memory_mb=256, type=kind,
                          start=False) for kind in kinds]
    script = NEVER_DOM0.format(guests=" ".join(guest.name for guest in guests))
    results = boot_xen(guests, bench.machine(xen_args="perfctr", seconds=900),
                       Job(script, files | products("/usr/sbin/xen-perfctr")), bench.progress)
    for name in ("enable", "insmod", "check"):
        bench.step(results["dom0"], name)
    bench.quiet(results["dom0"])
    for guest in guests:
        result = results[guest.name]
        for i in range(1, 6):
            bench.step(result, f"rdpmc-{i}")
        bench.check(f"{guest.name}: the module does not load",
                    result.steps["insmod"].status not in (0, None), "")
        bench.check(f"{guest.name}: it says how to get permission",
                    "xen-perfctr enable" in result.steps["reason"].text,
                    result.steps["reason"].text)
