# SPDX-License-Identifier: LGPL-2.1-or-later
"""The known programs and what they are expected to count.

Each program states its parameters and its counts in its head comment:

    # PARAM  N=1000        the parameters of the program that is counted
    # CHECK  N=10          those of the small build that is single-stepped
    # BITS   32            a 32-bit program
    # ARGS   A             the program's own path is passed A times more
    # EXPECT instructions=4+2*N cond=N far=1

The kinds are conditional branches (cond), near jumps (jmp), calls (call) and
returns (ret), direct or indirect, and far branches (far): SYSCALL, INT, INT3.
All five are branches, as in the table of branches in the PMU model's document.
"""

import pathlib
import re

DIRECTORY = pathlib.Path(__file__).resolve().parent
KINDS = ("cond", "jmp", "call", "ret", "far")


class Program:
    """One program: name, parameters, formulae."""

    def __init__(self, path):
        self.name = path.stem
        self.params = {}
        self.check_params = {}
        self.extra_args = "0"
        self.formulae = {}
        for line in path.read_text(encoding="ascii").splitlines():
            match = re.match(r"# (PARAM|CHECK|ARGS|EXPECT)\s+(.*)", line)
            if not match:
                continue
            key, text = match.groups()
            if key == "ARGS":
                self.extra_args = text.strip()
                continue
            pairs = dict(word.split("=", 1) for word in text.split())
            if key == "EXPECT":
                self.formulae.update(pairs)
            elif key == "PARAM":
                self.params.update({k: int(v) for k, v in pairs.items()})
            else:
                self.check_params.update({k: int(v) for k, v in pairs.items()})
        if "instructions" not in self.formulae:
            raise ValueError(f"{path}: no EXPECT line")
        if self.params.keys() != self.check_params.keys():
            raise ValueError(f"{path}: PARAM and CHECK differ")

    def expected(self, params=None):
        """Counts by kind, with `instructions` and `branches`."""
        names = dict(self.params if params is None else params)
        counts = {kind: int(eval(self.formulae.get(kind, "0"),
                                 {"__builtins__": {}}, names))
                  for kind in ("instructions",) + KINDS}
        counts["branches"] = sum(counts[kind] for kind in KINDS)
        return counts

    def argv(self, path, params=None):
        """Command line of the program installed at `path`."""
        names = dict(self.params if params is None else params)
        return [path] * (1 + int(eval(self.extra_args,
                                      {"__builtins__": {}}, names)))


def load():
    """All programs, by name."""
    return {path.stem: Program(path)
            for path in sorted(DIRECTORY.glob("*.s"))}


if __name__ == "__main__":
    print(f"{'program':12} {'instructions':>14} {'branches':>12} {'conditional':>12}")
    for name, program in load().items():
        counts = program.expected()
        print(f"{name:12} {counts['instructions']:14,} "
              f"{counts['branches']:12,} {counts['cond']:12,}")
