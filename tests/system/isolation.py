# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two guests on the same CPUs: what `a` does shows in none of the counts of `b`.

`b` does the same work again and again, on every VCPU, beside an idle neighbour, beside
one that works on one secret or another, and beside each attack. Its instructions,
branches, loads and stores must be those that watch.c derives, and what it reads of all
other counters is zero or refused. So all that it prints is identical, bit by bit.

In the end `a` crashes while it counts and samples, and `b` does it once more.
"""
import re

from pctestbed import Job, boot_xen
from pctestbed.products import products

TIMES = 100

# What `a` does: (name, lines that start it, lines that end it). With the module loaded:
LOADED = (
    ("idle", "", ""),
    ("secret-0", "perfctr stat -e instructions:u,branches:u,loads:u,stores:u -- "
     "noise secret 0123456789abcdef >/dev/null 2>&1 &", "killall -9 noise; wait"),
    ("secret-1", "perfctr stat -e instructions:u,branches:u,loads:u,stores:u -- "
     "noise secret fedcba9876543210 >/dev/null 2>&1 &", "killall -9 noise; wait"),
    ("overflow-storm", "storm sample 3000 &", "killall -9 storm; wait"),
    ("hypercall-sweep", "(while true; do insmod /lib/hvsweep.ko 2>/dev/null; done) & sweeper=$!",
     "kill $sweeper; wait $sweeper"),
    ("start-stop", "noise start &", "killall -9 noise; wait"),
    ("hotplug", """storm sample 3000 &
(while true; do
    echo 0 >/sys/devices/system/cpu/cpu1/online
    echo 1 >/sys/devices/system/cpu/cpu1/online
done) & flapper=$!""", """kill $flapper; wait $flapper
echo 1 >/sys/devices/system/cpu/cpu1/online 2>/dev/null
killall -9 storm; wait"""),
)
# And without: the attacks of attack.c, beside processes that go through its requests.
MODULES = ("calls", "handles", "corrupt", "frames", "refused", "rdpmc", "registers")
ALONE = tuple(
    (f"kernel-{how}", f"insmod /lib/attack.ko how={how}\nstorm spin 3000 &",
     f"killall -9 storm; wait\nrmmod attack\nstep log-{how} sh -c 'dmesg | grep attack: | tail -n 1'")
    for how in MODULES) + (
    ("user-rdpmc", "noise rdpmc & rdpmc=$!",
     "step rdpmc-still-faults kill -0 $rdpmc\nkillall -9 noise; wait"),)
PHASES = LOADED + ALONE


def phase(name, start, end):
    """Its background processes have come up before `b` is told."""
    comes = re.findall(r"^.*\b(noise|storm) .*&", start, re.MULTILINE)
    wait = "".join(f"until pidof {program} >/dev/null; do usleep 50000; done\n"
                   for program in comes)
    return (f"{start}\n{wait}tb-signal {name}\ntb-wait -t 400 was-{name} || exit 1\n{end}\n")


A = ("step insmod insmod /lib/perfctr.ko || exit 1\n"
     + "".join(phase(*p) for p in LOADED)
     + "step rmmod rmmod perfctr\n"
     + "".join(phase(*p) for p in ALONE)
     + """step insmod-again insmod /lib/perfctr.ko || exit 1
step check perfctr check
storm sample 3000 &
usleep 300000
tb-signal crash
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
""")

B = ("step insmod insmod /lib/perfctr.ko || exit 1\n"
     + "".join(f"tb-wait -t 400 {name} || exit 1\n"
               f"step -t 300 {name} watch {TIMES}\ntb-signal was-{name}\n"
               for name, _, _ in PHASES)
     + f"tb-wait -t 400 crash || exit 1\nstep -t 300 crash watch {TIMES}\n"
     + "step check perfctr check\nstep rmmod rmmod perfctr\ntrue\n")

DOM0 = """
step -t 200 start-b guest-start b
step -t 200 start-a guest-start a
tb-wait -t 2000 hotplug || exit 1
for i in 1 2 3 4 5 6 7 8; do xl pause a && xl unpause a || exit 1; done
tb-wait -t 2000 crash || exit 1
step stats-0 xen-perfctr stats b 0
step stats-1 xen-perfctr stats b 1
step -t 300 end-b guest-wait b 300
step -t 60 end-a guest-wait a 60
step alive xl list
step xen-log xl dmesg
true
"""


def run(bench):
    files = bench.files() | {f"/usr/bin/{name}": bench.build / name
                             for name in ("watch", "noise", "storm")}
    files["/lib/attack.ko"] = bench.build / "attack" / "attack.ko"
    # Both guests' VCPU 0 on CPU 0 and their VCPU 1 on CPU 1
    config = {"cpus": ["0", "1"], "on_crash": "destroy"}
    hostile = "xen-perfctr enable $domid --kernel --min-period 100 --pmi-rate 1000000"
    guests = [bench.guest("a", Job(A, files), memory_mb=256, config=config, start=False,
                          before=hostile),
              bench.guest("b", Job(B, files), memory_mb=256, config=config, start=False,
                          before="xen-perfctr enable $domid")]
    machine = bench.machine(xen_args="perfctr", icount=True, seconds=1500)

    def progress(who, kind, name, data):
        if who == "b" and kind == "end":
            bench.say(f"beside {name}")
        bench.progress(who, kind, name, data)

    results = boot_xen(guests, machine, Job(DOM0, products("/usr/sbin/xen-perfctr")), progress)
    dom0, a, b = results["dom0"], results["a"], results["b"]
    for name in ("start-a", "start-b", "end-b", "alive"):
        bench.step(dom0, name)
    step = dom0.steps.get("end-a")
    bench.check("a: has crashed", step and step.status == 1, step and step.text)
    bench.quiet(dom0)
    for name in ("insmod", "rmmod", "rdpmc-still-faults", "insmod-again", "check"):
        bench.step(a, name)
    check_switches(bench, dom0)
    check_b(bench, b)
    check_attacks(bench, a)


def check_switches(bench, dom0):
    """The guests did share the CPUs: somebody else's counters were written over."""
    for vcpu in range(2):
        step = bench.step(dom0, f"stats-{vcpu}")
        found = re.search(r"restores\s+(\d+)", step.text) if step else None
        bench.check(f"b: VCPU {vcpu} was switched while it counted",
                    found and int(found[1]) > 10 * len(PHASES), step and step.text)


def check_b(bench, b):
    bench.step(b, "insmod")
    first = None
    for name in [name for name, _, _ in PHASES] + ["crash"]:
        step = bench.step(b, name)
        text = step.text if step else ""
        first = first or text
        bench.check(f"b: beside {name}: every count is the derived one",
                    text.count("ok ") > 20 and "BAD" not in text, text)
        bench.check(f"b: beside {name}: all that it sees is as beside an idle guest",
                    text == first, text)
    for name in ("check", "rmmod"):
        bench.step(b, name)


def check_attacks(bench, a):
    for how in MODULES:
        step = bench.step(a, f"log-{how}")
        found = re.search(r"(\d+) times, (\d+) refused, (\d+) wrong", step.text) if step else None
        bench.check(f"a: kernel-{how}: it did attack", found and int(found[1]) > 1000,
                    step and step.text)
        bench.check(f"a: kernel-{how}: got nothing that it must not have",
                    found and found[3] == "0", step and step.text)
        if step:
            bench.say(step.text.strip().split("] ")[-1])
