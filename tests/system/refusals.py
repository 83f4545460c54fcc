# SPDX-License-Identifier: LGPL-2.1-or-later
"""Xen without the patch, without the option, and with its own vPMU: dom0 alone."""
import os
import subprocess

from pctestbed import Job, boot_xen
from pctestbed.artefacts import TESTBED

SCRIPT = """
step insmod insmod /lib/perfctr.ko
step reason sh -c 'dmesg | grep perfctr:'
step info perfctr info
step stat env PERFCTR_BACKEND=device perfctr stat -e instructions:u -- /bin/true
step rdpmc rdpmc
step xen sh -c 'xl dmesg | grep -iE "perfctr|vpmu"'
true
"""

# (name, Xen's options, words in the module's reason, words in Xen's log)
CASES = (
    ("stock", "", "no perfctr patch", None),
    ("off", "", "off", None),
    ("vpmu", "perfctr vpmu=on", "off", "vpmu"),
)


def stock():
    """The same Xen without the patch set."""
    done = subprocess.run([TESTBED / "build-xen", "--stock"], stdout=subprocess.PIPE,
                          text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def run(bench):
    own = os.environ.get("PERFCTR_XEN")
    for name, xen_args, reason, log in CASES:
        if name == "stock":
            os.environ["PERFCTR_XEN"] = stock()
        elif own:
            os.environ["PERFCTR_XEN"] = own
        else:
            os.environ.pop("PERFCTR_XEN", None)
        result = boot_xen([], bench.machine(xen_args=xen_args), Job(SCRIPT, bench.files()),
                          bench.progress)["dom0"]
        steps = result.steps
        bench.check(f"{name}: the module does not load", steps["insmod"].status != 0, "")
        bench.check(f"{name}: it says why", reason in steps["reason"].text, steps["reason"].text)
        bench.check(f"{name}: nothing is counted", steps["stat"].status not in (0, None),
                    steps["stat"].stderr)
        bench.check(f"{name}: perfctr stat says why", b"/dev/perfctr" in steps["stat"].stderr,
                    steps["stat"].stderr)
        bench.check(f"{name}: perfctr info is not content", steps["info"].status != 0,
                    steps["info"].text)
        bench.check(f"{name}: RDPMC in user mode faults", steps["rdpmc"].signal == 11,
                    f"status {steps['rdpmc'].status}")
        if log:
            text = steps["xen"].text.lower()
            bench.check(f"{name}: Xen says which one is off", log in text and "perfctr" in text,
                        text)
