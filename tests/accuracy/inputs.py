# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs read, generated: {name: content}."""
import gzip
import random

import real

PERL = real.PERL.replace("'/real/text'", "$ARGV[0]")
ACIDS = "ACDEFGHIKLMNPQRSTVWY"
HMM = "usr/share/doc/hmmer2/examples/fn3.hmm"


def _proteins(count):
    draw = random.Random(456)
    return "".join(f">p{i}\n{''.join(draw.choices(ACIDS, k=200))}\n"
                   for i in range(count)).encode()


def _go(moves):
    colours = ("white", "black")
    lines = ["boardsize 9", "clear_board", "komi 5.5", "play black E5"]
    lines += [f"genmove {colours[i % 2]}" for i in range(moves)]
    return ("\n".join(lines) + "\nquit\n").encode()


def _model(tree):
    """A profile of a protein family, from the documentation of hmmer2."""
    path = tree / HMM
    if path.exists():
        return path.read_bytes()
    return gzip.decompress(path.with_name(path.name + ".gz").read_bytes())


def inputs(tree):
    """tree: the unpacked packages of the list spec."""
    return {"text-400k": real.text(400_000), "text-40k": real.text(40_000),
            "unit-10.i": real.source(10), "unit-4.i": real.source(4),
            "words.pl": PERL.encode(), "go-3": _go(3), "go-1": _go(1),
            "proteins-150": _proteins(150), "proteins-40": _proteins(40),
            "fn3.hmm": _model(tree)}
