# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `make` built for the machines, and where it lies in them."""
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


def products(*names, build=BUILD):
    """{place in the machine: path here}. Those named must exist; else all that do."""
    found = {place: Path(build) / path for place, path in PLACES.items()
             if (Path(build) / path).exists()}
    for name in names:
        if name not in found:
            raise TestbedError(f"{Path(build) / PLACES[name]} is not built; run make")
    return {name: found[name] for name in names} if names else found
