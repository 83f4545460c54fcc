# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one QEMU: console to a log, frames to the collector, deadlines."""
import os
import signal
import socket
import subprocess
import time

from . import artefacts
from .outcome import TestbedError

FRAME_PORT = 0x5e8     # as in guest/frame.c
TAIL_LINES = 25
# An emulator does not outlive the script that is killed.
WITH_US = ("setpriv", "--pdeathsig", "KILL")


class Emulator:
    def __init__(self, machine, directory, memory_mb, boot, interactive=False):
        self.machine = machine
        self.directory = directory
        self.console = directory / "console.log"
        self.frames = directory / "frames.log"
        self.interactive = interactive
        self.boot_seconds = None        # measured: until the job started
        self.total_seconds = None
        self._status = None
        self._late = None
        self._command = self._line(memory_mb, boot)

    def _line(self, memory_mb, boot):
        m = self.machine
        accel = "tcg" + ("" if m.icount else f",thread={m.threads}")
        line = [str(artefacts.qemu()), "-machine", "pc", "-accel", accel, "-cpu", m.cpu,
                "-smp", str(m.cpus), "-m", str(memory_mb), "-display", "none", "-vga", "none",
                "-nic", "none", "-monitor", "none", "-no-reboot", "-nodefaults",
                "-no-user-config"]
        for directory in artefacts.firmware():
            line += ["-L", directory]
        if m.icount:
            line += ["-icount", f"shift={m.icount_shift},sleep=off", "-seed", "1",
                     "-rtc", "base=2026-01-01,clock=vm"]
        if self.interactive:
            line += ["-chardev", "stdio,id=console,signal=off"]
        else:
            line += ["-chardev", f"file,id=console,path={self.console}"]
        line += ["-serial", "chardev:console"]
        frames = "null,id=frames" if self.interactive else "socket,id=frames,fd=%d"
        line += ["-chardev", frames,
                 "-device", f"isa-debugcon,iobase={FRAME_PORT},chardev=frames"]
        if m.report:
            line += ["-device", f"pmu-report,file={m.report}"]
        return line + boot + list(m.qemu_args)

    def run_interactive(self):
        with open(self.directory / "qemu.log", "wb") as log:
            self._status = subprocess.run(self._command, stderr=log, check=False).returncode
        if self._status:
            raise TestbedError(f"the emulator ended with status {self._status}: {self._said()}")

    def run(self, collector, who):
        """Runs to the end. Everything that came is in the collector afterwards."""
        ours, theirs = socket.socketpair()
        command = [arg.replace("fd=%d", f"fd={theirs.fileno()}") if arg.startswith("socket,")
                   else arg for arg in self._command]
        (self.directory / "command").write_text(
            "".join(f"{arg}\n" for arg in command), encoding="utf-8")
        begin = time.monotonic()
        with open(self.directory / "qemu.log", "wb") as log, \
                open(self.frames, "wb") as frames, \
                subprocess.Popen([*WITH_US, *command], stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=log,
                                 pass_fds=[theirs.fileno()], start_new_session=True) as process:
            theirs.close()
            try:
                self._listen(ours, frames, collector, who, begin)
            finally:
                self._end(process)
                ours.close()
        self.total_seconds = time.monotonic() - begin
        self._status = process.returncode
        # The RAM disk is large and can be made again.
        (self.directory / "initrd").unlink(missing_ok=True)

    def _listen(self, channel, frames, collector, who, begin):
        while True:
            result = collector.result(who)
            if result.up is not None and self.boot_seconds is None:
                self.boot_seconds = time.monotonic() - begin
            limit = self.machine.boot_seconds if result.up is None else self.machine.seconds
            left = begin + limit - time.monotonic()
            if left <= 0:
                self._late = limit
                return
            channel.settimeout(left)
            try:
                data = channel.recv(65536)
            except socket.timeout:
                continue
            if not data:
                return
            frames.write(data)
            frames.flush()
            collector.feed(data)

    def _end(self, process):
        """It ends by itself when the machine powers off, or is told to."""
        try:
            process.wait(0.1 if self._late else 20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _said(self):
        """Its messages, but for those on features that TCG is known not to have."""
        text = (self.directory / "qemu.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(line for line in text.splitlines()
                         if "TCG doesn't support requested feature" not in line)

    def tail(self):
        try:
            text = self.console.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            text = ""
        return "\n".join("    | " + line for line in text.splitlines()[-TAIL_LINES:])

    def check(self, result):
        """Raises TestbedError where the machine itself, not the job, went wrong."""
        if result.status is not None:
            return
        if self._late and result.up is None:
            what = f"{result.who} did not start its job within {self._late} s"
        elif self._late:
            what = f"{result.who} did not finish its job within {self._late} s"
        elif result.up is None:
            what = f"{result.who} went down before its job started"
        else:
            what = f"{result.who} went down in the middle of its job"
        said = self._said()
        raise TestbedError(
            f"{what} (emulator status {self._status})\n"
            + (f"  the emulator said: {said}\n" if said else "")
            + f"  last lines of the console:\n{self.tail()}\n"
            f"  everything is in {self.directory}")
