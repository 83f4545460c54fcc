# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the samples of mcf fall, natively and in a guest."""
import json
import re
import subprocess

from machines import PROFILES

POINTS = 1.0            # a share of instructions may differ by so many per cent points
SHOWN = 7               # functions; the others are added up


def _short(names):
    """{name as in the program: the function's bare name}."""
    done = subprocess.run(["c++filt"], input="\n".join(names), stdout=subprocess.PIPE, text=True,
                          check=True)
    found = {}
    for name, full in zip(names, done.stdout.splitlines()):
        if "{lambda" in full:
            found[name] = "lambda in " + full.partition("(")[0].partition(":")[0]
            continue
        full = full.replace("(anonymous namespace)::", "")
        while "<" in full and ">" in full:      # template arguments, from inside out
            shorter = re.sub(r"<[^<>]*>", "", full)
            if shorter == full:
                break
            full = shorter
        found[name] = full.partition("(")[0].split("::")[-1].split(" ")[-1] or name
    return found


def shares(data):
    """{function: per cent} of what perfctr report --json printed."""
    records = json.loads(data)["events"][0]["rows"]
    short = _short([row["symbol"] for row in records])
    found = {}
    for row in records:
        name = short[row["symbol"]]
        found[name] = found.get(name, 0.0) + row["percent"]
    return found


def rows(native, guest, mode, complaints):
    """Rows of one guest; native and guest are {name: file} of the machines."""
    for event, period in PROFILES:
        name = f"profile-{event.partition(':')[0]}"
        try:
            before, here = shares(native.get(name, b"")), shares(guest.get(name, b""))
        except (ValueError, LookupError) as error:
            complaints.append(f"{mode}: no profile of {event}: {error}: "
                              f"{guest.get(name, b'')[:200].decode(errors='replace')}")
            continue
        shown = sorted(before, key=before.get, reverse=True)[:SHOWN]
        for function in shown:
            row = {"program": "mcf", "event": event, "period": period, "mode": mode,
                   "function": function, "native": round(before[function], 3),
                   "measured": round(here.get(function, 0.0), 3)}
            yield row
            if event == "instructions:u" and abs(row["native"] - row["measured"]) > POINTS:
                complaints.append(f"{mode}: {function} has {row['measured']} % of mcf's "
                                  f"instructions, natively {row['native']} %")


def show(found):
    """The table."""
    if found:
        print("\nProfile of mcf: per cent of the samples, native and guest")
    for row in found:
        print(f"  {row['event']:17} {row['mode']:9} {row['function']:28} {row['native']:8.2f} "
              f"{row['measured']:8.2f}")
