# SPDX-License-Identifier: LGPL-2.1-or-later
"""The printed table, made from the rows of demo.json and from nothing else."""

SHOWN = 25


def _number(value):
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _known(rows):
    print("\nKnown programs: counted minus expected, over all placements")
    modes = sorted({(row["mode"], row["placement"]) for row in rows})
    events = ("instructions:u", "branches:u", "branches-conditional:u", "returns:u")
    print(f"  {'mode':14} {'placement':12} " + " ".join(f"{event:>23}" for event in events))
    for mode, placement in modes:
        cells = []
        for event in events:
            mine = [row for row in rows if row["mode"] == mode
                    and row["placement"] == placement and row["event"] == event]
            wrong = [row for row in mine if row["error"] != 0]
            cells.append("-" if not mine else
                         f"{len(mine) - len(wrong)} of {len(mine)} exact")
        print(f"  {mode:14} {placement:12} " + " ".join(f"{cell:>23}" for cell in cells))
    wrong = [row for row in rows if row["error"] != 0]
    for row in wrong[:SHOWN]:
        print(f"  WRONG {row['program']} {row['event']} {row['mode']} {row['placement']}: "
              f"expected {_number(row['expected'])}, measured {_number(row['measured'])} "
              f"({row['note']})")
    if len(wrong) > SHOWN:
        print(f"  ... and {len(wrong) - SHOWN} more, see demo.json")
    modes = sorted({row["mode"] for row in rows})
    print(f"\n  On a CPU of its own\n  {'program':12} {'event':16} {'expected':>14} "
          + " ".join(f"{mode:>14}" for mode in modes))
    own = {}
    for row in rows:
        if row["placement"] == "own":
            own.setdefault((row["program"], row["event"], row["expected"]), {})[row["mode"]] = row
    for (program, event, expected), cells in own.items():
        print(f"  {program:12} {event:16} {_number(expected):>14} " + " ".join(
            f"{_number(cells[mode]['measured'] if mode in cells else None):>14}"
            for mode in modes))


def _real(rows):
    print("\nReal programs: native and guest")
    print(f"  {'program':10} {'event':16} {'mode':10} {'native':>14} {'guest':>14} "
          f"{'difference':>12}  note")
    for row in rows:
        if row["mode"].startswith("native"):
            continue
        relative = "-"
        if row["native"] and row["measured"] is not None:
            relative = f"{(row['measured'] - row['native']) / row['native']:+.5%}"
        print(f"  {row['program']:10} {row['event']:16} {row['mode']:10} "
              f"{_number(row['native']):>14} {_number(row['measured']):>14} {relative:>12}  "
              f"{row['note']}")


def _sample(rows):
    print("\nSamples of known programs: overflows that a sample or a loss accounts for")
    places = sorted({(row["mode"], row["placement"]) for row in rows})
    for mode, placement in places:
        mine = [row for row in rows if (row["mode"], row["placement"]) == (mode, placement)]
        samples = sum(row["measured"] or 0 for row in mine)
        wrong = [row for row in mine if row["error"] != 0]
        print(f"  {mode:14} {placement:12} {len(mine):4} rows, {samples:7,} samples, "
              f"{len(wrong)} wrong")
        for row in wrong[:SHOWN]:
            print(f"    {row['program']:12} {row['event']:28} expected {_number(row['expected'])}, "
                  f"measured {_number(row['measured'])} ({row['note']})")


def _profile(rows):
    print("\nProfile of ftest, in percent")
    print(f"  {'event':16} {'mode':10} {'function':10} {'by hand':>9} {'native':>9} "
          f"{'guest':>9}  note")
    for row in rows:
        function, _, note = row["note"].partition("; ")
        print(f"  {row['event']:16} {row['mode']:10} {function:10} " + " ".join(
            f"{'-' if row[key] is None else format(row[key], '.2f'):>9}"
            for key in ("expected", "native", "measured")) + f"  {note}"
            + ("  DIFFERS" if row["error"] else ""))


def _cost(rows):
    print("\nCost, per operation")
    print(f"  {'operation':26} {'what':14} {'mode':12} {'native':>12} {'guest':>12}  note")
    paired = {(row["program"], row["mode"].partition("-")[2]) for row in rows
              if not row["mode"].startswith("native")}
    for row in rows:
        kind, _, vendor = row["mode"].partition("-")
        if row["measured"] is None or (kind == "native" and (row["program"], vendor) in paired):
            continue
        print(f"  {row['program']:26} {row['event']:14} {row['mode']:12} "
              f"{_number(row['native']):>12} "
              f"{_number(row['measured'] if kind != 'native' else None):>12}  {row['note']}")


def show(rows):
    """Prints all of it."""
    for kind, function in (("known", _known), ("sample", _sample),
                           ("profile", _profile), ("real", _real), ("cost", _cost)):
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            function(mine)
