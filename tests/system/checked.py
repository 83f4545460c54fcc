# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots `guests` and `policy` where Xen and the guests' kernels check themselves.

Xen with assertions, lock checks, and the undefined behaviour sanitizer; what they say is
in Xen's log, which each boot's last check reads. Debian's kernel with what it can do: red
zones and poison around and in what the slab and page allocators give out. The first
checks are that both are there.
"""
import os
import subprocess

import guests
import policy
from pctestbed.artefacts import TESTBED

# Documentation/mm/slub.rst: sanity checks, red zones, poisoning, tracking of users.
KERNEL = "slub_debug=FZPU page_poison=1"
COMPLAINTS = ("BUG", "WARNING: CPU", "Call Trace", "Object ", "rcu_sched detected")


def run(bench):
    done = subprocess.run([TESTBED / "build-xen", "--checked"], stdout=subprocess.PIPE,
                          text=True, check=True)
    image = done.stdout.strip().splitlines()[-1]
    symbols = subprocess.run(["nm", f"{image}-syms"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
    bench.check("this Xen has the sanitizer", "__ubsan_handle_" in symbols, image)
    own = os.environ.get("PERFCTR_XEN")
    os.environ["PERFCTR_XEN"] = image
    bench.options = {"dmesg": True, "kernel_args": KERNEL}
    try:
        for boot in (guests, policy):
            bench.say(f"{boot.__name__} on a checked Xen")
            bench.logs = {}
            boot.run(bench)
            check_logs(bench, boot.__name__)
    finally:
        bench.options = {}
        if own:
            os.environ["PERFCTR_XEN"] = own
        else:
            os.environ.pop("PERFCTR_XEN")


def check_logs(bench, boot):
    """Of the guests that came to their end."""
    bench.check(f"{boot}: kernel logs of dom0 and a guest", {"dom0", "one"} <= bench.logs.keys(),
                sorted(bench.logs))
    logs = {who: log.decode(errors="replace") for who, log in bench.logs.items()}
    # A guest that clears its log has lost the command line in it.
    told = sum(KERNEL in text for who, text in logs.items() if who != "dom0")
    bench.check(f"{boot}: a guest's kernel checks the allocators", told, logs.get("one", "")[:300])
    for who, text in logs.items():
        lines = [line for line in text.splitlines() if any(word in line for word in COMPLAINTS)]
        bench.check(f"{boot}: {who}: its kernel has nothing to complain about", not lines,
                    "\n".join(lines[:5]))
