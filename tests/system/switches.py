# SPDX-License-Identifier: LGPL-2.1-or-later
"""Register writes per VCPU switch on AMD, with and without PerfMonV2's global control.

Two guests with one VCPU each compute on one CPU. Guest `a` counts two events. First `b`
counts nothing, then two others. What Xen says that it wrote is compared with the least
that does, per VCPU:

                       with global control              without
    going              1  stop                          2  a selector per counter
    coming back        1  start                         2  a selector per counter
    coming after       2  selectors                     2  counters
    another owner    + 2  counters                    + 2  selectors, which start them
                     + 1  start

A guest's kernel has threads of its own. When one of them comes between two turns of the
counted one, the counters are stopped and started again: as above for going, and for
coming two counters as well, and in the first column two selectors if the other guest
has changed them meanwhile.

The events are such that nothing is added to them for an instruction that Xen emulates,
which would be a write too.
"""
import sampling
from pctestbed import Job, boot_xen
from pctestbed.products import products

# (what, for -cpu, writes for going, for coming back, for coming after another one)
CPUS = (("PerfMonV2", "", 1, 1, 2 + 2 + 1),
        ("no PerfMonV2", ",tcg-pmu-version=1", 2, 2, 2 + 2))
EVENTS = {"a": "cycles:uk,branch-misses:uk", "b": "loads:uk,stores:uk"}
# Fewer would say little; a second has more than thirty.
SWITCHES = 20

JOB = """
step insmod insmod /lib/perfctr.ko || exit 1
tb-signal ready-$TB_WHO
tb-wait -t 300 same
{same}
tb-signal same-$TB_WHO
tb-wait -t 300 other
{other}
tb-signal other-$TB_WHO
tb-wait -t 300 end
killall spin
wait
"""
DOM0 = """
xl vcpu-pin 0 all 0
for guest in a b; do guest-start $guest; done
for guest in a b; do tb-wait -t 300 ready-$guest || exit 1; done
stats() { for guest in a b; do step $1-$guest xen-perfctr stats $guest 0; done; }
for phase in same other; do
    tb-signal $phase
    for guest in a b; do tb-wait -t 100 $phase-$guest || exit 1; done
    usleep 1000000
    stats $phase-0
    usleep 4000000
    stats $phase-1
done
tb-signal end
for guest in a b; do step -t 100 end-$guest guest-wait $guest 100; done
step xen-log xl dmesg
true
"""


def run(bench):
    for what, cpu, *writes in CPUS:
        case(bench, what, cpu, *writes)


def counting(who):
    return f"perfctr stat -e {EVENTS[who]} -- spin >/dev/null 2>&1 &"


def case(bench, what, cpu, going, back, after):
    jobs = {"a": JOB.format(same=counting("a"), other="true"),
            "b": JOB.format(same="spin &", other="killall spin; wait\n" + counting("b"))}
    guests = [bench.guest(name, Job(job, bench.files()), memory_mb=256, vcpus=1, cpus="1",
                          start=False) for name, job in jobs.items()]
    machine = bench.machine(xen_args="perfctr=default=full", seconds=900)
    machine.cpu += cpu
    dom0 = boot_xen(guests, machine, Job(DOM0, products("/usr/sbin/xen-perfctr")),
                    bench.progress)["dom0"]
    bench.quiet(dom0)
    for phase, who in (("same", "a"), ("other", "a"), ("other", "b")):
        before, then = (sampling.numbers(bench.step(dom0, f"{phase}-{i}-{who}")) for i in range(2))
        n = {key: then.get(key, 0) - before.get(key, 0)
             for key in ("resumes", "restores", "applies", "msr_writes")}
        least = n["resumes"] * (going + back) + n["restores"] * (going + after)
        name = (f"{what}: {who}, the other one {'counts too' if phase == 'other' else 'does not'}:")
        bench.say(f"{name} {n}")
        # (Beside one that counts it still comes back to its own, when that one did not then.)
        bench.check(f"{name} switches", n["restores"] >= SWITCHES if phase == "other"
                    else n["resumes"] >= SWITCHES and not n["restores"], n)
        # Threads of the kernel's, each of which makes Xen apply two requests.
        pairs = n["applies"] // 2
        least += pairs * (going + 2 + back)
        most = least + pairs * (after - 2 - back if phase == "other" else 0)
        # One of both more or less, at either end.
        edge = 2 * (going + after)
        bench.check(f"{name} {going} writes going, {back if phase == 'same' else after} coming",
                    least - edge <= n["msr_writes"] <= most + edge, f"{n}, {least} to {most}")
    other = sampling.numbers(dom0.steps["same-1-b"])
    bench.check(f"{what}: b does not count: no write", not other.get("msr_writes"), other)
