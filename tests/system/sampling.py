# SPDX-License-Identifier: LGPL-2.1-or-later
"""Xen with two guests: sampling in the module, the command, and beside another guest.

Guest `one` runs the module's own test of sampling, the overflow tests of others, and
`perfctr record`, whose files Linux's perf reads here. Then `two` shares its CPUs and
takes as many overflow interrupts as it can get, while `one` measures what is left.
"""
import json

import counted
import recordings
from pctestbed import Job, boot_xen
from pctestbed.products import BUILD, products

# Parts of guest-kmod/tests/sample, and the seconds that they may take.
PARTS = (("counts", 60, "batches beside slot threads"), ("rate", 60, "rate"),
         ("buffer", 60, "buffer poll signal handlers"), ("chains", 60, "chain hand-chain"),
         ("rules", 60, "period periods refusals"), ("kernel", 60, "kernel"))
THROTTLED = ("throttled", 100, "throttled")
HYPERVISOR = ("hypervisor", 60, "hypervisor")
# Where `throttled` must miss samples, in samples a second.
RATE = 2000

# Where a storm must miss samples: in a PVH guest the emulated CPU did not reach Xen's default
# of 100,000 in most windows.
STORM_RATE = 20000

# A storm next door may cost a guest a twentieth of what it gets at most.
KEEPS = 0.95
ROUNDS = 3
SECONDS = 0.5


def parts(*groups):
    return "".join(f"step -t {limit} sample-{name} sample {names}\n"
                   for name, limit, names in groups)


# Samples of one program, taken in batches, and the counters' interrupts meanwhile. An
# instruction lasts 2 ns here, so that there are 50,000 samples a second: Xen takes all
# of them, as its default is 100,000 (a period of 1,000 is cut off after 1,000 samples).
UPCALLS = r"""
interrupts() { awk '/perfctr/ { for (i = 2; i < NF; i++) n += $i } END { print n + 0 }' \
    /proc/interrupts; }
before=$(interrupts)
step -t 60 upcalls-samples perfctr-selftest samples instructions:u@10007 ftest 200000
step upcalls echo $(($(interrupts) - before))
"""
# Records of which there is half a ring when Xen raises the interrupt: 4 pages of 64.
BATCH = 128

ONE = """
step insmod insmod /lib/perfctr.ko || exit 1
""" + UPCALLS + """
""" + parts(*PARTS) + """
step -t 100 imode imode
step -t 100 imode-again imode
""" + recordings.SCRIPT + """
tb-signal want-low-rate
tb-wait -t 100 low-rate || exit 1
""" + parts(THROTTLED) + """
tb-signal want-hypervisor
tb-wait -t 100 hypervisor || exit 1
""" + parts(HYPERVISOR) + """
tb-signal want-neighbour
""" + "".join(f"""
tb-wait -t 200 {kind}-{i} || exit 1
usleep 300000
step -t 60 {kind}-{i} perfctr stat -e instructions:u -j -- storm spin {SECONDS}
tb-signal was-{kind}-{i}
""" for i in range(ROUNDS) for kind in ("plain", "storm")) + """
step idle sh -c 'perfctr info | grep "0 threads counted now"'
step check perfctr check
step rmmod rmmod perfctr
true
"""

TWO = """
tb-wait -t 300 storm-rate || exit 1
step insmod insmod /lib/perfctr.ko || exit 1
""" + "".join(f"""
storm {mode} 300 &
usleep 200000
tb-signal {kind}-{i}
tb-wait -t 200 was-{kind}-{i} || exit 1
killall storm
wait
""" for i in range(ROUNDS) for kind, mode in (("plain", "spin"), ("storm", "sample"))) + """
step rmmod rmmod perfctr
true
"""

DOM0 = f"""
step -t 200 start-one guest-start one
tb-wait -t 600 want-low-rate || exit 1
step low-rate xen-perfctr enable one --kernel --pmi-rate {RATE}
tb-signal low-rate
tb-wait -t 300 want-hypervisor || exit 1
step hypervisor xen-perfctr enable one --kernel --hypervisor
tb-signal hypervisor
tb-wait -t 300 want-neighbour || exit 1
step enable-again xen-perfctr enable one --kernel
step -t 200 start-two guest-start two
step storm-rate xen-perfctr enable two --kernel --pmi-rate {STORM_RATE}
tb-signal storm-rate
tb-wait -t 600 storm-{ROUNDS - 1} || exit 1
step stats-0 xen-perfctr stats two 0
step stats-1 xen-perfctr stats two 1
step -t 300 end-one guest-wait one 300
step -t 300 end-two guest-wait two 300
step xen-log xl dmesg
true
"""


def run(bench):
    files = bench.files()
    for name in ("sample", "imode", "storm", "nest"):
        files[f"/usr/bin/{name}"] = bench.build / name
    files["/usr/bin/ftest"] = BUILD / "programs" / "tools" / "ftest"
    # Both guests' VCPU 0 on CPU 0 and their VCPU 1 on CPU 1
    config = {"cpus": ["0", "1"]}
    guests = [bench.guest("one", Job(ONE, files), config=config, start=False),
              bench.guest("two", Job(TWO, files), memory_mb=256, config=config, start=False)]
    # With icount time is a number of instructions: what a guest gets of it does not
    # follow what else this machine does, and a CPU is fast enough for Xen's rate.
    machine = bench.machine(xen_args="perfctr=default=full", icount=True, seconds=900)
    results = boot_xen(guests, machine, Job(DOM0, products("/usr/sbin/xen-perfctr")),
                       bench.progress)
    dom0, one, two = results["dom0"], results["one"], results["two"]
    for name in ("start-one", "low-rate", "hypervisor", "enable-again", "start-two", "storm-rate",
                 "end-one", "end-two"):
        bench.step(dom0, name)
    bench.quiet(dom0)
    for result in (one, two):
        bench.check(f"{result.who}: the job came to its end",
                    result.status == 0 and not result.damaged,
                    f"status {result.status}, damaged {result.damaged[:3]}")
    bench.step(one, "insmod")
    for name, _, _ in (*PARTS, THROTTLED, HYPERVISOR):
        check_parts(bench, one, f"sample-{name}")
    check_rate(bench, one)
    check_upcalls(bench, one)
    for name in ("imode", "imode-again"):
        bench.lines(one, name)
    recordings.check(bench, one, files)
    check_storm(bench, dom0, one)
    for name in ("idle", "check", "rmmod"):
        bench.step(one, name)
    bench.step(two, "rmmod")


def check_parts(bench, result, name):
    """A run of guest-kmod/tests/sample: each of its lines is a fact."""
    step = bench.step(result, name)
    part = name
    for line in step.text.splitlines() if step else ():
        if line.startswith("# ") and " " not in line[2:]:
            part = line[2:]
        elif line.startswith(("ok ", "not ok ")):
            bench.check(f"{part}: {line.split(' - ', 1)[1].split(':')[0]}",
                        line.startswith("ok "), line)
    bench.check(f"{name} came to its end", step and step.text.endswith("sample: ok\n"),
                step.text[-300:] if step else "")


def check_upcalls(bench, one):
    """At most one interrupt for each batch; switches collect samples without one."""
    step = bench.step(one, "upcalls-samples")
    if not step:
        return
    event = json.loads(step.text)["events"][0]
    samples = event["samples"]
    upcalls = int(one.steps["upcalls"].text)
    bench.check("batches: a sample of every period",
                samples == event["count"] // event["period"] and event["missed"] == 0, event)
    bench.check("batches: at most one upcall for each",
                samples > 10 * BATCH and 1 <= upcalls <= samples / BATCH,
                f"{upcalls} for {samples} samples")
    bench.say(f"{upcalls} upcalls for {samples} samples")


def check_rate(bench, one):
    """What was missed in `throttled` was missed because of the low rate."""
    step = one.steps.get(f"sample-{THROTTLED[0]}")
    samples = [int(line.split()[1]) for line in step.text.splitlines()
               if line.startswith("# ") and " samples, " in line] if step else []
    # A VCPU may take RATE in a second, and what there is at the begin of a window.
    most = 2 * (RATE * step.ms / 1000 + RATE / 100) if step else 0
    bench.check(f"throttled: at most {RATE} samples a second and VCPU",
                samples and sum(samples) <= most, f"{samples}, at most {most:.0f}")


def numbers(step):
    """{name: number} of `xen-perfctr stats`."""
    words = (line.split() for line in step.text.splitlines()) if step else ()
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdigit()}


def check_storm(bench, dom0, one):
    got = {}
    for kind in ("plain", "storm"):
        steps = [bench.step(one, f"{kind}-{i}") for i in range(ROUNDS)]
        got[kind] = [counted.counts(step.stderr.decode()).get("instructions:u", 0)
                     for step in steps if step]
    stats = [numbers(bench.step(dom0, f"stats-{vcpu}")) for vcpu in range(2)]
    for vcpu, found in enumerate(stats):
        bench.check(f"two: VCPU {vcpu} took as many samples as Xen's rate allows",
                    found.get("samples", 0) > 10000 and found.get("throttled", 0) > 10
                    and found.get("missed", 0) > found["samples"], found)
    plain, storm = (sum(float(value) for value in got[kind]) for kind in ("plain", "storm"))
    share = storm / plain if plain else 0
    detail = (f"{100 * share:.1f} % of the instructions: beside a busy guest {got['plain']}, "
              f"beside one that samples {got['storm']}; its samples, missed, throttled: "
              + ", ".join(f"{n.get('samples')} {n.get('missed')} {n.get('throttled')}"
                          for n in stats))
    bench.say(detail)
    bench.check(f"one: keeps {100 * KEEPS:.0f} % beside a storm of samples", share >= KEEPS,
                detail)
