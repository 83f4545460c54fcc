# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machines: bare Linux, and Xen with dom0 and guests."""
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import artefacts
from .emulator import Emulator
from .job import Job
from .outcome import TestbedError
from .result import Collector

# Under TCG dom0 dies with SMAP, and MWAIT in Xen's idle loop raises #GP.
DEFAULT_CPU = "Skylake-Client,-smap,-monitor,+tcg-pmu"
# The one that PVH and HVM guests need: TCG emulates SVM, but not VMX.
AMD_CPU = "EPYC,-smap,-monitor,+tcg-pmu"
GUEST_TYPES = ("pv", "pvh", "hvm")

# Pinned for every kernel, so that native and guest runs are comparable.
KERNEL_ARGS = "nokaslr vdso=0 nmi_watchdog=0 panic=-1 oops=panic quiet rdinit=/init"
# Xen takes the emulated CPU for one that leaks. Against gathers it would hide AVX from
# its guests, and their libc take other paths than natively; against Meltdown it would
# change page tables at every entry, which TCG pays with its whole TLB: PV guests run
# four times slower.
XEN_ARGS = ("console=com1 com1=115200,8n1 noreboot loglvl=warning guest_loglvl=warning "
            "spec-ctrl=gds-mit=0 xpti=0")
# No disk, no screen, no network: its console and its RAM disk are all that it has.
HVM_CONFIG = {"device_model_version": "qemu-xen",
              "device_model_override": "/usr/libexec/xen-qemu-system-i386",
              "vga": "none", "nographic": 1, "vnc": 0, "usb": 0}


@dataclass
class Machine:
    """The emulated machine. The same one boots bare Linux and Xen."""
    cpu: str = os.environ.get("PERFCTR_CPU", DEFAULT_CPU)
    cpus: int = 2
    memory_mb: int = 512            # of bare Linux; Xen gets what dom0 and guests need
    # "multi": a host thread for each CPU. QEMU 7.2 then may keep a translation of
    # code which another CPU patched meanwhile: Linux loops on a breakpoint of its
    # own static keys that is long gone (see doc/adr/0005).
    threads: str = "single"
    icount: bool = False            # deterministic; implies single
    icount_shift: int = 1
    report: Path = None             # the emulator's cost report goes here
    qemu_args: list = field(default_factory=list)
    kernel_args: str = ""           # appended for native, dom0 and guests alike
    xen_args: str = ""              # e.g. "perfctr=on"
    boot_seconds: int = 300         # until the job starts
    seconds: int = 600              # whole run
    overlays: tuple = ()            # more base images: ("real",)
    dmesg: bool = False             # always bring back the kernel log
    verbose: bool = False           # kernels and Xen print all they have


@dataclass
class Guest:
    """A guest of one of GUEST_TYPES. config: more lines of its xl configuration."""
    name: str
    job: Job
    vcpus: int = 2
    memory_mb: int = 512
    cpus: str = ""                  # physical CPUs, e.g. "1" or "0-1"
    kernel_args: str = ""
    type: str = "pv"
    config: dict = field(default_factory=dict)
    overlays: tuple = None          # None: the machine's
    before: str = ""                # lines for dom0, before it first runs, e.g.
                                    # "xen-perfctr enable $domid"
    start: bool = True              # False: dom0's own job starts it
    mode: str = "job"               # or "shell"

    @property
    def kernel(self):
        """PV and PVH guests are started at an ELF kernel, HVM guests by firmware."""
        return "vmlinuz" if self.type == "hvm" else "vmlinux"

    def xl_config(self, machine):
        args = _kernel_line(machine, "guest", self.name, self.mode)
        lines = {
            "name": self.name, "type": self.type, "vcpus": self.vcpus,
            "memory": self.memory_mb, "kernel": f"/guests/{self.kernel}",
            "ramdisk": f"/guests/{self.name}/ramdisk",
            "extra": f"console=hvc0 {args} TB_CHANNEL=/dev/hvc0 {self.kernel_args}",
            "on_poweroff": "destroy", "on_reboot": "destroy", "on_crash": "destroy",
        }
        if self.type != "pv":
            # TCG's TSC is not called invariant, so Xen would emulate each RDTSC.
            lines["tsc_mode"] = "native"
        if self.type == "hvm":
            lines.update(HVM_CONFIG)
        if self.cpus:
            lines["cpus"] = self.cpus
        lines.update(self.config)
        return "".join(f"{key} = {_xl_value(value)}\n" for key, value in lines.items())


def _xl_value(value):
    if isinstance(value, (list, tuple)):
        return "[ " + ", ".join(_xl_value(v) for v in value) + " ]"
    return str(value) if isinstance(value, int) else '"' + str(value) + '"'


def _kernel_line(machine, role, who, mode):
    line = f"{KERNEL_ARGS} {machine.kernel_args} TB_ROLE={role} TB_WHO={who} TB_MODE={mode}"
    if machine.dmesg:
        line += " TB_DMESG=1"
    if machine.verbose:
        line = line.replace("quiet ", "ignore_loglevel ")
    return line


def run_directory(name):
    """A fresh directory for one boot's logs; kept, for whoever looks for a cause."""
    base = Path(os.environ.get("PERFCTR_OUT") or artefacts.TESTBED.parent.parent / "out") / "runs"
    base.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=time.strftime(f"{name}-%H%M%S-"), dir=base))


def _write(path, *parts):
    """Archives behind one another; the kernel unpacks them in this order."""
    with open(path, "wb") as out:
        for part in parts:
            if isinstance(part, Path):
                if not part.exists():
                    raise TestbedError(f"image {part} does not exist")
                with open(part, "rb") as file:
                    while chunk := file.read(1 << 22):
                        out.write(chunk)
            else:
                out.write(part)
            out.write(b"\0" * (-out.tell() % 512))
    return path


def native_emulator(machine, job, mode="job", directory=None):
    images = artefacts.images()
    directory = directory or run_directory("native")
    parts = [images / "guest.cpio"] + [images / f"{o}.cpio" for o in machine.overlays]
    initrd = _write(directory / "initrd", *parts, job.cpio())
    line = _kernel_line(machine, "native", "native", mode)
    return Emulator(machine, directory, machine.memory_mb, [
        "-kernel", str(images / "vmlinuz"), "-initrd", str(initrd),
        "-append", f"console=ttyS0 {line}"], interactive=mode == "shell")


def boot_native(job, machine=None, on_event=None):
    """Boots bare Linux, runs the job, returns its Result."""
    machine = machine or Machine()
    collector = Collector(on_event)
    emulator = native_emulator(machine, job)
    emulator.run(collector, "native")
    result = collector.result("native")
    emulator.check(result)
    return result


def _dom0_archive(images, machine, dom0_job, guests, dom0_files):
    archive = Job(files=dom0_files).archive()
    for kernel in {guest.kernel for guest in guests}:
        archive.add_file(f"guests/{kernel}", images / kernel)
    names = {"guest"} if guests else set()
    for guest in guests:
        overlays = machine.overlays if guest.overlays is None else guest.overlays
        names.update(overlays)
        place = f"guests/{guest.name}"
        archive.add_bytes(f"{place}/cfg", guest.xl_config(machine).encode())
        archive.add_bytes(f"{place}/job.cpio", guest.job.cpio())
        archive.add_bytes(f"{place}/before", guest.before.encode() + b"\n")
        if guest.start:
            archive.add_bytes(f"{place}/start", b"")
        archive.add_bytes(f"{place}/images", "\n".join(
            f"/guests/{name}.cpio" for name in ("guest", *overlays)).encode())
    for name in names:
        archive.add_file(f"guests/{name}.cpio", images / f"{name}.cpio")
    if dom0_job is None:
        archive.add_bytes("job/run", b"#!/bin/sh\nexec dom0-run\n", 0o755)
    return archive


def _check_guests(machine, guests):
    for guest in guests:
        if guest.type not in GUEST_TYPES:
            raise TestbedError(f"guest {guest.name} has type {guest.type!r}: "
                               f"one of {', '.join(GUEST_TYPES)}")
        if guest.type != "pv" and machine.threads == "multi" and not machine.icount:
            raise TestbedError(
                f"guest {guest.name} is a {guest.type.upper()} guest, and the emulator may run "
                "stale translations of code that its VCPUs patch while each has a host thread "
                "(doc/adr/0006): use threads=\"single\" (no --multi), or icount")


def xen_emulator(machine, guests=(), dom0_job=None, mode="job", directory=None,
                 dom0_files=None):
    _check_guests(machine, guests)
    images = artefacts.images()
    directory = directory or run_directory("xen")
    archive = _dom0_archive(images, machine, dom0_job, guests, dom0_files)
    with open(directory / "guests.cpio", "wb") as out:
        archive.write(out)
    hvm = sum(guest.type == "hvm" for guest in guests)
    device_model = [images / "hvm.cpio"] if hvm else []
    initrd = _write(directory / "initrd", images / "dom0.cpio", *device_model,
                    directory / "guests.cpio", *([dom0_job.cpio()] if dom0_job else []))
    (directory / "guests.cpio").unlink()
    # dom0 holds its RAM disk twice while it unpacks, then each guest's once, and a
    # device model for each HVM guest.
    dom0_mb = 320 + 3 * (initrd.stat().st_size >> 20) + 256 * hvm
    total_mb = 160 + dom0_mb + sum(guest.memory_mb + 32 for guest in guests)
    line = _kernel_line(machine, "dom0", "dom0", mode)
    xen_args = XEN_ARGS.replace("=warning", "=all") if machine.verbose else XEN_ARGS
    return Emulator(machine, directory, total_mb, [
        "-kernel", str(artefacts.xen()),
        "-initrd", f"{images / 'vmlinuz'} console=hvc0 {line},{initrd}",
        "-append", f"{xen_args} dom0_mem={dom0_mb}M,max:{dom0_mb}M {machine.xen_args}"],
        interactive=mode == "shell")


def boot_xen(guests, machine=None, dom0_job=None, on_event=None, dom0_files=None):
    """Boots Xen, dom0 and the guests; returns {"dom0": Result, guest: Result, ...}.

    Without dom0_job, dom0 creates every guest and waits for each. dom0_files come
    in addition, e.g. products("/usr/sbin/xen-perfctr").
    """
    machine = machine or Machine()
    collector = Collector(on_event)
    emulator = xen_emulator(machine, guests, dom0_job, dom0_files=dom0_files)
    emulator.run(collector, "dom0")
    emulator.check(collector.result("dom0"))
    for guest in guests:
        collector.result(guest.name)
    for name, result in collector.results.items():
        if result.console:
            (emulator.directory / f"console-{name}.log").write_bytes(result.console)
    return collector.results
