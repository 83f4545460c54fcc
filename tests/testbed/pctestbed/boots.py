# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots guests in a row within one boot of Xen, and counts those that work.

Each is created, computes a checksum on every VCPU at once, and powers off.
"""
import argparse
import hashlib
import statistics
import sys

from .job import Job
from .machine import AMD_CPU, GUEST_TYPES, Guest, Machine, boot_xen
from .outcome import Outcome, TestbedError

DATA = bytes(i * 167 % 251 for i in range(1 << 18))
GUEST = "g"
# A PVH guest boots in 14 s where a core is left for it, an HVM guest takes ten times as
# long, and both several times longer where none is. This only ends what hangs.
SECONDS = 600

# Every line of the answer names the VCPU on which it was computed.
JOB = """step -t 60 sums sh -c 'i=0; while [ $i -lt "$(nproc)" ]; do
    taskset -c $i sh -c "echo $i \\$(sha256sum </job/data)" & i=$((i + 1))
done; wait'
"""

DOM0_JOB = """i=1
while [ $i -le {count} ]; do
    begin=$(cut -d. -f1 /proc/uptime)
    guest-start {guest} >/run/start.log 2>&1 || tb say "$i cannot be started: $(tail -n 3 /run/start.log)"
    guest-wait {guest} {seconds} 2>/dev/null
    tb say "$i $? $(($(cut -d. -f1 /proc/uptime) - begin))"
    xl destroy {guest} 2>/dev/null
    i=$((i + 1))
done
exit 0
"""


def expected(vcpus):
    digest = hashlib.sha256(DATA).hexdigest()
    return sorted(f"{cpu} {digest} -" for cpu in range(vcpus))


class Tally:
    """Follows one guest after the other by its frames."""

    def __init__(self, vcpus, show=lambda line: None):
        self.vcpus = vcpus
        self.show = show
        self.worked = []        # seconds of each
        self.failures = []
        self._forget()

    def _forget(self):
        self._cpus, self._sums, self._status, self._console = None, b"", None, b""

    def event(self, who, kind, name, data):
        if who == GUEST:
            self._guest(kind, data)
        elif kind == "con" and name == GUEST:
            self._console += data
        elif who == "dom0" and kind == "say":
            self._end(data.decode(errors="replace"))

    def _guest(self, kind, data):
        if kind == "up":
            self._cpus = data.decode().rpartition("cpus=")[2]
        elif kind == "out":
            self._sums += data
        elif kind == "done":
            self._status = data

    def _end(self, said):
        number, _, rest = said.partition(" ")
        if rest.startswith("cannot"):
            self._console += rest.encode()
            return
        status, seconds = rest.split()
        why = self._fault(int(status))
        if why:
            self.failures.append(f"boot {number}: {why}")
            self.show(f"boot {number} failed: {why}; the guest's last words:\n"
                      + self._console.decode(errors="replace")[-2000:])
        else:
            self.worked.append(int(seconds))
        self._forget()

    def _fault(self, status):
        if status == 124:
            return f"not finished within {SECONDS} s"
        if status or self._status is None:
            return "the guest died" if self._cpus else "the guest died before its job"
        if self._cpus != str(self.vcpus):
            return f"{self._cpus} VCPUs instead of {self.vcpus}"
        sums = sorted(" ".join(line.split()) for line in self._sums.decode().splitlines())
        if sums != expected(self.vcpus):
            return f"checksums {sums}, expected {expected(self.vcpus)}"
        return "status " + self._status.decode() if self._status != b"0" else None

    def summary(self, kind, count):
        line = f"{len(self.worked)} of {count} {kind} guests with {self.vcpus} VCPUs booted and worked"
        if self.worked:
            line += (f"; seconds each: median {statistics.median(self.worked):g}, "
                     f"{min(self.worked)} to {max(self.worked)}")
        return line


def run(kind, count, vcpus=2, machine=None, show=print):
    machine = machine or Machine(cpu=AMD_CPU)
    machine.seconds = machine.boot_seconds + count * (SECONDS + 30)
    guest = Guest(GUEST, Job(JOB, {"/job/data": DATA}), vcpus=vcpus, memory_mb=256, type=kind,
                  start=False)
    tally = Tally(vcpus, show)
    boot_xen([guest], machine,
             Job(DOM0_JOB.format(count=count, guest=GUEST, seconds=SECONDS)), tally.event)
    return tally


def main():
    parser = argparse.ArgumentParser(prog="boots", description=__doc__)
    parser.add_argument("--type", default="pvh", choices=GUEST_TYPES)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--vcpus", type=int, default=2)
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--cpu", default=AMD_CPU, help="QEMU's -cpu")
    parser.add_argument("--icount", action="store_true")
    args = parser.parse_args()
    machine = Machine(cpu=args.cpu, cpus=args.cpus, icount=args.icount)
    try:
        tally = run(args.type, args.count, args.vcpus, machine, lambda line: print(line, flush=True))
    except TestbedError as error:
        print(f"boots: {error}", file=sys.stderr)
        return Outcome.ERROR
    print(tally.summary(args.type, args.count))
    failed = args.count - len(tally.worked)
    print(f"{len(tally.worked)} passed, {failed} failed, 0 skipped")
    return Outcome.FAIL if failed else Outcome.PASS
