# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of the test bed: see README.md."""
import argparse
import sys
from pathlib import Path

from . import shell
from .job import Job
from .machine import AMD_CPU, GUEST_TYPES, Guest, Machine, boot_native, boot_xen
from .outcome import Outcome, TestbedError
from .products import products


def parse(argv):
    parser = argparse.ArgumentParser(prog="testbed", description="Runs a command in a machine.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--cpus", type=int, default=2, help="physical CPUs")
    common.add_argument("--memory", type=int, default=512, help="MB of bare Linux or a guest")
    common.add_argument("--cpu", help="QEMU's -cpu")
    common.add_argument("--icount", action="store_true", help="deterministic")
    common.add_argument("--multi", action="store_true", help="a host thread for each CPU (doc/adr/0005)")
    common.add_argument("--report", type=Path, help="the emulator's cost report")
    common.add_argument("--xen-args", default="")
    common.add_argument("--kernel-args", default="")
    common.add_argument("--overlay", action="append", default=[], help='e.g. "real"')
    common.add_argument("--seconds", type=int, default=600)
    common.add_argument("--verbose", action="store_true", help="all kernel and Xen messages")
    common.add_argument("--file", action="append", default=[], metavar="INSIDE=HERE")
    common.add_argument("--products", action="store_true", help="lay in what make built")
    common.add_argument("--guests", type=int, default=1)
    common.add_argument("--vcpus", type=int, default=2)
    common.add_argument("--type", default="pv", choices=GUEST_TYPES)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in ("native", "xen"):
        verb = verbs.add_parser(name, parents=[common])
        verb.add_argument("--run", metavar="COMMAND", help="a line for the shell")
        verb.add_argument("--job", type=Path, help="a directory with an executable `run`")
        verb.add_argument("--dom0-run", metavar="COMMAND",
                          help="dom0's job, instead of starting and awaiting the guests")
    verb = verbs.add_parser("shell", parents=[common])
    verb.add_argument("where", nargs="?", default="guest", choices=("native", "dom0", "guest"))
    return parser.parse_args(argv)


def machine_of(args):
    machine = Machine(cpus=args.cpus, memory_mb=args.memory, icount=args.icount,
                      threads="multi" if args.multi else "single", report=args.report,
                      xen_args=args.xen_args, kernel_args=args.kernel_args,
                      overlays=tuple(args.overlay), seconds=args.seconds, verbose=args.verbose)
    if args.cpu:
        machine.cpu = args.cpu
    elif args.type != "pv":
        machine.cpu = AMD_CPU
    return machine


def files_of(args):
    files = products() if args.products else {}
    for pair in args.file:
        inside, separator, here = pair.partition("=")
        if not separator or not Path(here).exists():
            raise TestbedError(f"--file {pair}: wants INSIDE=HERE, HERE being a file or directory")
        files[inside] = Path(here)
    return files


def job_of(args):
    job = Job.from_dir(args.job) if args.job else Job("step run sh /job/command\n")
    if args.run:
        job.add("/job/command", args.run + "\n")
    elif not args.job:
        raise TestbedError("give --run COMMAND or --job DIRECTORY")
    job.files.update(files_of(args))
    return job


def show(result, prefix):
    """A machine's output, each line with its name where there are several."""
    for step in result.steps.values():
        for stream, out in ((step.stdout, sys.stdout), (step.stderr, sys.stderr)):
            for line in stream.decode(errors="replace").splitlines():
                print(f"{prefix}{line}", file=out)
        if not step.ok:
            why = "timed out" if step.timed_out else f"status {step.status}"
            print(f"{prefix}step {step.name}: {why} ({step.command})", file=sys.stderr)
    for line in result.files.get("job.err", b"").decode(errors="replace").splitlines():
        print(f"{prefix}{line}", file=sys.stderr)
    for damage in result.damaged:
        print(f"{prefix}damaged output: {damage.decode(errors='replace')}", file=sys.stderr)


def outcome_of(result):
    if result.status is None or result.damaged:
        return Outcome.ERROR
    return Outcome.PASS if result.ok else Outcome.FAIL


def run(args):
    machine = machine_of(args)
    if args.verb == "shell":
        shell.run(args.where, machine, files_of(args), args.guests, args.vcpus, args.type)
        return Outcome.PASS
    job = job_of(args)
    if args.verb == "native":
        result = boot_native(job, machine)
        show(result, "")
        return outcome_of(result)
    guests = [Guest(f"g{n + 1}", job, vcpus=args.vcpus, memory_mb=args.memory, type=args.type)
              for n in range(args.guests)]
    dom0_job = Job("step run sh /job/command\n", {"/job/command": args.dom0_run + "\n"}) \
        if args.dom0_run else None
    results = boot_xen(guests, machine, dom0_job,
                       dom0_files=products() if args.products else None)
    if not results["dom0"].ok or dom0_job:
        show(results["dom0"], "dom0: ")
    for guest in guests:
        show(results[guest.name], f"{guest.name}: ")
        if results[guest.name].status is None and not dom0_job:
            text = results[guest.name].console.decode(errors="replace")
            print(f"{guest.name}: did not finish its job; its console ends with\n"
                  + "\n".join("    | " + line for line in text.splitlines()[-25:]),
                  file=sys.stderr)
    return max(outcome_of(result) for result in results.values()
               if not (dom0_job and result.up is None))


def main(argv=None):
    try:
        return int(run(parse(argv)))
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return int(Outcome.ERROR)
