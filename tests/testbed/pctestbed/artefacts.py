# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the built things are. Each build script prints the place of its result.

Whoever has his own sets PERFCTR_QEMU (program), PERFCTR_XEN (image) or
PERFCTR_IMAGES (directory with vmlinuz, vmlinux, guest.cpio, dom0.cpio, real.cpio).
"""
import os
import subprocess
from pathlib import Path

from .outcome import TestbedError

TESTBED = Path(__file__).resolve().parent.parent
FIRMWARE = ("/usr/share/seabios", "/usr/share/qemu", "/usr/lib/ipxe/qemu")


def _built(script, variable):
    own = os.environ.get(variable)
    if own:
        if not Path(own).exists():
            raise TestbedError(f"{variable}={own} does not exist")
        return Path(own)
    done = subprocess.run([TESTBED / script], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise TestbedError(f"tests/testbed/{script} failed (status {done.returncode}); "
                           "its messages are above")
    return Path(done.stdout.strip().splitlines()[-1])


def qemu():
    return _built("build-qemu", "PERFCTR_QEMU")


def xen():
    return _built("build-xen", "PERFCTR_XEN")


def images():
    return _built("build-images", "PERFCTR_IMAGES")


def firmware():
    """The BIOS comes from Debian, not from the emulator that was built."""
    return [directory for directory in FIRMWARE if Path(directory).is_dir()]
