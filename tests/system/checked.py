# SPDX-License-Identifier: LGPL-2.1-or-later
"""The boots `guests` and `policy` on a Xen that checks itself.

Assertions, lock checks, and the undefined behaviour sanitizer; what they say is in
Xen's log, which each boot's last check reads. The first check is that such a Xen runs.
"""
import os
import subprocess

import guests
import policy
from pctestbed.artefacts import TESTBED


def run(bench):
    done = subprocess.run([TESTBED / "build-xen", "--checked"], stdout=subprocess.PIPE,
                          text=True, check=True)
    image = done.stdout.strip().splitlines()[-1]
    symbols = subprocess.run(["nm", f"{image}-syms"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
    bench.check("this Xen has the sanitizer", "__ubsan_handle_" in symbols, image)
    own = os.environ.get("PERFCTR_XEN")
    os.environ["PERFCTR_XEN"] = image
    try:
        for boot in (guests, policy):
            bench.say(f"{boot.__name__} on a checked Xen")
            boot.run(bench)
    finally:
        if own:
            os.environ["PERFCTR_XEN"] = own
        else:
            os.environ.pop("PERFCTR_XEN")
