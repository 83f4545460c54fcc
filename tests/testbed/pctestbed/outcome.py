# SPDX-License-Identifier: LGPL-2.1-or-later
"""The outcomes of a test, the most severe last; the values are exit codes."""
import enum


class Outcome(enum.IntEnum):
    PASS = 0
    SKIP = 3
    ERROR = 4
    FAIL = 5


class TestbedError(Exception):
    """The environment is broken: something is missing or did not boot."""
