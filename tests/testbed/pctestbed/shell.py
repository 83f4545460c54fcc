# SPDX-License-Identifier: LGPL-2.1-or-later
"""An interactive shell in a machine, on this terminal."""
import shutil
import sys
import termios

from .job import Job
from .machine import Guest, native_emulator, run_directory, xen_emulator


def run(where, machine, files, guests, vcpus, kind):
    directory = run_directory("shell")
    print("The machine ends when its shell does (exit, or Ctrl-D).", flush=True)
    if where == "native":
        emulator = native_emulator(machine, Job(files=files), "shell", directory)
    else:
        # The guest's console is dom0's terminal: Ctrl-] leaves it for dom0.
        dom0 = Job(files=files)
        dom0.add("/tb/shell-guest", "g1\n" if where == "guest" else "\n")
        emulator = xen_emulator(machine, [
            Guest(f"g{n + 1}", Job(files=files), vcpus=vcpus, type=kind,
                  memory_mb=machine.memory_mb, mode="shell")
            for n in range(guests)], dom0, "shell", directory)
    saved = termios.tcgetattr(0) if sys.stdin.isatty() else None
    try:
        emulator.run_interactive()
    finally:
        if saved:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)
        shutil.rmtree(directory, ignore_errors=True)
