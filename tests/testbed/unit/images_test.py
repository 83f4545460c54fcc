# SPDX-License-Identifier: LGPL-2.1-or-later
"""Archives and configurations that machines are made from."""
import io
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from pctestbed.cpio import Archive
from pctestbed.job import Job
from pctestbed.machine import Guest, Machine, xen_emulator
from pctestbed.outcome import TestbedError
from pctestbed.vmlinux import extract


def written(archive):
    out = io.BytesIO()
    archive.write(out)
    return out.getvalue()


def listed(data):
    """(mode, name) by a reader that is not ours."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["cpio", "-idm", "--quiet", "--no-absolute-filenames"], input=data,
                       cwd=directory, check=True, stderr=subprocess.DEVNULL)
        found = {}
        for path in Path(directory).rglob("*"):
            name = path.relative_to(directory).as_posix()
            found[name] = os.readlink(path) if path.is_symlink() else \
                None if path.is_dir() else (path.read_bytes(), os.access(path, os.X_OK))
        return found


class Archives(unittest.TestCase):
    def test_contents_come_out_as_they_went_in(self):
        archive = Archive()
        archive.add_bytes("/a/b/c", b"x" * 5)
        archive.add_bytes("run", b"", 0o755)
        archive.add_link("l", "a/b")
        self.assertEqual(listed(written(archive)), {
            "a": None, "a/b": None, "a/b/c": (b"xxxxx", False), "run": (b"", True), "l": "a/b"})

    def test_order_of_adding_does_not_matter(self):
        one, two = Archive(), Archive()
        for name in "abc":
            one.add_bytes(name, name.encode())
        for name in "cab":
            two.add_bytes(name, name.encode())
        self.assertEqual(written(one), written(two))

    def test_merged_usr(self):
        archive = Archive()
        archive.add_bytes("/lib/x.so", b"")
        archive.add_bytes("/libexec/y", b"")
        self.assertEqual(set(listed(written(archive))),
                         {"usr", "usr/lib", "usr/lib/x.so", "libexec", "libexec/y"})

    def test_directory_of_the_host(self):
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "d").mkdir()
            (Path(directory) / "d" / "run").write_text("#!/bin/sh\n")
            (Path(directory) / "d" / "run").chmod(0o755)
            found = listed(Job.from_dir(Path(directory) / "d").cpio())
            self.assertEqual(found["job/run"], (b"#!/bin/sh\n", True))

    def test_script_becomes_run(self):
        found = listed(Job("true\n", {"/tmp/x": b"1", "/t.sh": "#!/bin/sh\n"}).cpio())
        self.assertEqual(found["job/run"], (b"#!/bin/sh\ntrue\n", True))
        self.assertEqual(found["tmp/x"], (b"1", False))
        self.assertEqual(found["t.sh"], (b"#!/bin/sh\n", True))


class Configurations(unittest.TestCase):
    def test_guest(self):
        text = Guest("g1", Job("true"), vcpus=3, cpus="1",
                     config={"tsc_mode": "native", "vnuma": []}).xl_config(Machine())
        for expected in ('name = "g1"', "vcpus = 3", 'cpus = "1"', 'tsc_mode = "native"',
                         'on_crash = "destroy"', "TB_WHO=g1"):
            self.assertIn(expected, text)

    def test_types_of_guests(self):
        pvh = Guest("g", Job("true"), type="pvh").xl_config(Machine())
        hvm = Guest("g", Job("true"), type="hvm").xl_config(Machine())
        self.assertIn('type = "pvh"', pvh)
        self.assertIn('kernel = "/guests/vmlinux"', pvh)
        self.assertIn('kernel = "/guests/vmlinuz"', hvm)
        self.assertIn('device_model_version = "qemu-xen"', hvm)
        self.assertIn('tsc_mode = "native"', pvh)
        own = Guest("g", Job("true"), type="pvh", config={"tsc_mode": "default"})
        self.assertIn('tsc_mode = "default"', own.xl_config(Machine()))
        self.assertNotIn("tsc_mode", Guest("g", Job("true")).xl_config(Machine()))

    def test_guests_that_are_refused(self):
        for kind, words in (("pvh", "PVH guest"), ("hvm", "doc/adr/0006"), ("vm", "one of pv, ")):
            with self.assertRaises(TestbedError) as caught:
                xen_emulator(Machine(threads="multi"), [Guest("g", Job("true"), type=kind)])
            self.assertIn(words, str(caught.exception))

    def test_not_a_kernel(self):
        with self.assertRaises(TestbedError):
            extract(b"\0" * 4096)


if __name__ == "__main__":
    unittest.main()
