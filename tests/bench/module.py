# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the module itself executes in a thread switch, instruction by instruction.

While two threads with equal sets hand a byte to and fro, the emulator is told to
translate one instruction at a time and to log each that lies in the module's text.
What is logged from one call of the switch-out notifier to the next is one switch.
"""
import socket
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import plan
from boots import PORTS, Boot, dom0_tools, program_files
from pctestbed import Guest, Job, boot_xen
from pctestbed.outcome import TestbedError
from pctestbed.products import products
from sides import BUILD, say

COUNTERS = (1, 4, 8)
ROUNDS = 30_000         # of hand-overs: more than the log's seconds have room for
PATIENCE = 120          # with an emulator that is asked to stop its log
SECONDS = 3             # of the log, while the emulator goes one instruction at a time
LEAST = 50              # switches that have to be in it
FIRST = "pc_sched_out"
SWITCHING = "switching with "


class Log:
    """The emulator's log of executed instructions, switched on for some seconds."""

    def __init__(self, directory):
        self.monitor = directory / "monitor"
        self.directory = directory
        self.pool = ThreadPoolExecutor(1)
        self.taken = []

    def arguments(self):
        # Where Linux on x86-64 loads modules (Documentation/x86/x86_64/mm.rst).
        return ["-monitor", f"unix:{self.monitor},server=on,wait=off",
                "-dfilter", "0xffffffffc0000000+0x3e000000"]

    def file(self, name):
        return self.directory / f"{name}.log"

    def take(self, name):
        self.taken.append(self.pool.submit(self._take, name))

    def end(self):
        """Raises what has gone wrong."""
        for log in self.taken:
            try:
                log.result()
            except OSError as error:
                raise TestbedError(f"the emulator's monitor: {error}") from error

    def _take(self, name):
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self.monitor))
            monitor.settimeout(PATIENCE)
            for line in (f"logfile {self.file(name)}", "singlestep on", "log exec,nochain"):
                monitor.sendall(line.encode() + b"\n")
            time.sleep(SECONDS)
            for line in ("log none", "singlestep off"):
                monitor.sendall(line.encode() + b"\n")
            # Until it has done so: it answers, and prompts.
            seen = b""
            while b"singlestep off" not in seen or not seen.endswith(b"(qemu) "):
                more = monitor.recv(65536)
                if not more:
                    raise ConnectionError("the emulator closed its monitor")
                seen += more


def _symbols(module):
    """{offset: function} in the module's .text, and the size of that."""
    found = {}
    for line in subprocess.run(["nm", module], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in "tT":
            found[int(words[0], 16)] = words[2]
    for line in subprocess.run(["size", "-A", module], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        if line.startswith(".text "):
            return found, int(line.split()[1])
    raise TestbedError(f"{module} has no .text")


def _switches(text, cpu, base, symbols, size):
    """Offsets of the instructions of each switch that the log has whole."""
    first = next(offset for offset, name in symbols.items() if name == FIRST)
    switches = []
    for line in text.splitlines():
        if not line.startswith(f"Trace {cpu}: "):
            continue
        # Trace CPU: HOST [CS/PC/FLAGS/CFLAGS] SYMBOL
        offset = int(line.split("[")[1].split("/")[1], 16) - base
        if not 0 <= offset < size:
            continue
        if offset == first:
            switches.append([])
        if switches:
            switches[-1].append(offset)
    return switches[:-1]


def _functions(switch, symbols):
    """{function: instructions} of one switch."""
    starts = sorted(symbols)
    return Counter(symbols[max(s for s in starts if s <= offset)] for offset in switch)


def rows(vendor="intel"):
    """{"operation": "thread_switch_module", "parameter": "N counters"}"""
    boot = Boot(f"module-{vendor}", vendor, [])
    module = products("/lib/perfctr.ko", build=BUILD)["/lib/perfctr.ko"]
    symbols, size = _symbols(module)
    text = "tb-wait -t 3000 enabled\nstep insmod insmod /lib/perfctr.ko || exit 1\n" \
        "taskset -p 1 $$ >/dev/null\ntb file text /sys/module/perfctr/sections/.text\n"
    for k in COUNTERS:
        counted = plan.OURS.format(",".join(plan.EVENTS[:k]))
        # The log's seconds must not be those in which the program starts.
        text += (f"{counted}switcher threads {ROUNDS} >/run/out 2>&1 &\nusleep 300000\n"
                 f"tb say '{SWITCHING}{k}'\nwait $! || exit 1\n")
    dom0 = ("step -t 900 start-one guest-start one || exit 4\n"
            "step enable xen-perfctr enable one || exit 4\n"
            "xl vcpu-pin one all 1 >/dev/null; xl vcpu-pin 0 all 0 >/dev/null\n"
            "tb-signal enabled\nguest-wait one 3000\n")
    with tempfile.TemporaryDirectory() as directory:
        log = Log(Path(directory))

        def progress(who, kind, name, data):
            boot.progress(who, kind, name, data)
            told = data.decode(errors="replace").strip() if kind == "say" else ""
            if told.startswith(SWITCHING):
                log.take(told[len(SWITCHING):])

        say(f"{boot.name}: booting Xen with perfctr")
        boot_xen([Guest("one", Job(text, program_files()), type="pv", config=PORTS)],
                 boot.machine(xen_args="perfctr", qemu_args=log.arguments()),
                 Job(dom0, dom0_tools()), progress)
        log.end()
        base = int(boot.arrived["one", "text"], 16)
        for k in COUNTERS:
            switches = _switches(log.file(k).read_text(), 1, base, symbols, size)
            if len(switches) < LEAST:
                raise TestbedError(f"{len(switches)} switches in the log, not {LEAST}")
            (usual, times), = Counter(map(tuple, switches)).most_common(1)
            parts = ", ".join(f"{name} {n}" for name, n in
                              _functions(usual, symbols).most_common())
            yield {"operation": "thread_switch_module", "who": "ours", "mode": f"pv-{vendor}",
                   "parameter": f"{k} counters", "instructions": len(usual),
                   "traps": None, "hypercalls": None, "msr_accesses": None,
                   "note": f"{times} of {len(switches)} switches logged: {parts}"}
