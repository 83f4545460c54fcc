# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws with gnuplot, each plot as SVG and as PNG."""
import subprocess

TERMINALS = (("svg", "svg size {w},{h} dynamic background '#ffffff' font 'sans,12'"),
             ("png", "pngcairo size {w},{h} font 'sans,10'"))


def quoted(text):
    """As a string of gnuplot's that is taken literally."""
    return "'" + str(text).replace("'", "''") + "'"


def block(name, lines):
    """A data block."""
    return f"${name} << EOD\n" + "".join(f"{line}\n" for line in lines) + "EOD\n"


def draw(path, commands, width=1000, height=480):
    """commands end with `plot`; returns the files: path with .svg and .png."""
    made = []
    for suffix, terminal in TERMINALS:
        target = path.with_name(f"{path.name}.{suffix}")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (f"set terminal {terminal.format(w=width, h=height)}\nset encoding utf8\n"
                f"set output {quoted(target)}\n{commands}\n")
        done = subprocess.run(["gnuplot"], input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"gnuplot failed for {target}: {done.stderr[-500:]}")
        made.append(target)
    return made
