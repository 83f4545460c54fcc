# SPDX-License-Identifier: LGPL-2.1-or-later
"""What came back from a machine, put together from its frames."""
import base64
import binascii
import re
import zlib
from dataclasses import dataclass, field

_FRAME = re.compile(rb"~TB1 (\S+) (\d+) (\S+) (\S+) (\S+) ([0-9a-f]{8})\s*$")


@dataclass
class Step:
    name: str
    command: str = ""
    status: int = None          # None: never ended
    signal: int = 0
    timed_out: bool = False
    ms: int = 0
    stdout: bytes = b""
    stderr: bytes = b""

    @property
    def ok(self):
        return self.status == 0 and not self.timed_out

    @property
    def text(self):
        return self.stdout.decode(errors="replace")


@dataclass
class Result:
    """One machine's job."""
    who: str
    up: str = None              # None: it never got as far as its job
    status: int = None          # None: the job never ended
    steps: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    console: bytearray = field(default_factory=bytearray)
    damaged: list = field(default_factory=list)

    @property
    def ok(self):
        return self.status == 0 and not self.damaged and all(s.ok for s in self.steps.values())


class Collector:
    """Takes the bytes of a channel and keeps a Result for everyone heard of."""

    def __init__(self, on_event=None):
        self.results = {}
        self._rest = b""
        self._next = {}
        self._on_event = on_event or (lambda who, kind, name, data: None)

    def result(self, who):
        return self.results.setdefault(who, Result(who))

    def feed(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            start = line.find(b"~TB1 ")
            if start >= 0:
                self._line(line[start:])

    def _line(self, line):
        match = _FRAME.match(line)
        who = line.split(b" ")[1].decode(errors="replace")
        if not match or zlib.crc32(line[:match.start(6)]) != int(match.group(6), 16):
            self.result(who).damaged.append(line[:200])
            return
        number = int(match.group(2))
        kind, name = match.group(3).decode(), match.group(4).decode()
        expected = self._next.get(who, 0)
        if number == 0 and kind == "up":
            expected = 0        # a guest that was started again counts anew
        if number != expected:
            self.result(who).damaged.append(b"frames %d to %d are missing" % (expected, number - 1))
        self._next[who] = number + 1
        try:
            data = b"" if match.group(5) == b"-" else base64.b64decode(match.group(5))
        except binascii.Error:
            self.result(who).damaged.append(line[:200])
            return
        self._frame(self.result(who), kind, name, data)
        self._on_event(who, kind, name, data)

    def _frame(self, result, kind, name, data):
        if kind in ("begin", "out", "err", "end"):
            self._step_frame(result, kind, name, data)
        elif kind == "up":
            result.up = data.decode()
        elif kind == "done":
            result.status = int(data)
        elif kind == "file":
            # An empty frame opens a file; a second one of that name replaces it.
            result.files[name] = result.files.get(name, b"") + data if data else b""
        elif kind == "con":
            self.result(name).console += data

    @staticmethod
    def _step_frame(result, kind, name, data):
        if kind == "begin":
            result.steps[name] = Step(name, data.decode(errors="replace"))
            return
        step = result.steps.setdefault(name, Step(name))
        if kind == "out":
            step.stdout += data
        elif kind == "err":
            step.stderr += data
        else:
            fields = dict(pair.split("=") for pair in data.decode().split())
            step.status = int(fields["status"])
            step.signal = int(fields["signal"])
            step.timed_out = fields["timeout"] == "1"
            step.ms = int(fields["ms"])
