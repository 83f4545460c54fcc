# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the base images from unpacked Debian packages.

  python3 -m pctestbed.images base OUT --tree DIR --tb TB
  python3 -m pctestbed.images dom0 OUT --tree DIR --tb TB --modules DIR
  python3 -m pctestbed.images overlay OUT --tree DIR --files LIST
"""
import argparse
import fnmatch
import os
import re
import subprocess
from pathlib import Path

from .cpio import Archive
from .outcome import TestbedError

GUEST_DIR = Path(__file__).resolve().parent.parent / "guest"
LIB = "usr/lib/x86_64-linux-gnu"
LIB_DIRS = (LIB, "lib/x86_64-linux-gnu", "usr/lib/xen-4.17/lib/x86_64-linux-gnu")
LOADER = "lib64/ld-linux-x86-64.so.2"
VERBS = ("step", "tb-signal", "tb-wait", "tb-barrier", "tb-tag")
DOM0_MODULES = ("xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xenfs")


def needed(path):
    """The libraries that an ELF file asks for."""
    text = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=False)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text.stdout)


def inside(tree, name):
    """Resolves symbolic links within a package tree."""
    path = tree / str(name).lstrip("/")
    while path.is_symlink():
        target = os.readlink(path)
        path = tree / target.lstrip("/") if target.startswith("/") else path.parent / target
    return path


def find_library(tree, name):
    for directory in LIB_DIRS:
        path = inside(tree, f"{directory}/{name}")
        if path.is_file():
            return path
    raise TestbedError(f"library {name} is in none of the image's packages: add its package "
                       "to the list in tests/testbed/images")


def add_libraries(archive, tree, path):
    for name in needed(path):
        if name.startswith("ld-linux"):
            archive.add_file(LOADER, find_library(tree, name))
        elif not archive.has(f"{LIB}/{name}"):
            library = find_library(tree, name)
            archive.add_file(f"{LIB}/{name}", library)
            add_libraries(archive, tree, library)


def add_wanted(archive, tree, patterns):
    """Adds the files that match, and the libraries of those that are programs."""
    names = [p.relative_to(tree).as_posix() for p in tree.rglob("*")
             if p.is_symlink() or not p.is_dir()]
    for pattern in patterns:
        found = fnmatch.filter(names, pattern.lstrip("/"))
        if not found:
            raise TestbedError(f"{pattern} is in none of the image's packages")
        for name in found:
            path = tree / name
            archive.add_file(name, path)
            if path.is_symlink():
                path = inside(tree, name)
                if not path.is_file():
                    continue
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    add_libraries(archive, tree, path)


def base(tree, tb):
    archive = Archive()
    for name in ("bin", "sbin", "lib", "lib64"):
        archive.add_dir(f"usr/{name}")
        archive.add_link(name, f"usr/{name}")
    for name in ("dev", "proc", "sys", "run", "tmp", "root", "var/log", "etc"):
        archive.add_dir(name)
    archive.add_link("var/run", "/run")
    # The kernel opens /dev/console for init before anything is mounted.
    archive.add_device("dev/console", 5, 1)
    busybox = inside(tree, "bin/busybox")
    archive.add_file("usr/bin/busybox", busybox)
    applets = subprocess.run([busybox, "--list-full"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        place = applet if applet.startswith("usr/") else f"usr/{applet}"
        if place not in ("usr/bin/busybox", "usr/linuxrc"):
            archive.add_link(place, "/usr/bin/busybox")
    archive.add_file("init", GUEST_DIR / "init")
    archive.add_file("tb/bin/tb", tb)
    for verb in VERBS:
        archive.add_link(f"tb/bin/{verb}", "tb")
    archive.add_bytes("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n")
    archive.add_bytes("etc/group", b"root:x:0:\nuser:x:1000:\n")
    return archive


def dom0(tree, tb, modules, patterns):
    archive = base(tree, tb)
    add_wanted(archive, tree, patterns)
    for name in ("dom0-start", "guest-start", "guest-wait", "guests-start", "dom0-run"):
        place = "tb" if name == "dom0-start" else "tb/bin"
        archive.add_file(f"{place}/{name}", GUEST_DIR / name)
    listed = []
    for name in DOM0_MODULES:
        path = next(Path(modules).rglob(f"{name}.ko"), None)
        if path is None:
            raise TestbedError(f"the kernel package has no module {name}")
        archive.add_file(f"tb/{name}.ko", path)
        listed.append(f"/tb/{name}.ko")
    archive.add_bytes("tb/modules", "\n".join(listed).encode() + b"\n")
    archive.add_bytes("etc/xen/xl.conf", b'autoballoon="off"\n')
    archive.add_dir("guests")
    return archive


def overlay(tree, patterns):
    archive = Archive()
    add_wanted(archive, tree, patterns)
    return archive


def read_list(path):
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("base", "dom0", "overlay"))
    parser.add_argument("out")
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--tb", type=Path)
    parser.add_argument("--modules", type=Path)
    parser.add_argument("--files", type=Path)
    args = parser.parse_args()
    try:
        if args.kind == "base":
            archive = base(args.tree, args.tb)
        elif args.kind == "dom0":
            archive = dom0(args.tree, args.tb, args.modules, read_list(args.files))
        else:
            archive = overlay(args.tree, read_list(args.files))
        with open(args.out, "wb") as out:
            archive.write(out)
    except TestbedError as error:
        raise SystemExit(f"images: {error}") from None


if __name__ == "__main__":
    main()
