# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that calls Xen and the module at random, beside one that counts.

In `one` a module makes random hypercalls and writes random words into the pages that
it shares with Xen, on each VCPU at once; then a program makes random ioctls on each.
`two` shares its CPUs and counts known programs exactly all the while, and `one` can
count afterwards. The steps follow from SEED.
"""
import counted
from pctestbed import Job, boot_xen
from pctestbed.products import products

SEED = 20111011
COUNT = 100_000         # steps on each VCPU
SLICE = 1_500           # of these for a boot that does other things as well
NAMES = ("calls", "cond", "million", "syscalls")
POLICY = "xen-perfctr enable $domid --kernel --hypervisor"


def lines(count, limit=1500):
    """Job lines for a guest in which perfctr.ko is not loaded; it is, afterwards."""
    return f"""
dmesg -c >/dev/null
step -t {limit} hvfuzz insmod /lib/hvfuzz.ko seed={SEED} count={count}
step hvfuzz-log sh -c 'dmesg | grep hvfuzz:'
step insmod-fuzz insmod /lib/perfctr.ko
step -t {limit} fuzzioctl fuzzioctl {SEED} {count}
step check-fuzz perfctr check
"""


ONE = lines(COUNT) + """
step idle sh -c 'perfctr info | grep "0 threads counted now"'
step rmmod rmmod perfctr
tb-signal fuzzed
true
"""

TWO = """
step insmod insmod /lib/perfctr.ko || exit 1
while ! tb-wait -t 1 fuzzed 2>/dev/null; do
""" + "".join(f"""
    perfctr stat -e instructions:u,branches:u -x , -- \\
        {" ".join(counted.KNOWN[name].argv(f"/usr/lib/programs/{name}"))} \\
        2>>/run/{name} >/dev/null || echo "status $?" >>/run/{name}
""" for name in NAMES) + """
done
for name in """ + " ".join(NAMES) + """; do tb file $name /run/$name; done
step rounds sh -c 'wc -l </run/million'
step rmmod rmmod perfctr
true
"""

DOM0 = """
step -t 300 start-one guest-start one
step -t 300 start-two guest-start two
step -t 3000 end-one guest-wait one 3000
step -t 600 end-two guest-wait two 600
step xen-log xl dmesg
step xen-lines sh -c 'xl dmesg | wc -l'
true
"""


def check(bench, one):
    """What lines() has printed."""
    text = one.steps["hvfuzz-log"].text if "hvfuzz-log" in one.steps else "did not run"
    found = [line[line.index("hvfuzz: ") + 8:] for line in text.splitlines() if "hvfuzz: " in line]
    bench.check(f"{one.who}: hvfuzz came to its end", len(found) >= 5, text)
    for line in found:
        if line.startswith(("ok ", "BAD ")):
            bench.say(line)
            bench.check(f"{one.who}: hvfuzz: {line.split(' ', 1)[1].split(':')[0]}",
                        line.startswith("ok "), line)
    bench.step(one, "insmod-fuzz")
    step = bench.step(one, "fuzzioctl")
    for line in step.text.splitlines() if step else ():
        bench.say(line)
        bench.check(f"{one.who}: {line.split(' ', 1)[1].split(':')[0]}", line.startswith("ok "),
                    line)
    bench.step(one, "check-fuzz")


def run(bench):
    files = bench.files()
    config = {"cpus": ["0", "1"]}
    guests = [bench.guest("one", Job(ONE, files), config=config, start=False, before=POLICY),
              bench.guest("two", Job(TWO, files), config=config, start=False, memory_mb=256,
                          before=POLICY)]
    results = boot_xen(guests, bench.machine(xen_args="perfctr", seconds=4000),
                       Job(DOM0, products("/usr/sbin/xen-perfctr")), bench.progress)
    one, two, dom0 = results["one"], results["two"], results["dom0"]
    for name in ("end-one", "end-two"):
        bench.step(dom0, name)
    check(bench, one)
    for name in ("idle", "rmmod"):
        bench.step(one, name)
    step = bench.step(two, "rounds")
    bench.say(f"two: {step.text.strip() if step else '?'} lines of counts for each program")
    for name in NAMES:
        expected = counted.KNOWN[name].expected()
        # Every run has counted the same, and none has failed: "VALUE,UNIT,EVENT,...",
        # where times have a unit and counts have none.
        rows = [line.split(",") for line in two.files.get(name, b"").decode().splitlines()]
        found = {(",".join(row[2:3]), row[0]) for row in rows if row[1:2] != ["ns"]}
        bench.check(f"two: {name}: every run is exact",
                    found == {(f"{event}:u", str(expected[event]))
                              for event in ("instructions", "branches")}, found)
    bench.step(two, "rmmod")
    text = dom0.steps["xen-lines"].text if "xen-lines" in dom0.steps else "0"
    bench.check("what a guest does wrong is not logged without a limit", 0 < int(text) < 500, text)
    bench.quiet(dom0)
