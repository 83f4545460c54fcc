# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of accuracy.json from what came back, and what they have to satisfy.

The same user instructions give the same counts of instructions and branches, so a
difference has a cause, which has to be found. Two kinds are known, and pinned away:
libc chooses string functions by CPU features and cache sizes (GLIBC_TUNABLES in the
demo's job.sh), and Xen hides AVX from guests to save them from gather sampling
(spec-ctrl=gds-mit=0).
"""
from machines import PASSES

# Relative difference from native that an event may have; others are reported only.
BOUNDS = {"instructions:u": 1e-5, "branches:u": 1e-5, "cycles:u": 0.01, "loads:u": 0.01,
          "stores:u": 0.01}
EXACT = ("instructions:u", "branches:u")
OTHERS = "the guest's kernel, Xen and other guests use the same caches, and memory lies elsewhere"
FIRST = ("; while a PV guest's kernel runs nothing counts and the model rests, so that pages which "
         "it has cleared are not in the model's caches when the program first touches them")
PREDICTOR = "its tables are shared with kernel, Xen and other guests, and indexed by physical address"


def cause(event, mode, difference):
    """Why a count is not the native one; "" if it is."""
    if not difference:
        return ""
    if event.startswith("cache-"):
        return OTHERS + (FIRST if mode.startswith("pv-") else "")
    if event == "branch-misses:u":
        return PREDICTOR
    if event == "cycles:u" and not mode.startswith("pv-") and -100 < difference < 0:
        # libc's start executes 36 of them on the AMD model, libx264 another 10.
        return "Xen emulates CPUID: it adds the instruction, but no cycle"
    return "not found"


class Wrong(Exception):
    """A program whose counts are not to be believed."""


def _checked(result, hashes, small):
    name = result.id.partition(".")[2]
    if result.status != 0:
        raise Wrong(f"{name}: status {result.status}: {' '.join(result.messages)[:300]}")
    if result.hash != hashes[name, small]:
        raise Wrong(f"{name} printed something else than on this machine")
    return name


def rows(phases, mode, native, hashes, complaints):
    """Rows of one machine; native: {(program, event): count}, filled by bare Linux."""
    bare = mode.startswith("native")
    for (kind, placement), results in phases.items():
        for result in results:
            try:
                name = _checked(result, hashes, kind == "small")
            except Wrong as error:
                complaints.append(f"{mode} {placement}: {error}")
                continue
            for event in PASSES[kind]:
                measured = result.counts.get(event)
                if measured is None:
                    complaints.append(f"{mode} {placement} {name}: no count of {event}")
                    continue
                if bare:
                    native[name, event] = measured
                base = native.get((name, event))
                relative = (measured - base) / base if base else None
                yield {"program": name, "event": event, "mode": mode, "placement": placement,
                       "native": base, "measured": measured, "relative": relative,
                       "cause": cause(event, mode, measured - base) if base else ""}


def judge(found, complaints):
    """Adds to the complaints what a bound forbids, and what has no cause."""
    for row in found:
        if row["cause"] == "not found" and row["event"] in EXACT:
            complaints.append(f"{row['mode']} {row['placement']} {row['program']} {row['event']}: "
                              f"{row['measured'] - row['native']:+,}, and no cause is known")
        bound = BOUNDS.get(row["event"])
        if bound is not None and row["relative"] is not None and abs(row["relative"]) > bound:
            complaints.append(
                f"{row['mode']} {row['placement']} {row['program']} {row['event']}: "
                f"{row['measured']:,}, natively {row['native']:,} ({row['relative']:+.5%}, "
                f"allowed {bound:.3%})")


def show(found, programs):
    """The table: one line per program, for each mode and placement the largest difference."""
    places = sorted({(row["mode"], row["placement"]) for row in found
                     if not row["mode"].startswith("native")})
    like = {program.name: program.like for program in programs}
    cell = {(row["program"], row["event"], row["mode"], row["placement"]): row for row in found}
    for kind, events in PASSES.items():
        for event in events:
            lines = []
            for name in like:
                native = {mode: row["native"] for (program, what, mode, _), row in cell.items()
                          if (program, what) == (name, event)}
                if not native:
                    continue
                shown = []
                for mode, placement in places:
                    row = cell.get((name, event, mode, placement))
                    shown.append("-" if not row or row["relative"] is None else
                                 "0" if row["measured"] == row["native"] else
                                 f"{row['relative']:+.5%}")
                bare = [f"{value:,}" for mode, value in sorted(native.items())
                        if mode.startswith("native") and value is not None]
                lines.append(f"  {name:11} {like[name]:15} {' / '.join(bare):>28} "
                             + " ".join(f"{text:>20}" for text in shown))
            if lines:
                print(f"\n{event}, {kind} inputs: difference from native")
                print(f"  {'program':11} {'like':15} {'native (amd / intel)':>28} " + " ".join(
                    f"{mode + ' ' + placement:>20}" for mode, placement in places))
                print("\n".join(lines))
