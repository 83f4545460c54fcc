# SPDX-License-Identifier: LGPL-2.1-or-later
"""Xen with two guests: counting, its refusals, and the ends of things.

Guest `one` starts without permission, gets it, and runs the whole list. Guest `two`
is destroyed by dom0 while it counts; `three` then counts on the same CPUs. `reborn`
reboots while it counts.
"""
import re

import counted
import fuzz
from pctestbed import Job, boot_xen
from pctestbed.products import products

# fork, exec, threads that come and go, signals, faults, migration: all exact.
NAMES = sorted(counted.KNOWN)
# Those whose counts cross 2^20, where counters are rebased in the last part.
LONG = ("calls", "million", "nested")

ONE = """
step rdpmc-before rdpmc
step insmod-off insmod /lib/perfctr.ko
step reason-off sh -c 'dmesg | grep perfctr:'
tb-signal want-permission
tb-wait -t 900 permission || exit 1
step insmod insmod /lib/perfctr.ko
step info perfctr info
step check perfctr check
step rdpmc-after rdpmc
step hvsweep insmod /lib/hvsweep.ko
step hvsweep-log sh -c 'dmesg | grep hvsweep:'
step selftest perfctr-selftest threads
step badioctl sh -c 'chmod 666 /dev/perfctr; badioctl; r=$?; chmod 660 /dev/perfctr; exit $r'
step check-after perfctr check
step kloop insmod /lib/kloop.ko
step -t 900 kernel kernel
step lifetime lifetime
step -t 200 stepping stepping
""" + counted.lines("stat", NAMES) + """
step unknown-event perfctr stat -e instrucions:u -- /bin/true
step too-many perfctr stat -e $general -- /bin/true
step no-permission asnobody /usr/bin/perfctr stat -e instructions:u -- /bin/true
step status perfctr stat -e instructions:u -- sh -c 'exit 42'
step per-thread perfctr stat --per-thread -e instructions:u -x , -- /usr/lib/programs/threads
cp /usr/lib/programs/million /privileged
chmod 4755 /privileged
group=$(stat -c %g /dev/perfctr)
step setuid asnobody -g $group /usr/bin/perfctr stat -e instructions:u -- sh -c '/privileged; true'
step setuid-root perfctr stat -e instructions:u -j -- /privileged

perfctr stat -e instructions:u -- spin >/dev/null 2>&1 &
usleep 500000
step rmmod-in-use rmmod perfctr
kill -9 $(pidof spin) $(pidof perfctr)
wait
step idle sh -c 'perfctr info | grep "0 threads counted now"'
step rmmod rmmod perfctr
""" + fuzz.lines(fuzz.SLICE) + """
step rmmod-fuzz rmmod perfctr

step insmod-bias insmod /lib/perfctr.ko start_bias_bits=20
""" + counted.lines("rebase", LONG) + """

perfctr stat -e instructions:u -- spin >/run/revoked.out 2>/run/revoked.err &
stat=$!
usleep 500000
tb-signal counting
tb-wait -t 2000 revoked || exit 1
usleep 300000
kill $(pidof spin)
wait $stat
echo $? >/run/revoked.status
step revoked sh -c 'cat /run/revoked.err; exit $(cat /run/revoked.status)'
step while-revoked perfctr stat -e instructions:u -- /bin/true
tb-signal was-revoked
tb-wait -t 600 permission-again || exit 1
step check-again perfctr check
true
"""

# Counts until it is destroyed.
TWO = """
step insmod insmod /lib/perfctr.ko || exit 1
perfctr stat -e instructions:u,branches:u -- spin &
perfctr stat -e branches:u,loads:u,stores:u -- spin &
usleep 500000
tb-signal counting-two
tb-wait -t 600 never
"""

# Created after that, so that it counts where `two` did.
THREE = """
step insmod insmod /lib/perfctr.ko || exit 1
step check perfctr check
true
"""

# Reboots while it counts. The permission does not follow it. (Nor do its notes, which
# die with a domain: dom0's tells it that this is its second life.)
REBORN = """
if tb-wait -t 1 reboot; then
    step insmod-again insmod /lib/perfctr.ko && exit 1
    tb-signal reborn
    tb-wait -t 600 reborn-enabled || exit 1
    step insmod insmod /lib/perfctr.ko && step check perfctr check && tb-signal reborn-counts
    exit
fi
insmod /lib/perfctr.ko || exit 1
perfctr stat -e instructions:u,branches:u -- spin &
perfctr record -e branches:u@10007 -o /run/data -- spin &
usleep 500000
tb-signal counting-reborn
tb-wait -t 600 reboot
reboot -f
"""

DOM0 = """
step -t 600 start-one guest-start one
tb-wait -t 900 want-permission || exit 1
step enable-one xen-perfctr enable one --kernel
tb-signal permission
step -t 600 start-two guest-start two
tb-wait -t 900 counting-two || exit 1
step status-two xen-perfctr status two
step destroy-two xl destroy two
step alive xl list
step -t 600 start-three guest-start three
step -t 900 end-three guest-wait three 900
cat $(cat /guests/reborn/images) /guests/reborn/job.cpio >/guests/reborn/ramdisk
ln /guests/reborn/ramdisk /guests/ramdisk
step -t 600 start-reborn guest-start reborn
# guest-start takes it away, but it is needed once more
ln /guests/ramdisk /guests/reborn/ramdisk
tb-wait -t 900 counting-reborn || exit 1
tb-signal reboot
step -t 900 reboot tb-wait -t 900 reborn
step enable-reborn xen-perfctr enable reborn
tb-signal reborn-enabled
step -t 900 reborn-counts tb-wait -t 900 reborn-counts
step destroy-reborn xl destroy reborn
tb-wait -t 600 counting || exit 1
step disable-one xen-perfctr disable one
tb-signal revoked
tb-wait -t 600 was-revoked || exit 1
step enable-one-again xen-perfctr enable one
tb-signal permission-again
step -t 900 end-one guest-wait one 900
step xen-log xl dmesg
true
"""


def run(bench):
    files = bench.files()
    tool = products("/usr/sbin/xen-perfctr")
    other = {"memory_mb": 256, "start": False, "before": "xen-perfctr enable $domid"}
    general = f"general={','.join(counted.GENERAL[bench.vendor])}\n"
    guests = [bench.guest("one", Job(general + ONE, files), start=False),
              bench.guest("two", Job(TWO, files), **other),
              bench.guest("three", Job(THREE, files), **other),
              bench.guest("reborn", Job(REBORN, files), config={"on_reboot": "restart"}, **other)]
    results = boot_xen(guests, bench.machine(xen_args="perfctr", seconds=2400), Job(DOM0, tool),
                       bench.progress)
    dom0, one, three = results["dom0"], results["one"], results["three"]
    for name in ("start-one", "start-two", "status-two", "destroy-two", "alive", "enable-one",
                 "start-three", "end-three", "start-reborn", "reboot", "enable-reborn",
                 "reborn-counts", "destroy-reborn", "disable-one", "enable-one-again", "end-one"):
        bench.step(dom0, name)
    bench.quiet(dom0)
    check_one(bench, one)
    bench.step(three, "insmod")
    bench.step(three, "check")


def refused(bench, one, name, words):
    """The step failed, and its message has these words."""
    step = one.steps.get(name)
    text = step.stderr.decode() + step.text if step else "did not run"
    bench.check(f"one: {name} is refused", step and step.status not in (0, None), text)
    bench.check(f"one: {name} says why", words in text, text)


def check_one(bench, one):
    bench.check("one: the job came to its end", one.status == 0 and not one.damaged,
                f"status {one.status}, damaged {one.damaged[:3]}")
    for name in ("rdpmc-before", "rdpmc-after"):
        bench.check(f"one: {name}: killed by SIGSEGV",
                    name in one.steps and one.steps[name].signal == 11, "")
    bench.check("one: the module does not load without permission",
                one.steps["insmod-off"].status != 0, "")
    text = one.steps["reason-off"].text
    bench.check("one: it says how to get permission", "xen-perfctr enable" in text, text)
    for name in ("insmod", "info", "check", "selftest", "badioctl", "check-after", "idle",
                 "rmmod", "insmod-bias", "check-again"):
        bench.step(one, name)
    bench.step(one, "status", 42)
    sweep = one.steps["hvsweep-log"].text
    for line in sweep.splitlines():
        line = line[line.index("hvsweep: ") + 9:]
        if line.startswith(("ok ", "BAD ")):
            bench.check(f"hypercall: {line.split(' ', 1)[1].split(': got')[0]}",
                        line.startswith("ok "), line)
    bench.check("hypercall: the sweep came to its end",
                re.search(r"hvsweep: [1-9]\d* ok, 0 BAD", sweep), sweep[-200:])
    for line in one.steps["badioctl"].text.splitlines():
        bench.check(f"ioctl: {line.split(' ', 1)[1].split(': ')[0]}", line.startswith("ok "), line)
    bench.step(one, "kloop")
    for name in ("kernel", "lifetime", "stepping"):
        bench.lines(one, name)
    counted.check(bench, one, "stat", NAMES)
    counted.check(bench, one, "rebase", LONG)
    refused(bench, one, "unknown-event", "instructions")
    refused(bench, one, "too-many", "counter")
    refused(bench, one, "no-permission", "/dev/perfctr")
    refused(bench, one, "rmmod-in-use", "perfctr")
    fuzz.check(bench, one)
    bench.step(one, "rmmod-fuzz")
    check_threads(bench, one)
    check_setuid(bench, one)
    refused(bench, one, "revoked", "lost counts")
    refused(bench, one, "while-revoked", "off for this domain")


def check_threads(bench, one):
    """The first thread of `threads` makes the three others, see its derivation."""
    n = counted.KNOWN["threads"].params["N"]
    work = 1 + 3 * n + 3
    step = bench.step(one, "per-thread")
    counts = sorted((int(line.split(",")[1]) for line in step.stderr.decode().splitlines()
                     if "instructions:u" in line), reverse=True) if step else []
    bench.check("one: per-thread: each thread of `threads` has its count",
                counts == [2 + 3 * 13 + work] + 3 * [2 + work], counts)


def check_setuid(bench, one):
    """Who may not trace a program may not count it either: its count is not told."""
    step = one.steps.get("setuid")
    text = step.stderr.decode() if step else "did not run"
    bench.check("one: setuid: counting ends with the program that is privileged",
                step and step.status not in (0, None) and "lost counts" in text, text)
    step = bench.step(one, "setuid-root")
    found = counted.counts(step.stderr.decode()) if step else {}
    bench.check("one: setuid-root: root may count it",
                float(found.get("instructions:u", 0)) == 1_000_000, found)
