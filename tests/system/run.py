#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The system tests: boots the emulated machines and checks what happened there.

Each boot is a module of this directory with a function run(bench), which calls
bench.check(name, condition, detail) for every fact. A machine that does not boot,
or whose job does not come to its end, is an error of that boot.
"""
import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(TESTS / "testbed"), str(TESTS / "programs"), str(HERE)]

from pctestbed import TestbedError                              # noqa: E402
from pctestbed.products import products                         # noqa: E402

BOOTS = ("native", "guests", "refusals", "sampling")


class Bench:
    """Counts outcomes and prints them."""

    def __init__(self, build):
        self.build = Path(build)
        self.passed = self.failed = self.skipped = 0
        self.begin = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.begin:5.0f} s] {text}", flush=True)

    def check(self, name, condition, detail=""):
        if condition:
            self.passed += 1
            print(f"pass  {name}", flush=True)
        else:
            self.failed += 1
            detail = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
            print(f"FAIL  {name}: {detail.strip()[-600:]}", flush=True)

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skip  {name}: {reason}", flush=True)

    def step(self, result, name, status=0):
        """The step, after checking its exit status. None if it never ran."""
        step = result.steps.get(name)
        where = f"{result.who}: {name}"
        if step is None:
            self.check(where, False, "did not run")
            return None
        self.check(where, step.status == status and not step.timed_out,
                   f"status {step.status}, expected {status}\n{step.text}"
                   f"{step.stderr.decode(errors='replace')}")
        return step

    def files(self):
        """The products and this directory's programs."""
        found = products("/lib/perfctr.ko", "/usr/bin/perfctr", "/usr/bin/perfctr-selftest",
                         "/usr/lib/programs")
        for name in ("rdpmc", "spin", "asnobody", "badioctl"):
            found[f"/usr/bin/{name}"] = self.build / name
        found["/lib/hvsweep.ko"] = self.build / "hvsweep" / "hvsweep.ko"
        return found

    def progress(self, who, kind, name, data):
        if kind == "up":
            self.say(f"{who} is up")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", default=",".join(BOOTS), help="comma-separated boots")
    args = parser.parse_args()
    bench = Bench(args.build)
    for name in args.only.split(","):
        bench.say(f"boot: {name}")
        try:
            importlib.import_module(name).run(bench)
        except TestbedError as error:
            bench.check(f"{name} boots", False, error)
        except Exception:                       # a defect of the test: it has failed
            bench.check(f"{name} runs", False, traceback.format_exc())
    bench.say("end of the system tests")
    print(f"{bench.passed} passed, {bench.failed} failed, {bench.skipped} skipped")
    return 5 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
