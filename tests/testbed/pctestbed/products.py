# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `make` built for the machines, and where it lies in them."""
import os
import subprocess
import time
from pathlib import Path

from .artefacts import TESTBED
from .outcome import TestbedError

BUILD = TESTBED.parent.parent / "build"
PLACES = {
    "/lib/perfctr.ko": "guest-kmod/perfctr.ko",
    "/usr/bin/perfctr": "libperfctr/perfctr-static",
    "/usr/bin/perfctr-selftest": "libperfctr/perfctr-selftest",
    "/usr/lib/programs": "programs/full",
    "/usr/sbin/xen-perfctr": "hypervisor-tools/xen-perfctr",
    "/usr/sbin/xen-vcpu-migrate": "hypervisor-tools/xen-vcpu-migrate",
}


# From this size on a program goes into the images without what only debuggers want.
LARGE = 1 << 20


def stripped(path, directory=None):
    """A copy of a program or module without debugging information, if it is large.

    The images are unpacked by an emulator, and lie in its memory several times.
    """
    if not path.is_file() or path.stat().st_size < LARGE:
        return path
    target = (directory or BUILD / "stripped") / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
        # Under another name first: another boot may be doing the same.
        fresh = target.with_name(f"{target.name}.{os.getpid()}.{time.monotonic_ns()}")
        subprocess.run(["strip", "-g" if path.suffix == ".ko" else "-s", "-o", fresh, path],
                       check=True)
        fresh.replace(target)
    return target


def products(*names, build=BUILD):
    """{place in the machine: path here}. Those named must exist; else all that do."""
    found = {place: Path(build) / path for place, path in PLACES.items()
             if (Path(build) / path).exists()}
    for name in names:
        if name not in found:
            raise TestbedError(f"{Path(build) / PLACES[name]} is not built; run make")
    return {place: stripped(path, Path(build) / "stripped") for place, path in found.items()
            if not names or place in names}
