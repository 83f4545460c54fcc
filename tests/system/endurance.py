# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same things many times over: nothing is left of them.

A hundred tiny guests that count, one after the other, and a thousand times the module
loaded and taken away: Xen has as much memory afterwards as before, and so has the guest.

Xen itself keeps about half a kB of each domain that there ever was, also without counters
(seen in Xen 4.17 without perfctr=, 88 kB after 160 domains): so a hundred guests that do
not count come first, and those that count must not take more.
"""
import re

import lifecycle
import tiny
from pctestbed import Job, boot_xen

CYCLES = 100
LOADS = 1000

GUEST = f"""
free_kb() {{ awk '/^MemAvailable/ {{ print $2 }}' /proc/meminfo; }}
for i in 1 2 3 4 5 6 7 8 9 10; do insmod /lib/perfctr.ko && rmmod perfctr || exit 1; done
step before free
begin=$(free_kb)
n=0
while [ $n -lt {LOADS} ]; do
    insmod /lib/perfctr.ko && rmmod perfctr || break
    n=$((n + 1))
done
step loads echo $n
step lost echo $((begin - $(free_kb)))
step insmod insmod /lib/perfctr.ko
step check perfctr check
true
"""
# kB: a page of each domain would be 400, and 100 bytes 10; Xen's free memory comes in pages.
XEN_KB = 8
# kB that the kernel may have put into caches of its own; a page each time were 4000.
GUEST_KB = 2000


def dom0_job():
    create = "xl create -p /guests/{0}.cfg >/dev/null"
    end = "xl unpause {0} && gone {0}"
    plain = f"{create} && {end}".format("plain")
    cycle = f"{create} && xen-perfctr enable {{0}} --kernel && {end}".format("cycle")
    return (f"for i in 1 2 3; do {plain} && {cycle} || exit 1; done\n"
            "step -t 60 heap-begin heap\n"
            f"n=0\nwhile [ $n -lt {CYCLES} ]; do {plain} || break; n=$((n + 1)); done\n"
            "step -t 60 heap-before heap\n"
            f"n=0\nwhile [ $n -lt {CYCLES} ]; do {cycle} || break; n=$((n + 1)); done\n"
            "step cycles echo $n\n"
            "step -t 60 heap-after heap\n"
            "step log sh -c 'grep -c \"6 ok, 0 BAD\" /var/log/xen/console/guest-cycle.log'\n"
            "step -t 300 start-guest guest-start guest\n"
            "step -t 2000 end-guest guest-wait guest 2000\n"
            "step gone-guest gone guest\n"
            "step -t 60 heap-last heap\n"
            "step xen-log xl dmesg\ntrue\n")


def run(bench):
    guest = bench.guest("guest", Job(GUEST, bench.files()), memory_mb=256, start=False,
                        before="xen-perfctr enable $domid")
    dom0_files = tiny.files(bench, tiny.config("plain", bench.type, "off"),
                            tiny.config("cycle", bench.type, "quick"))
    results = boot_xen([guest], bench.machine(xen_args="perfctr", icount=True, seconds=3000),
                       Job(dom0_job(), dom0_files | lifecycle.SCRIPTS), lifecycle.progress(bench))
    dom0, guest = results["dom0"], results["guest"]
    heaps = [bench.step(dom0, f"heap-{when}") for when in ("begin", "before", "after")]
    begin, before, after = (int(step.text) if step else 0 for step in heaps)
    step = bench.step(dom0, "cycles")
    bench.check(f"{CYCLES} cycles of a guest that counts", step and int(step.text) == CYCLES,
                step and step.text)
    bench.check(f"after {CYCLES} cycles Xen has its memory back",
                after and before - after <= begin - before + XEN_KB,
                f"{begin} kB, {before} after guests that do not count, {after} after those that do")
    step = bench.step(dom0, "log")
    bench.check("every one of them has counted", step and int(step.text) == CYCLES + 3,
                step and step.text)
    step = bench.step(guest, "loads")
    bench.check(f"module loaded and taken away {LOADS} times",
                step and int(step.text) == LOADS, step and step.text)
    step = bench.step(guest, "lost")
    bench.check(f"module: the guest has its memory back within {GUEST_KB} kB",
                step and re.fullmatch(r"-?\d+", step.text.strip())
                and int(step.text) < GUEST_KB, step and step.text)
    for name in ("insmod", "check"):
        bench.step(guest, name)
    bench.step(dom0, "end-guest")
    last = bench.step(dom0, "heap-last")
    bench.check("after the guest Xen has its memory back",
                last and after - int(last.text) <= XEN_KB, f"{after} kB then {last and last.text}")
    bench.quiet(dom0)
