# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs: for each of SPEC CPU2006's that has one, its kin.

`like` names the program of SPEC; `argv` is the input that is counted for
instructions, `small` that for caches and predictors, whose models are slow. Paths are
relative to the directory with the inputs. Where Debian has a program it is that
one; the others are in programs/, of the same algorithm.
"""
from dataclasses import dataclass

BIN = "/spec/bin"
CC1 = ["/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "-quiet", "-fpreprocessed", "-O1",
       "--param", "ggc-min-expand=100", "--param", "ggc-min-heapsize=131072",
       "-frandom-seed=1", "-o", "-"]
GNUGO = ["/usr/games/gnugo", "--mode", "gtp", "--seed", "1", "--level", "1", "--gtp-input"]
HMMSEARCH = ["/usr/bin/hmm2search", "--cpu", "0", "fn3.hmm"]


@dataclass
class Program:
    name: str
    like: str
    kind: str           # "int" or "fp"
    argv: list
    small: list
    package: str = ""   # where Debian's come from; "" for ours

    def command(self, small):
        return self.small if small else self.argv


def _own(name, like, kind, size, small):
    return Program(name, like, kind, [f"{BIN}/{name}", str(size)], [f"{BIN}/{name}", str(small)])


def _debian(name, like, argv, small, package="real"):
    return Program(name, like, "int", argv, small, package)


PROGRAMS = (
    _debian("perl", "400.perlbench", ["/usr/bin/perl", "words.pl", "text-400k"],
            ["/usr/bin/perl", "words.pl", "text-40k"]),
    _debian("bzip2", "401.bzip2", ["/usr/bin/bzip2", "-9", "-k", "-c", "text-400k"],
            ["/usr/bin/bzip2", "-9", "-k", "-c", "text-40k"]),
    _debian("gcc", "403.gcc", [*CC1, "unit-10.i"], [*CC1, "unit-4.i"]),
    _own("mcf", "429.mcf", "int", 4000, 600),
    _debian("gnugo", "445.gobmk", [*GNUGO, "go-3"], [*GNUGO, "go-1"], "spec"),
    _debian("hmmer", "456.hmmer", [*HMMSEARCH, "proteins-150"], [*HMMSEARCH, "proteins-40"],
            "spec"),
    _own("libquantum", "462.libquantum", "int", 33, 15),
    _own("h264", "464.h264ref", "int", 5, 1),
    _own("astar", "473.astar", "int", 40, 5),
    _own("bwaves", "410.bwaves", "fp", 14, 2),
    _own("milc", "433.milc", "fp", 14, 2),
    _own("zeusmp", "434.zeusmp", "fp", 12, 2),
    _own("cactus", "436.cactusADM", "fp", 50, 6),
    _own("leslie", "437.leslie3d", "fp", 60, 6),
    _own("namd", "444.namd", "fp", 60, 6),
    _own("soplex", "450.soplex", "fp", 60, 24),
    _own("gems", "459.GemsFDTD", "fp", 60, 6),
    _own("lbm", "470.lbm", "fp", 12, 2),
)


def chosen(names):
    """Those that were asked for; all without names."""
    known = {program.name: program for program in PROGRAMS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no program {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(PROGRAMS)
