# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the unit tests here and ends with the line that all suites end with."""
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

suite = unittest.defaultTestLoader.discover(str(HERE), pattern="*_test.py")
result = unittest.TextTestRunner(verbosity=1, stream=sys.stdout).run(suite)
failed = len(result.failures) + len(result.errors)
skipped = len(result.skipped)
for test, reason in result.skipped:
    print(f"skipped {test}: {reason}")
print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
