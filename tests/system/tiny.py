# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hypercall, called by a guest without an operating system (tests/tinyguest).

It registers every kind of page, spoils every field, and does things in every wrong
order, in a domain that has permission and in one that has not. Each of its lines is a
fact. Where the CPU has virtualisation, all of it once more as a PVH guest.
"""
import re

from pctestbed import Job, boot_xen
from pctestbed.products import products

KERNEL = "/guests/tinyguest"

# Programs for dom0's job.
SCRIPTS = {
    # gone NAME: until the domain does not exist any more
    "/usr/bin/gone": b"""#!/bin/sh
left=1200
while xl domid "$1" >/dev/null 2>&1; do
    left=$((left - 1))
    [ $left -gt 0 ] || exit 1
    usleep 100000
done
""",
    # says NAME WORDS [COUNT]: until its console has COUNT lines with these words
    "/usr/bin/says": b"""#!/bin/sh
left=1200
while [ "$(grep -c "$2" "/var/log/xen/console/guest-$1.log" 2>/dev/null || true)" -lt "${3:-1}" ]; do
    left=$((left - 1))
    [ $left -gt 0 ] || exit 1
    usleep 50000
done
""",
}


def config(name, kind, words, **more):
    """(place, xl configuration) of a tiny guest."""
    lines = {"name": name, "type": kind, "vcpus": 2, "memory": 16, "kernel": KERNEL,
             "extra": words, "on_poweroff": "destroy", "on_crash": "destroy"} | more
    text = "".join(f"{key} = {value if isinstance(value, int) else chr(34) + value + chr(34)}\n"
                   for key, value in lines.items())
    return f"/guests/{name}.cfg", text.encode()


def files(bench, *configs):
    """Files for dom0: the guest and these configurations."""
    return products("/usr/sbin/xen-perfctr") | SCRIPTS | {KERNEL: kernel(bench)} | dict(
        configs)


def kernel(bench):
    return bench.build / "tinyguest" / "tinyguest"


def kinds(bench):
    return ("pv", "pvh") if bench.vendor == "amd" else ("pv",)


def once(name, enable):
    """Job lines: runs one to its end, and brings what it has said."""
    return f"""
step -t 100 create-{name} xl create -p /guests/{name}.cfg
{enable.format(name=name)}
xl unpause {name}
step -t 200 end-{name} gone {name}
step log-{name} cat /var/log/xen/console/guest-{name}.log
"""


def check(bench, dom0, name):
    for step in (f"create-{name}", f"end-{name}"):
        bench.step(dom0, step)
    check_log(bench, dom0, name)


def check_log(bench, dom0, name):
    """What it has said on its console, which the step log-NAME has brought."""
    step = bench.step(dom0, f"log-{name}")
    text = step.text if step else ""
    for line in text.splitlines():
        if line.startswith(("ok ", "BAD ")):
            bench.check(f"{name}: {line.split(' ', 1)[1].rsplit(' = ', 1)[0]}",
                        line.startswith("ok "), line)
    bench.check(f"{name}: came to its end",
                re.search(r"tinyguest: [1-9]\d* ok, 0 BAD", text), text[-300:])


def run(bench):
    runs = [(f"{words}-{kind}", kind, words) for kind in kinds(bench)
            for words in ("sweep", "off")]
    job = "".join(
        once(name, "step enable-{name} xen-perfctr enable {name} --kernel"
             if words == "sweep" else "") for name, _, words in runs)
    results = boot_xen([], bench.machine(xen_args="perfctr", icount=True, seconds=900),
                       Job(job + "step xen-log xl dmesg\ntrue\n",
                           files(bench, *(config(*r) for r in runs))), bench.progress)
    dom0 = results["dom0"]
    for name, _, words in runs:
        if words == "sweep":
            bench.step(dom0, f"enable-{name}")
        check(bench, dom0, name)
    bench.quiet(dom0)
