# SPDX-License-Identifier: LGPL-2.1-or-later
"""`perfctr record` in a guest: counts of samples, and what other readers make of them.

What `perfctr report` says of a recording in the guest and what Linux's perf says of
the same file on this machine must agree; the profile of `ftest` is known.
"""
import collections
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import programs

PERIOD = 10007
EVENT = f"instructions:u@{PERIOD}"
ROUNDS = 20_000
GROUP = 77
# ftest's instructions by function, in percent; see ftest.c.
SHARES = {"main": 100 * 20 / 164, "foo": 100 * 40 / 164, "bar": 100 * 40 / 164,
          "qux": 100 * 64 / 164}
POINTS = 1.5            # what 329 samples may be off

# The calls in nest.c.
NEST = ("main", "outer", "middle", "inner")

# (name, who it runs as, options of `perfctr record`, program)
RECORDINGS = (
    ("root", "", "", f"ftest {ROUNDS}"),
    ("million", "", "", "/usr/lib/programs/million"),
    ("user", f"asnobody -g {GROUP} ", "", f"ftest {ROUNDS}"),
    ("chains", "", "-g", "nest"),
)

SCRIPT = f"""
mkdir -p -m 777 /run/rec
chgrp {GROUP} /dev/perfctr
chmod 660 /dev/perfctr
echo 3 >/proc/sys/kernel/perf_event_paranoid
""" + "".join(f"""
step record-{name} {who}perfctr record -e {EVENT} {options} -o /run/rec/{name} -- {what}
step report-{name} {who}perfctr report -i /run/rec/{name} --json
tb file {name}.data /run/rec/{name}
""" for name, who, options, what in RECORDINGS) + f"""
step no-group asnobody perfctr record -e {EVENT} -o /run/rec/no -- /bin/true
step report-folded perfctr report -i /run/rec/chains --folded
step stat-user asnobody -g {GROUP} perfctr stat -e instructions:u -- /bin/true
"""


def check(bench, one, files):
    for name, _, _, _ in RECORDINGS:
        bench.step(one, f"record-{name}")
    expected = programs.load()["million"].expected()["instructions"] // PERIOD
    reports = {}
    for name, _, _, _ in RECORDINGS:
        step = bench.step(one, f"report-{name}")
        if step and step.ok:
            reports[name] = _report(bench, name, step)
    if "million" in reports:
        count = reports["million"][0]
        bench.check(f"record-million: {expected} samples", count == expected, f"{count} samples")
    for name in ("root", "user"):
        if name in reports:
            _check_shares(bench, name, *reports[name])
    if "chains" in reports:
        _check_folded(bench, one, reports["chains"][0])
    bench.step(one, "stat-user")
    step = one.steps.get("no-group")
    text = step.stderr.decode() if step else "did not run"
    bench.check("one: recording without permission is refused",
                step and step.status not in (0, None), text)
    bench.check("one: it says why", "/dev/perfctr" in text, text)
    if not shutil.which("perf"):
        bench.skip("perf reads the recordings",
                   "no perf here: tests/testbed/install-packages installs linux-perf")
        return
    with tempfile.TemporaryDirectory(prefix="recordings-") as place:
        _read_with_perf(bench, one, reports, Path(place), files)


def _report(bench, name, step):
    """(samples, {symbol: samples}) of a report in JSON."""
    report = json.loads(step.text)
    bench.check(f"report-{name}: nothing is damaged or lost",
                not report["damage"] and not report["lost"], step.text)
    event = report["events"][0]
    symbols = collections.Counter()
    for row in event["rows"]:
        symbols[row["symbol"]] += row["samples"]
    bench.check(f"report-{name}: its rows are all samples",
                sum(symbols.values()) == event["samples"], step.text)
    return event["samples"], symbols


def _check_shares(bench, name, count, symbols):
    for function, share in SHARES.items():
        got = 100 * symbols[function] / count
        bench.check(f"record-{name}: {function} has {share:.1f} % of the instructions",
                    abs(got - share) < POINTS, f"{got:.2f} %, {symbols[function]} of {count}")


def _perf(place, command, name, *options):
    done = subprocess.run(
        ["perf", "--no-pager", command, "-i", place / f"{name}.data", "--symfs", place / "root",
         *options], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(place), "LC_ALL": "C"})
    return done.returncode, done.stdout, done.stderr


def _read_with_perf(bench, one, reports, place, files):
    for name in ("usr/bin/ftest", "usr/bin/nest"):
        (place / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(files["/" + name], place / "root" / name)
    for name, (count, symbols) in reports.items():
        (place / f"{name}.data").write_bytes(one.files.get(f"{name}.data", b""))
        if name == "chains":
            _check_chains(bench, place, count)
            continue
        status, out, err = _perf(place, "script", name, "-F", "ip,sym")
        found = collections.Counter(line.split()[1] for line in out.splitlines())
        bench.check(f"perf script reads {name}: {count} samples",
                    status == 0 and sum(found.values()) == count,
                    f"status {status}, {sum(found.values())} samples, {err}")
        if name == "million":
            continue
        status, out, err = _perf(place, "report", name, "--stdio", "-n", "-g", "none",
                                 "-F", "sample,sym", "-t", ";")
        table = {row[1].split()[-1]: int(row[0]) for row in
                 (line.split(";") for line in out.splitlines() if line and line[0] != "#")}
        for function in SHARES:
            numbers = symbols[function], found[function], table.get(function)
            bench.check(f"{name}: perfctr report, perf script and perf report agree on {function}",
                        len(set(numbers)) == 1, f"{numbers} {err}")
        status, out, err = _perf(place, "annotate", name, "--stdio", "-s", "foo")
        bench.check(f"perf annotate opens {name}", status == 0 and "jne" in out,
                    f"status {status}, {err} {out[-200:]}")


def _check_folded(bench, one, count):
    """Nearly all samples are in the loop of nest's innermost function."""
    step = bench.step(one, "report-folded")
    nested = sum(int(line.rsplit(" ", 1)[1]) for line in step.text.splitlines()
                 if line.rsplit(" ", 1)[0].split(";")[-len(NEST):] == list(NEST)) if step else 0
    bench.check("report-folded: main calls outer, that middle, that inner",
                count - 2 <= nested // PERIOD <= count, f"{nested} in such chains, "
                f"{count} samples: {step.text[:300] if step else ''}")


def _check_chains(bench, place, count):
    status, out, err = _perf(place, "script", "chains", "-F", "ip,sym")
    chains = [[line.split()[-1] for line in chain.splitlines()]
              for chain in re.split(r"\n\n+", out.strip())]
    bench.check(f"perf script reads chains: {count} samples", status == 0 and len(chains) == count,
                f"status {status}, {len(chains)} samples, {err}")
    whole = sum(chain[:len(NEST)] == list(reversed(NEST)) for chain in chains)
    bench.check("perf script: main calls outer, that middle, that inner", whole >= count - 2,
                f"{whole} of {count}; {chains[len(chains) // 2]}")
