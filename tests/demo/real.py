# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real programs from Debian packages, on inputs that are generated here."""
import bz2
import hashlib
import random

from measure import Measure

EVENTS = ("instructions:u", "branches:u", "cycles:u", "loads:u", "stores:u")
EXPLAIN = 1e-4          # relative difference of instructions:u

PERL = """my (%count, $n);
open(my $in, '<', '/real/text') or die;
while (<$in>) {
    for my $word (split /\\s+/) {
        $count{lc $word}++;
        $n++ if $word =~ /^([aeiou]?)(st|tr|en).*\\1$/;
    }
}
my @top = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "$_ $count{$_}\\n" for @top[0 .. 99];
print "$n\\n";
"""
AWK = """{ for (i = 1; i <= NF; i++) { n[$i]++; sum += length($i) } }
END { for (w in n) if (n[w] > best) best = n[w]; print best, sum, NR }
"""


def text(size):
    draw = random.Random(2026)
    syllables = ["st", "ra", "en", "to", "mi", "lo", "qua", "be", "tri", "sa", "u", "ne"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(3000)]
    lines = []
    length = 0
    while length < size:
        line = " ".join(words[min(int(draw.expovariate(0.004)), 2999)] for _ in range(11))
        lines.append(line)
        length += len(line) + 1
    return ("\n".join(lines) + "\n").encode()


def source(functions):
    draw = random.Random(7)
    lines = ["extern int external(int);"]
    for i in range(functions):
        a, b, c = (draw.randint(3, 99) for _ in range(3))
        lines.append(f"""struct s{i} {{ int a, b[{a}]; struct s{i} *next; }};
int f{i}(struct s{i} *p, int n)
{{
    int sum = {b};
    for (int i = 0; i < n && p; i++, p = p->next) {{
        switch (p->a % {c}) {{
        case 0: sum += p->b[i % {a}]; break;
        case 1: sum ^= external(sum) * {b}; break;
        case 2: sum -= p->a << {i % 7}; break;
        default: sum = sum * {a} + i;
        }}
    }}
    return sum;
}}""")
    return "\n".join(lines).encode() + b"\n"


def _sql(rows):
    draw = random.Random(11)
    lines = ["create table t(a integer, b integer, c text);", "begin;"]
    lines += [f"insert into t values({draw.randint(0, 99)},{draw.randint(0, 9999)},'v{i % 37}');"
              for i in range(rows)]
    lines += ["commit;", "create index i on t(a, b);",
              "select c, count(*), sum(b) from t group by c order by 2 desc, 1;",
              "select x.a, max(x.b + y.b) from t x join t y on x.a = y.a "
              "where y.b < 400 group by x.a order by 1;"]
    return "\n".join(lines).encode() + b"\n"


TEXT = text(60_000)


def files():
    """What the programs read."""
    return {"/real/text": TEXT, "/real/unit.i": source(4), "/real/query.sql": _sql(500),
            "/real/words.pl": PERL.encode(), "/real/words.awk": AWK.encode()}


COMMANDS = {
    "bzip2": ["/usr/bin/bzip2", "-9", "-k", "-c", "/real/text"],
    "xz": ["/usr/bin/xz", "-1", "-T1", "-k", "-c", "/real/text"],
    "gzip": ["/usr/bin/gzip", "-9", "-n", "-c", "/real/text"],
    "perl": ["/usr/bin/perl", "/real/words.pl"],
    "cc1": ["/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "-quiet", "-fpreprocessed", "-O1",
            "--param", "ggc-min-expand=100", "--param", "ggc-min-heapsize=131072",
            "-frandom-seed=1", "-o", "-", "/real/unit.i"],
    "mawk": ["/usr/bin/mawk", "-f", "/real/words.awk", "/real/text"],
    "sqlite3": ["/usr/bin/sqlite3", "-batch", ":memory:", ".read /real/query.sql"],
}
# Known without running the program.
HASHES = {"bzip2": hashlib.sha256(bz2.compress(TEXT, 9)).hexdigest()}


def measures():
    """One at a time."""
    return [[Measure(f"real.{name}", EVENTS, "pin 0", argv, "measure_real")]
            for name, argv in COMMANDS.items()]


def rows(native, guest, modes=("native-intel", "pv-intel")):
    """Rows of both sides."""
    before = {result.id: result for result in native}
    for mode, results in zip(modes, (native, guest)):
        for result in results:
            name = result.id.partition(".")[2]
            base = before.get(result.id)
            for event in EVENTS:
                got = result.counts.get(event)
                first = base.counts.get(event) if base else None
                notes = []
                if result.status != 0 or got is None:
                    notes.append(f"status {result.status}: {' '.join(result.messages)[:200]}")
                elif base and result.hash != base.hash:
                    notes.append("OUTPUT DIFFERS")
                elif name in HASHES and result.hash != HASHES[name]:
                    notes.append("OUTPUT IS WRONG")
                elif got and first and event == "instructions:u" \
                        and abs(got - first) > EXPLAIN * first:
                    notes.append("NOT EXPLAINED")
                yield {"kind": "real", "program": name, "event": event, "mode": mode,
                       "placement": "own", "expected": None, "native": first,
                       "measured": got, "error": None, "note": "; ".join(notes)}
