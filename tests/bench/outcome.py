# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table, the plots and the targets, from the rows of bench.json and nothing else."""
import gnuplot
from sides import say

COLUMNS = ("instructions", "traps", "hypercalls", "msr_accesses")


def _number(value):
    return "-" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")


def show(rows):
    """All of them."""
    print(f"\n{'operation':22} {'who':12} {'mode':13} {'parameter':24} {'instructions':>13} "
          f"{'traps':>9} {'hypercalls':>10} {'MSRs':>8}  note")
    for row in sorted(rows, key=lambda row: (row["operation"], row["parameter"], row["mode"])):
        cells = [_number(row[column]) for column in COLUMNS]
        if row.get("relative") is not None:
            cells[0] = f"{row['relative']:.1%}"
        print(f"{row['operation']:22} {row['who']:12} {row['mode']:13} {row['parameter']:24} "
              f"{cells[0]:>13} {cells[1]:>9} {cells[2]:>10} {cells[3]:>8}  {row['note']}")


class _Rows:
    def __init__(self, rows):
        self.rows = rows

    def get(self, operation, who, parameter="", column="instructions"):
        """The number of the first row that fits, of a guest where there is one; or None."""
        for row in sorted(self.rows, key=lambda row: row["mode"].startswith("native")):
            if (row["operation"], row["who"], row["parameter"]) == (operation, who, parameter):
                return row.get(column)
        return None


def targets(rows):
    """Prints what has to hold; returns what does not."""
    get = _Rows(rows).get
    missed = []
    print("\ntargets")

    def check(text, value, holds):
        if value is None or value != value:
            print(f"  not measured: {text}")
            return
        good = holds(value)
        print(f"  {'met   ' if good else 'MISSED'}: {text}: {_number(value)}")
        if not good:
            missed.append(text)

    def ratio(above, below):
        return None if not above or not below else above / below

    one = get("read", "ours", "1 counters")
    check("instructions of a read, at most 9", one, lambda x: x <= 9)
    check("instructions of a read of 4, at most 27", get("read", "ours", "4 counters"),
          lambda x: x <= 27)
    check("Linux's mapped read takes at least 4 times as many",
          ratio(get("read_mapped", "native_perf", "1 counters"), one), lambda x: x >= 4)
    check("read() in a PV guest takes at least 100 times as many",
          ratio(get("read", "vpmu_perf", "1 counters"), one), lambda x: x >= 100)
    check("hypercalls of an equal switch, 0",
          get("thread_switch_same", "ours", "4 counters", "hypercalls"), lambda x: abs(x) < 0.01)
    check("instructions of the module in an equal switch with 4 counters, at most 150",
          get("thread_switch_module", "ours", "4 counters"), lambda x: x <= 150)
    check("a sample of Linux perf on Xen's vPMU takes at least 5 times as many",
          ratio(get("sample", "vpmu_perf"), get("sample", "ours")), lambda x: x >= 5)
    check("MSR accesses of a VCPU switch where nobody counts, 0",
          get("vcpu_switch", "none", "nobody counts", "msr_accesses"), lambda x: x == 0)
    for operation in ("thread_switch", "system_call"):
        # Xen's part: the guest's kernel is the same, and does other things now and then.
        off = get(operation, "none", "Xen without perfctr=", "ring0")
        on = get(operation, "none", "Xen with perfctr=", "ring0")
        check(f"{operation} of a guest that uses nothing: in Xen, with perfctr= against without, "
              "within 1 %", ratio(on, off), lambda x: abs(x - 1) < 0.01)
    few, many = (get("ring", "ours", f"{n} threads") for n in (10, 1000))
    check("a hand-over among 1000 counted threads against one among 10, at most 1.2",
          ratio(many, few), lambda x: x <= 1.2)
    # One instruction for each domain would be 14 of some 577, 2.4 %, one for each VCPU 62.
    for what, most in (("domains", 16), ("VCPUs", 64)):
        few, many = (None if not ours or not none else ours - none
                     for ours, none in ((get("vcpu_switch", "ours", f"{n} {what}"),
                                         get("vcpu_switch", "none", f"{n} {what}"))
                                        for n in (2, most)))
        check(f"counters in a VCPU switch among {most} {what} against among 2, within 2 %",
              ratio(many, few), lambda x: abs(x - 1) < 0.02)
    for name, least in (("idle", 0.95), ("instructions, cycles, branches", 0.80)):
        check(f"speed of the emulator, {name}, at least {least:.0%} of the unpatched one",
              get("emulator_speed", "patched", name, "relative"), lambda x, least=least: x >= least)
    say(f"{len(missed)} targets missed")
    return missed


def _lines(rows, operations, title, path, axis):
    """Instructions over a number in the parameter, one line for each who."""
    series = {}
    for row in rows:
        if row["operation"] in operations and row["instructions"] is not None \
                and row["parameter"][:1].isdigit() and "checked" not in row["parameter"]:
            label = f"{row['who']} {row['operation'].replace('_', ' ')}, {row['mode']}"
            series.setdefault(label, []).append((int(row["parameter"].split()[0]),
                                                 row["instructions"]))
    if not series:
        return []
    blocks = "".join(gnuplot.block(f"s{i}", (f"{x} {y}" for x, y in sorted(points)))
                     for i, points in enumerate(series.values()))
    plots = ", ".join(f"$s{i} with linespoints title {gnuplot.quoted(label)}"
                      for i, label in enumerate(series))
    return gnuplot.draw(path, blocks + f"set title {gnuplot.quoted(title)}\nset logscale xy\n"
                        f"set xlabel {gnuplot.quoted(axis)}\nset ylabel 'instructions'\n"
                        f"set grid y\nset key outside below noenhanced\nplot {plots}", 900, 520)


def draw(rows, directory):
    """Plots of what scales; the files."""
    return (_lines(rows, ("read", "read_mapped"), "Instructions of a read", directory / "reads",
                   "counters")
            + _lines(rows, ("thread_switch_same",), "Instructions of a switch between threads",
                     directory / "switches", "counters")
            + _lines(rows, ("ring",), "Instructions of a hand-over in a ring of counted threads",
                     directory / "threads", "threads")
            + _lines([row for row in rows if row["parameter"].endswith("domains")],
                     ("vcpu_switch",), "Instructions of a VCPU switch", directory / "domains",
                     "domains")
            + _lines([row for row in rows if row["parameter"].endswith("VCPUs")],
                     ("vcpu_switch",), "Instructions of a VCPU switch", directory / "vcpus",
                     "VCPUs"))
