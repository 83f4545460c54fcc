#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The system tests: boots the emulated machines and checks what happened there.

Each boot is a module of this directory with a function run(bench), which calls
bench.check(name, condition, detail) for every fact. A machine that does not boot,
or whose job does not come to its end, is an error of that boot.

A boot runs in a mode: the vendor of the CPU, and the type of the guests. It is given
as BOOT:MODE, e.g. guests:pvh-amd; without a mode it is pv-intel.

An emulator uses one CPU, so as many boots run at once as there are CPUs; the outcomes of
each are printed together. Where run-suites has other suites run beside this one, each boot
waits until it has one of its locks.
"""
import argparse
import contextlib
import fcntl
import importlib
import os
import re
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(TESTS / "testbed"), str(TESTS / "programs"), str(TESTS / "security"),
                str(HERE)]

import record                                                   # noqa: E402
from pctestbed import Guest, Machine, TestbedError              # noqa: E402
from pctestbed.emulator import WITH_US                          # noqa: E402
from pctestbed.machine import AMD_CPU, DEFAULT_CPU              # noqa: E402
from pctestbed.products import products                         # noqa: E402

CPUS = {"intel": DEFAULT_CPU, "amd": AMD_CPU}
# What `make check` runs, and the rest of the matrix for `make check-all`. Those that take
# long are first, as two boots run at a time.
BOOTS = ("smoke:pv-amd", "guests", "sampling", "policy", "refusals", "tiny", "native",
         "native:pv-amd")
# What guests do to their neighbours, and what is done to guests: `make check-long`.
LONG = ("isolation", "lifecycle", "endurance", "isolation:pvh-amd", "lifecycle:pvh-amd")
MATRIX = tuple(f"{boot}:{mode}" for mode in ("hvm-amd", "pvh-amd", "pv-amd")
               for boot in ("guests", "sampling", "policy")) + BOOTS + (
                   "refusals:pv-amd", "features", "features:pv-amd", "switches:pvh-amd", "fuzz",
                   "fuzz:pvh-amd", "checked", "checked:pvh-amd")


class Bench:
    """Counts outcomes and prints them."""

    def __init__(self, build):
        self.build = Path(build)
        self.passed = self.failed = self.skipped = 0
        self.begin = time.monotonic()
        self.type, self.vendor = "pv", "intel"
        self.outcomes = []              # of this boot: (name, result, note)
        self.options = {}               # of every Machine, e.g. {"dmesg": True}
        self.logs = {}                  # kernel logs that came back, by guest

    @property
    def mode(self):
        return f"{self.type}-{self.vendor}"

    def machine(self, **more):
        return Machine(cpu=CPUS[self.vendor], **self.options, **more)

    def guest(self, name, job, **more):
        """A guest of the boot's type, whose clock is the CPU's."""
        more["config"] = {"tsc_mode": "native"} | more.get("config", {})
        return Guest(name, job, **({"type": self.type} | more))

    def say(self, text):
        print(f"[{time.monotonic() - self.begin:5.0f} s] {text}", flush=True)

    def check(self, name, condition, detail=""):
        if condition:
            self.passed += 1
            self.outcomes.append((name, "pass", ""))
            print(f"pass  {self.mode}: {name}", flush=True)
        else:
            self.failed += 1
            detail = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
            self.outcomes.append((name, "fail", detail))
            print(f"FAIL  {self.mode}: {name}: {detail.strip()[-600:]}", flush=True)

    def skip(self, name, reason):
        self.skipped += 1
        self.outcomes.append((name, "skip", reason))
        print(f"skip  {self.mode}: {name}: {reason}", flush=True)

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

    def quiet(self, dom0):
        """Xen's log, which the step xen-log has brought, has no complaint."""
        log = dom0.steps["xen-log"].text if "xen-log" in dom0.steps else "no log"
        words = ("WARN", "BUG", "ASSERT", "Assertion", "UBSAN", "no log")
        self.check("Xen has nothing to complain about", not any(w in log for w in words), log)

    def lines(self, result, name):
        """A step that prints "ok NAME: ..." or "BAD NAME: ...", and "# ..." to be shown."""
        step = self.step(result, name)
        for line in step.text.splitlines() if step else ():
            if line.startswith("# "):
                self.say(f"{name}: {line[2:]}")
                continue
            self.check(f"{name}: {line.split(' ', 1)[1].rsplit(':', 1)[0]}",
                       line.startswith("ok "), line)

    def files(self):
        """The products and this directory's programs."""
        found = products("/lib/perfctr.ko", "/usr/bin/perfctr", "/usr/bin/perfctr-selftest",
                         "/usr/lib/programs")
        for name in ("rdpmc", "spin", "asnobody", "badioctl", "kernel", "lifetime",
                     "stepping", "fuzzioctl"):
            found[f"/usr/bin/{name}"] = self.build / name
        for name in ("hvsweep", "hvfuzz", "kloop"):
            found[f"/lib/{name}.ko"] = self.build / name / f"{name}.ko"
        return found

    def progress(self, who, kind, name, data):
        if kind == "up":
            self.say(f"{who} is up")
        elif kind == "file" and name == "dmesg":
            self.logs[who] = self.logs.get(who, b"") + (data or b"")


def run_here(bench, boots):
    """One boot after the other."""
    for boot in boots:
        name, _, mode = boot.partition(":")
        bench.type, _, bench.vendor = (mode or "pv-intel").partition("-")
        bench.say(f"boot: {name} ({bench.mode})")
        bench.outcomes = []
        try:
            importlib.import_module(name).run(bench)
        except TestbedError as error:
            bench.check(f"{boot} boots", False, error)
        except Exception:                       # a defect of the test: it has failed
            bench.check(f"{boot} runs", False, traceback.format_exc())
        record.write(name, bench.mode, bench.outcomes)


@contextlib.contextmanager
def one_cpu():
    """Has one of the locks of tests/run-suites, if this runs below it."""
    if not os.environ.get("PERFCTR_CPUS"):
        yield
        return
    with contextlib.ExitStack() as stack:
        locks = [stack.enter_context(path.open())
                 for path in Path(os.environ["PERFCTR_CPUS"]).iterdir()]
        while not any(try_lock(lock) for lock in locks):
            time.sleep(0.2)
        yield


def try_lock(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def run_apart(bench, boot):
    """A boot in a process of its own; says how it goes on, and prints its outcomes at its end."""
    command = [*WITH_US, sys.executable, __file__,
               "--build", str(bench.build), "--only", boot]
    outcomes, last = [], ""
    # It needs no second lock.
    environment = {key: value for key, value in os.environ.items() if key != "PERFCTR_CPUS"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=environment) as process:
        for line in process.stdout:
            progress = re.fullmatch(r"\[ *\d+ s\] (.*)\n", line)
            if progress:
                bench.say(f"{boot}: {progress[1]}")
            else:
                outcomes.append(line)
                last = line
    sums = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped\n", last)
    if not sums or process.returncode not in (0, 5):
        outcomes.append(f"FAIL  {boot}: its process ended with status {process.returncode}\n")
        return "".join(outcomes), (0, 1, 0)
    return "".join(outcomes[:-1]), tuple(map(int, sums.groups()))


def run_at_once(bench, boots, jobs):
    with ThreadPoolExecutor(jobs) as pool:
        waiting = iter(boots)

        def run(_):
            # Whoever has a CPU takes the next boot, so that the long ones are not left over.
            with one_cpu():
                return run_apart(bench, next(waiting))

        for text, sums in pool.map(run, boots):
            print(text, end="", flush=True)
            bench.passed += sums[0]
            bench.failed += sums[1]
            bench.skipped += sums[2]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", help="comma-separated boots")
    parser.add_argument("--long", action="store_true", help="isolation, life cycle, endurance")
    parser.add_argument("--all", action="store_true", help="every boot but these in every mode")
    parser.add_argument("--jobs", type=int,
                        default=int(os.environ.get("PERFCTR_JOBS") or len(os.sched_getaffinity(0))),
                        help="boots at a time (default: the number of CPUs, %(default)s)")
    args = parser.parse_args()
    bench = Bench(args.build)
    boots = args.only.split(",") if args.only else MATRIX if args.all else \
        LONG if args.long else BOOTS
    if len(boots) == 1 or args.jobs == 1:
        with one_cpu():
            run_here(bench, boots)
    else:
        run_at_once(bench, boots, args.jobs)
    bench.say("end of the system tests")
    print(f"{bench.passed} passed, {bench.failed} failed, {bench.skipped} skipped")
    return 5 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
