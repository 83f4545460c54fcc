# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plots from the rows: each program's value relative to the native one, and the profile."""
import gnuplot


def _relative(event, found, order, path):
    rows = [row for row in found if row["event"] == event and row["relative"] is not None
            and not row["mode"].startswith("native")]
    names = [name for name in order if any(row["program"] == name for row in rows)]
    series = sorted({(row["mode"], row["placement"]) for row in rows})
    if not rows:
        return []
    value = {(row["program"], row["mode"], row["placement"]): 1 + row["relative"] for row in rows}
    blocks, plots = "", []
    for index, (mode, placement) in enumerate(series):
        lines = []
        for x, name in enumerate(names):
            if (name, mode, placement) in value:
                at = x + (index - (len(series) - 1) / 2) * 0.12
                lines.append(f"{at} {value[name, mode, placement]:.9f}")
        blocks += gnuplot.block(f"s{index}", lines)
        shape = 2 * index + (5 if placement == "own" else 4)
        plots.append(f"$s{index} using 1:2 with points pt {shape} ps 0.8 "
                     f"title {gnuplot.quoted(mode + ', ' + placement.replace('_', ' '))}")
    far = max(abs(number - 1) for number in value.values())
    span = max(far * 1.2, 1e-5)
    # Around 1, or on a logarithmic scale if some are many times the native count.
    scale = "set logscale y" if far > 0.5 else f"set yrange [{1 - span}:{1 + span}]"
    tics = ", ".join(f"{gnuplot.quoted(name)} {x}" for x, name in enumerate(names))
    commands = (blocks + f"set title {gnuplot.quoted(event + ', relative to the native count')}\n"
                f"set xtics ({tics}) rotate by -40\nset grid y\nset key outside below noenhanced\n"
                f"set xrange [-0.6:{len(names) - 0.4}]\n{scale}\n"
                "set format y '%.6g'\n"
                "plot 1 with lines lc '#888888' notitle, " + ", ".join(plots))
    return gnuplot.draw(path, commands)


def _profile(event, profiled, path):
    rows = [row for row in profiled if row["event"] == event]
    modes = sorted({row["mode"] for row in rows})
    names = []
    for row in rows:
        if row["function"] not in names:
            names.append(row["function"])
    if not rows:
        return []
    value = {(row["mode"], row["function"]): row for row in rows}
    vendors = {mode.partition("-")[2]: mode for mode in modes}      # one mode of each
    header = ["function", *(f"native {vendor}" for vendor in vendors), *modes]
    lines = ["\t".join(header)]
    for name in names:
        cells = [value.get((mode, name), {}).get("native", 0) for mode in vendors.values()]
        cells += [value.get((mode, name), {}).get("measured", 0) for mode in modes]
        lines.append("\t".join([name, *map(str, cells)]))
    title = gnuplot.quoted(f"mcf: share of the samples of {event} per function")
    commands = (gnuplot.block("p", lines) + f"set title {title}\nset datafile separator '\\t'\n"
                "set style data histograms\nset style fill solid 0.8\nset grid y\n"
                "set ylabel 'per cent'\nset xtics rotate by -25 noenhanced\n"
                "set key outside below noenhanced\n"
                f"plot for [i=2:{len(header)}] $p using i:xtic(1) title columnheader(i)")
    return gnuplot.draw(path, commands)


def draw(found, profiled, programs, directory):
    """All of them; returns the files."""
    order = [program.name for program in programs]
    made = []
    for event in dict.fromkeys(row["event"] for row in found):
        made += _relative(event, found, order, directory / event.partition(":")[0])
    for event in dict.fromkeys(row["event"] for row in profiled):
        made += _profile(event, profiled, directory / f"profile-{event.partition(':')[0]}")
    return made
