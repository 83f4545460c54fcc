# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured, as lines of a job, and what came back."""
import json
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Measure:
    """One counted execution; `place` are the words for tests/programs/place."""
    id: str
    events: tuple
    place: str
    argv: list
    function: str = "measure"

    def line(self):
        words = [self.function, self.id, ",".join(self.events), self.place, *self.argv]
        return " ".join(shlex.quote(word) for word in words)


@dataclass
class Counted:
    """Its result."""
    id: str
    status: int
    events: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    sampled: dict = None
    hash: str = None
    moves: int = None
    messages: list = field(default_factory=list)


def script(groups):
    """Groups one after the other, the measures of a group at the same time."""
    lines = []
    for group in groups:
        if len(group) == 1:
            lines.append(group[0].line())
        else:
            lines += [measure.line() + " &" for measure in group] + ["wait"]
    return "\n".join(lines) + "\n"


def parse(data, groups):
    """The results in a report, in the order of the measures."""
    events = {measure.id: list(measure.events) for group in groups for measure in group}
    found = {}
    current = None
    for line in data.decode(errors="replace").splitlines():
        if line.startswith("@ "):
            _, name, *status = line.split()
            current = found[name] = Counted(name, int(status[0]) if status else -1,
                                            events.get(name, []))
        elif current is None:
            continue
        elif line.startswith("{"):
            record = json.loads(line)
            if "events" in record:
                current.sampled = record
                continue
            try:
                current.counts[record["event"]] = round(float(record["counter-value"]))
            except ValueError:
                current.messages.append(f"{record['event']}: {record['counter-value']}")
        elif line.startswith("hash "):
            current.hash = line.split()[1]
        elif line.startswith("! "):
            match = re.match(r"! moves (\d+)$", line)
            if match:
                current.moves = int(match[1])
            else:
                current.messages.append(line[2:])
    return [found.get(name, Counted(name, -1, wanted, messages=["no result came back"]))
            for name, wanted in events.items()]
