# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bare Linux: the library's perf_event backend, and the module's refusal."""
import counted
from pctestbed import Job, boot_native

NAMES = sorted(counted.KNOWN)

SCRIPT = """
step check perfctr check
""" + counted.lines("stat", NAMES) + """
step no-device env PERFCTR_BACKEND=device perfctr stat -e instructions:u -- /bin/true
step unknown-event perfctr stat -e instrucions:u -- /bin/true
step no-program perfctr stat -e instructions:u -- /nonexistent
step status perfctr stat -e instructions:u -- sh -c 'exit 42'
echo 3 >/proc/sys/kernel/perf_event_paranoid
step forbidden asnobody /usr/bin/perfctr stat -e instructions:u -- /bin/true
step insmod insmod /lib/perfctr.ko
step reason sh -c 'dmesg | grep perfctr:'
true
"""


def run(bench):
    result = boot_native(Job(SCRIPT, bench.files()), bench.machine(), bench.progress)
    bench.step(result, "check")
    counted.check(bench, result, "stat", NAMES)
    for name, status, words in (
            ("no-device", None, "/dev/perfctr"), ("unknown-event", None, "instructions"),
            ("forbidden", None, "perf_event_paranoid")):
        step = result.steps[name]
        text = step.stderr.decode()
        bench.check(f"native: {name} is refused", step.status not in (0, None), step.status)
        bench.check(f"native: {name} says why", words in text, text)
    bench.step(result, "no-program", 127)
    bench.step(result, "status", 42)
    bench.check("native: the module does not load", result.steps["insmod"].status != 0, "")
    text = result.steps["reason"].text
    bench.check("native: the module says why", "not a Xen guest" in text, text)
