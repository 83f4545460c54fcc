# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests booted in a row: only those count that did what they were told."""
import unittest

from pctestbed import boots


class Tallies(unittest.TestCase):
    def setUp(self):
        self.tally = boots.Tally(2)
        self.sums = "\n".join(reversed(boots.expected(2))).encode()

    def boot(self, number, sums=None, cpus=b"6.1 cpus=2", done=b"0", status=0):
        event = self.tally.event
        if cpus is not None:
            event(boots.GUEST, "up", "-", cpus)
            event(boots.GUEST, "out", "sums", self.sums if sums is None else sums)
        if done is not None:
            event(boots.GUEST, "done", "-", done)
        event("dom0", "say", "-", f"{number} {status} {10 + number}".encode())

    def test_all_work(self):
        for number in (1, 2, 3):
            self.boot(number)
        self.assertEqual(self.tally.worked, [11, 12, 13])
        self.assertIn("3 of 3 pvh guests with 2 VCPUs", self.tally.summary("pvh", 3))
        self.assertIn("median 12, 11 to 13", self.tally.summary("pvh", 3))

    def test_failures(self):
        self.boot(1, cpus=b"6.1 cpus=1")
        self.boot(2, sums=self.sums.replace(b"1 ", b"0 "))
        self.boot(3, sums=self.sums[:-20])
        self.boot(4, done=b"7")
        self.boot(5, done=None, status=1)
        self.boot(6, cpus=None, done=None, status=1)
        self.boot(7, done=None, status=124)
        self.boot(8)
        self.assertEqual(self.tally.worked, [18])
        for failure, word in zip(self.tally.failures, (
                "1 VCPUs", "checksums", "checksums", "status 7", "the guest died",
                "before its job", "not finished"), strict=True):
            self.assertIn(word, failure)

    def test_one_that_could_not_be_started(self):
        self.tally.event("dom0", "say", "-", b"1 cannot be started: no memory")
        self.boot(1, cpus=None, done=None, status=1)
        self.assertEqual(len(self.tally.failures), 1)


if __name__ == "__main__":
    unittest.main()
