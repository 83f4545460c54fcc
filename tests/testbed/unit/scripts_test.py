# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shell scripts: shellcheck, the cache, patch series."""
import concurrent.futures
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

TESTBED = Path(__file__).resolve().parent.parent
SCRIPTS = ["build-images", "build-qemu", "build-xen", "fetch-source", "get-kernel",
           "install-packages", "make-patchset", "lib.sh", "apt.sh", "tree.sh", "versions.sh"]
GUEST_SCRIPTS = ["init", "dom0-start", "dom0-run", "guest-start", "guest-wait", "guests-start"]


def bash(script, cache, **variables):
    return subprocess.run(["bash", "-c", f'. "{TESTBED}/lib.sh"; . "{TESTBED}/tree.sh"\n{script}'],
                          env={**os.environ, "PERFCTR_CACHE": str(cache), **variables},
                          capture_output=True, text=True, check=False)


class Shellcheck(unittest.TestCase):
    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_scripts(self):
        for directory, names in ((TESTBED, SCRIPTS), (TESTBED / "guest", GUEST_SCRIPTS)):
            done = subprocess.run(["shellcheck", "-x", *names], cwd=directory,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.stdout, "")


class WithDirectory(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.cache = Path(holder.name)


class Cache(WithDirectory):
    MAKE = 'make_it() { echo made >>"$CACHE/log"; sleep 0.2; echo 1 >"$1/a"; }\ncached thing k make_it'

    def test_made_once_also_by_many_at_once(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = list(pool.map(lambda _: bash(self.MAKE, self.cache), range(4)))
        self.assertEqual({run.stdout for run in runs}, {f"{self.cache}/thing-k\n"})
        self.assertEqual((self.cache / "log").read_text(), "made\n")

    def test_a_failure_in_the_middle_leaves_nothing(self):
        run = bash('make_it() { echo 1 >"$1/a"; false; echo 2 >"$1/b"; }\n'
                   'dir=$(cached thing k make_it); echo "went on with $dir"', self.cache)
        self.assertEqual((run.returncode, run.stdout), (4, ""))
        self.assertFalse((self.cache / "thing-k").exists())
        self.assertEqual(os.listdir(self.cache / "new"), [])

    def test_cache_that_cannot_be_written(self):
        run = bash(self.MAKE, "/proc/nowhere")
        self.assertEqual(run.returncode, 4)
        self.assertIn("cannot write to the cache", run.stderr)


class Trees(WithDirectory):
    def setUp(self):
        super().setUp()
        self.source, self.patches = self.cache / "source", self.cache / "patches"
        for directory in (self.source, self.patches, self.cache / "overlay/sub"):
            directory.mkdir(parents=True)
        (self.source / "f").write_text("one\ntwo\nthree\n")
        (self.source / "other").write_text("other\n")
        (self.cache / "overlay/sub/new").write_text("new\n")

    def patch(self, name, old="two", new="2"):
        (self.patches / name).write_text(
            f"Why.\n--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-{old}\n+{new}\n three\n")
        (self.patches / "series").write_text(f"# comment\n{name}\n")

    def run_patch(self):
        c = self.cache
        return bash(f"tree_create {self.source} {c}/tree; "
                    f"tree_patch {c}/tree {self.patches} {c}/overlay", c)

    def test_patched_and_only_what_differs_is_touched(self):
        self.patch("a.patch")
        self.assertEqual(self.run_patch().returncode, 0)
        tree = self.cache / "tree"
        self.assertEqual((tree / "f").read_text(), "one\n2\nthree\n")
        self.assertEqual((tree / "sub/new").read_text(), "new\n")
        same = ("other", "sub/new")
        before = [(tree / name).stat().st_mtime_ns for name in same]
        self.patch("a.patch", new="zwei")
        self.assertEqual(self.run_patch().returncode, 0)
        self.assertEqual((tree / "f").read_text(), "one\nzwei\nthree\n")
        self.assertEqual([(tree / name).stat().st_mtime_ns for name in same], before)

    def test_no_fuzz(self):
        self.patch("a.patch", old="twenty")
        run = self.run_patch()
        self.assertEqual(run.returncode, 4)
        self.assertIn("patch a.patch does not apply", run.stderr)

    def test_overlay_has_new_files_only(self):
        (self.cache / "overlay/f").write_text("mine\n")
        run = self.run_patch()
        self.assertEqual(run.returncode, 4)
        self.assertIn("f exists upstream already", run.stderr)

    def test_no_series_is_no_patch(self):
        self.assertEqual(self.run_patch().returncode, 0)
        self.assertEqual((self.cache / "tree/f").read_text(), "one\ntwo\nthree\n")


if __name__ == "__main__":
    unittest.main()
