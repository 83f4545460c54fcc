# SPDX-License-Identifier: LGPL-2.1-or-later
"""Xen with a guest of each type at once: the main things in each.

They share the CPUs, so each must find its own counts between those of the others.
"""
import counted
import sampling
from pctestbed import Job, boot_xen
from pctestbed.products import products

TYPES = ("hvm", "pvh", "pv")
NAMES = ("calls", "compat", "cond", "cpuid", "exec", "fork", "indirect", "million", "pagefault",
         "repfault", "signals", "string", "syscalls", "threads", "traps")
PARTS = (("counts", 200, "batches beside slot threads"),
         # Busy CPUs, so that VCPUs are switched out between overflow and interrupt.
         ("chains", 100, "chain hand-chain"))

SCRIPT = """
step rdpmc-before rdpmc
step insmod insmod /lib/perfctr.ko || exit 1
step info perfctr info
step -t 200 check perfctr check
step rdpmc-after rdpmc
step kloop insmod /lib/kloop.ko
step -t 900 kernel kernel
""" + counted.lines("stat", NAMES) + sampling.parts(*PARTS) + """
step idle sh -c 'perfctr info | grep "0 threads counted now"'
step rmmod rmmod perfctr
true
"""

DOM0 = """
for guest in hvm pvh pv; do step -t 300 start-$guest guest-start $guest; done
for guest in hvm pvh pv; do step -t 900 end-$guest guest-wait $guest 900; done
step xen-log xl dmesg
true
"""


def run(bench):
    files = bench.files() | {"/usr/bin/sample": bench.build / "sample"}
    guests = [bench.guest(kind, Job(SCRIPT, files), memory_mb=256, type=kind, start=False)
              for kind in TYPES]
    machine = bench.machine(xen_args="perfctr=default=full", seconds=1200)
    results = boot_xen(guests, machine, Job(DOM0, products("/usr/sbin/xen-perfctr")),
                       bench.progress)
    for kind in TYPES:
        bench.step(results["dom0"], f"end-{kind}")
        check(bench, results[kind])
    bench.quiet(results["dom0"])


def check(bench, result):
    """Everything in one guest."""
    who = result.who
    bench.check(f"{who}: the job came to its end", result.status == 0 and not result.damaged,
                f"status {result.status}, damaged {result.damaged[:3]}")
    for name in ("rdpmc-before", "rdpmc-after"):
        bench.check(f"{who}: {name}: killed by SIGSEGV",
                    name in result.steps and result.steps[name].signal == 11, "")
    for name in ("insmod", "info", "check", "kloop", "idle", "rmmod"):
        bench.step(result, name)
    bench.lines(result, "kernel")
    counted.check(bench, result, "stat", NAMES)
    for name, _, _ in PARTS:
        sampling.check_parts(bench, result, f"sample-{name}")
