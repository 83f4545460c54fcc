# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sampling: overflows of programs with known counts, and a known profile.

A program that executes an event n times in one thread overflows n // period
times. Samples and missed overflows together must be exactly that, each sample's
count must agree with its number, and the addresses of `million` are known.
"""
import json

import programs
from measure import Measure

# Programs of one thread each: what they overflow follows from their counts.
NAMES = ("calls", "cond", "indirect", "lock", "million", "nested", "pagefault", "signals",
         "sse", "string", "syscalls", "traps", "x87")
MAIN = "instructions:u@10007,branches:u@997"
OTHER = "branches-conditional:u@499,instructions:u@5003"
EXPECTED = {"instructions:u": "instructions", "branches:u": "branches",
            "branches-conditional:u": "cond"}
STORM_US = 2000
LIST = 200
ALL = programs.load()
PLACEMENT = {"sown": "own", "svcpu": "shared_vcpu", "scpu": "shared_cpu", "sstorm": "migrating"}
FUNCTIONS = ("main", "foo", "bar", "qux")
ROUNDS = 100_000
POINTS = 1.0            # a guest's share may differ from the native one by so much
# In percent; see ftest.c.
SHARES = {"instructions:u": {"main": 100 * 20 / 164, "foo": 100 * 40 / 164,
                             "bar": 100 * 40 / 164, "qux": 100 * 64 / 164}}
PROFILES = (("instructions:u", 10007), ("branch-misses:u", 499), ("cycles:u", 20011))


def _measure(identity, events, place, name):
    argv = ["--list", str(LIST), events, *ALL[name].argv(f"/usr/lib/programs/{name}")]
    return Measure(identity, (events,), place, argv, "measure_samples")


def own():
    return [[_measure(f"sown.{name}", MAIN, "pin 0", name)] for name in NAMES]


def shared_vcpu(_vendor):
    return [[_measure(f"svcpu.{one}", MAIN, "pin 1", one),
             _measure(f"svcpu.{two}", OTHER, "pin 1", two)]
            for one, two in zip(NAMES[::2], NAMES[1::2])]


def shared_cpu(_vendor, second):
    names = list(NAMES)
    if second:
        names.reverse()
    return [[_measure(f"scpu.{name}", OTHER if second else MAIN, f"pin {index % 2}", name)]
            for index, name in enumerate(names)]


def migrating(_vendor, second):
    names = list(NAMES)
    if second:
        names.reverse()
    return [[_measure(f"sstorm.{name}", MAIN if (index + i + second) % 2 else OTHER,
                      f"storm {index + i + 1} {STORM_US}", name)
             for i, name in enumerate(names[index:index + 2])]
            for index in range(0, len(names), 2)]


def million_address(entry, done):
    """Of the next instruction when `done` have been executed.

    `mov`, then rounds of four: add (3 bytes), lea (4), dec (2), jnz (2); see
    million.s and its disassembly.
    """
    if done == 0:
        return entry
    return entry + 5 + (0, 3, 7, 9)[(done - 1) % 4]


# Instructions executed when an event has happened n times in `million`.
EXECUTED = {"instructions:u": lambda n: n, "branches:u": lambda n: 1 + 4 * n,
            "branches-conditional:u": lambda n: 1 + 4 * n}


def _wrong_addresses(sampled, entry):
    """Those samples of `million` that are not where the overflow left it, in words."""
    if any(event["missed"] or event["lost"] for event in sampled["events"]):
        return []       # the numbers of the samples are not known
    seen = [0] * len(sampled["events"])
    wrong = []
    for ip, count, counters, entered, _ in sampled["list"]:
        for index, event in enumerate(sampled["events"]):
            if not counters >> index & 1:
                continue
            seen[index] += 1
            done = EXECUTED[event["event"]](seen[index] * event["period"])
            if done < 1_000_000 - 3 and (ip != million_address(entry, done) or entered):
                wrong.append(f"{event['event']} sample {seen[index]} at {ip:#x}, not "
                             f"{million_address(entry, done):#x}, count {count}, "
                             f"counters {counters:#x}" + (", entered" if entered else ""))
    return wrong


def rows(results, mode, who, entry):
    """Rows of one machine; `entry` is the address of million's first instruction."""
    for result in results:
        kind, _, name = result.id.partition(".")
        if kind not in PLACEMENT:
            continue
        sampled = result.sampled
        base = {"kind": "sample", "program": name, "mode": mode, "placement": PLACEMENT[kind],
                "native": None}
        if result.status != 0 or not sampled or sampled["status"] not in (0, None):
            yield base | {"event": result.events[0], "expected": None, "measured": None,
                          "error": None, "note": f"{who}: status {result.status}: "
                          f"{' '.join(result.messages)[:200]}"}
            continue
        notes = [who]
        wrong = sampled["wrong"]
        if wrong:
            notes.append(f"{wrong} samples whose count does not agree with their number")
        if name == "million":
            strays = _wrong_addresses(sampled, entry)
            if strays:
                notes.append(f"{len(strays)} samples at wrong addresses: {'; '.join(strays[:3])}")
            wrong += len(strays)
        for event in sampled["events"]:
            known = ALL[name].expected()[EXPECTED[event["event"]]]
            want = known // event["period"]
            passed = event["samples"] + event["missed"] + event["lost"]
            note = notes + ([f"count {event['count']}, not {known}"]
                            if event["count"] != known else [])
            if event["missed"] or event["lost"]:
                note.append(f"{event['missed']} missed, {event['lost']} lost")
            yield base | {"event": f"{event['event']}@{event['period']}", "expected": want,
                          "measured": event["samples"],
                          "error": want - passed or wrong or event["count"] - known,
                          "note": "; ".join(note)}


def profile_script(native):
    """Records ftest, and reports it by function; natively also with Linux perf."""
    lines = []
    for event, period in PROFILES:
        name = f"profile-{event.partition(':')[0]}"
        lines.append(f"place pin 0 perfctr record -q -o /run/p.data -e {event}@{period} -- "
                     f"ftest {ROUNDS} >/run/{name} 2>&1 && perfctr report -i /run/p.data --json "
                     f">/run/{name}; tb file {name} /run/{name}; rm -f /run/p.data")
        if native:
            lines.append(f"place pin 0 perf record -q -o /run/p.data -e {event} -c {period} "
                         f"ftest {ROUNDS} >/run/{name} 2>&1 && perf script -i /run/p.data "
                         f"-F ip,sym >/run/{name}; tb file perf-{name} /run/{name}; "
                         "rm -f /run/p.data")
    return "\n".join(lines) + "\n"


def _shares(data):
    """{function: share in percent} of a report in JSON, or of perf script's symbols."""
    found = dict.fromkeys(FUNCTIONS, 0.0)
    if not data.lstrip().startswith(b"{"):
        symbols = data.decode(errors="replace").split()[1::2]
        if not symbols:
            raise ValueError("no samples")
        return {name: 100.0 * symbols.count(name) / len(symbols) for name in FUNCTIONS}
    for row in json.loads(data)["events"][0]["rows"]:
        if row["symbol"] in found:
            found[row["symbol"]] += row["percent"]
    return found


def profiles(native, guest, mode):
    """Rows of ftest's profile; native and guest are {name: file} of the machines."""
    for event, _ in PROFILES:
        name = f"profile-{event.partition(':')[0]}"
        got = {}
        notes = {}
        for who, data in (("perfctr natively", native.get(name)),
                          ("perf natively", native.get("perf-" + name)),
                          ("guest", guest.get(name))):
            try:
                got[who] = _shares(data or b"")
            except (ValueError, KeyError, LookupError) as error:
                notes[who] = f"{who}: {error}: {(data or b'')[:200].decode(errors='replace')}"
        for function in FUNCTIONS:
            before = got.get("perfctr natively", {}).get(function)
            here = got.get("guest", {}).get(function)
            perf = got.get("perf natively", {}).get(function)
            note = [function] + ([f"Linux perf natively {perf:.2f} %"] if perf is not None else [])
            far = before is None or here is None or abs(before - here) > POINTS
            yield {"kind": "profile", "program": "ftest", "event": event, "mode": mode,
                   "placement": "own", "expected": SHARES.get(event, {}).get(function),
                   "native": before, "measured": here,
                   "error": int(far),
                   "note": "; ".join(note + list(notes.values()))}
