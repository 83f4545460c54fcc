# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs must print: they run here first, on the host's own CPU.

A count is believed only if the program printed in the machine what it printed here.
"""
import hashlib
import os
import subprocess
from pathlib import Path

import inputs
import suite

TESTBED = Path(__file__).resolve().parent.parent / "testbed"
LIB = "lib/x86_64-linux-gnu"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/root", "PERL_HASH_SEED": "0",
               "PERL_PERTURB_KEYS": "0"}


def tree(package):
    """The unpacked packages of one list."""
    script = TESTBED / "get-packages"
    place = subprocess.run([script, package], check=True, stdout=subprocess.PIPE, text=True)
    return Path(place.stdout.strip()) / "tree"


def _here(program, argv, build):
    """The same command for this machine: with the libraries of its packages."""
    if not program.package:
        return [str(argv[0]).replace("/spec", str(build)), *argv[1:]]
    base = tree(program.package)
    place = base / argv[0].lstrip("/")
    if not place.exists():              # /bin, not /usr/bin, in Debian's packages
        place = base / argv[0].replace("/usr/bin", "bin").lstrip("/")
    loader = base / LIB / "ld-linux-x86-64.so.2"
    return [str(loader), "--library-path", f"{base / LIB}:{base / 'usr' / LIB}", str(place),
            *argv[1:]]


def prepare(build):
    """Writes the inputs; returns their names and contents."""
    place = build / "input"
    place.mkdir(parents=True, exist_ok=True)
    found = inputs.inputs(tree("spec"))
    for name, content in found.items():
        (place / name).write_bytes(content)
    return found


def hashes(wanted, build):
    """{(program, small): hash of its output}."""
    found = {}
    for program in wanted:
        for small in (False, True):
            command = _here(program, program.command(small), build)
            done = subprocess.run(command, cwd=build / "input", env=ENVIRONMENT, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=120)
            if done.returncode:
                raise SystemExit(f"{program.name} failed here with status {done.returncode}: "
                                 f"{done.stderr[-300:].decode(errors='replace')}\n"
                                 f"command: {' '.join(command)}")
            found[program.name, small] = hashlib.sha256(done.stdout).hexdigest()
    return found


def files(wanted, build, contents):
    """What goes into a machine."""
    found = {f"/spec/{name}": content for name, content in contents.items()}
    for program in wanted:
        if not program.package:
            found[f"{suite.BIN}/{program.name}"] = build / "bin" / program.name
    return found


def build_directory():
    top = TESTBED.parent.parent
    return Path(os.environ.get("PERFCTR_BUILD", top / "build")) / "accuracy"
