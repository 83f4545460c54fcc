# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames: whatever happens on the way, no wrong result comes out of it."""
import base64
import unittest
import zlib

from pctestbed.result import Collector


def line(number, kind, name, data=b"", who="g1"):
    payload = base64.b64encode(data) if data else b"-"
    head = f"~TB1 {who} {number} {kind} {name} ".encode() + payload + b" "
    return b"\n" + head + b"%08x\n" % zlib.crc32(head)


STEP = [line(0, "up", "-", b"6.1"), line(1, "begin", "s", b"echo hi"), line(2, "out", "s", b"hi\n"),
        line(3, "err", "s", b"\0\xff"), line(4, "end", "s", b"status=3 signal=0 timeout=0 ms=7"),
        line(5, "done", "-", b"1")]


def collect(*parts):
    collector = Collector()
    for part in parts:
        collector.feed(part)
    return collector.result("g1")


class Frames(unittest.TestCase):
    def test_a_job(self):
        result = collect(*STEP)
        step = result.steps["s"]
        self.assertEqual((step.stdout, step.stderr, step.status, step.ms, step.command),
                         (b"hi\n", b"\0\xff", 3, 7, "echo hi"))
        self.assertEqual((result.status, result.up, result.damaged), (1, "6.1", []))

    def test_a_guest_that_is_started_again_counts_anew(self):
        lives = [line(0, "up", "-", b"1"), line(1, "done", "-", b"0")] * 2
        self.assertEqual(collect(*lives).damaged, [])
        self.assertEqual(len(collect(*lives, line(3, "say", "-", b"x")).damaged), 1)

    def test_any_cut_of_the_stream(self):
        whole = b"".join(STEP)
        for cut in range(len(whole)):
            self.assertEqual(collect(whole[:cut], whole[cut:]), collect(whole))

    def test_noise_between_frames(self):
        noisy = [b"[ 1.0] kernel says ~ things\r\n\xff\xfe" + part for part in STEP]
        self.assertEqual(collect(*noisy).damaged, [])
        self.assertEqual(collect(*noisy).steps, collect(*STEP).steps)

    def test_each_damaged_byte_is_noticed(self):
        for at in range(1, len(STEP[2]) - 1):
            bad = bytearray(STEP[2])
            bad[at] ^= 1
            result = collect(*STEP[:2], bytes(bad), *STEP[3:])
            damaged = result.damaged or not result.ok
            self.assertTrue(damaged, bytes(bad))
            self.assertNotIn(result.steps["s"].stdout, (b"hh\n", b"ii\n"))

    def test_each_lost_frame_is_noticed(self):
        for lost in range(len(STEP) - 1):
            result = collect(*STEP[:lost], *STEP[lost + 1:])
            self.assertIn(b"missing", b"".join(result.damaged))
            self.assertFalse(result.ok)

    def test_a_lost_end_leaves_no_status(self):
        self.assertIsNone(collect(*STEP[:-1]).status)
        self.assertIsNone(collect(*STEP[:4]).steps["s"].status)

    def test_a_file_in_pieces_and_again(self):
        result = collect(line(0, "file", "f"), line(1, "file", "f", b"ab"), line(2, "file", "f", b"c"))
        self.assertEqual(result.files["f"], b"abc")
        result = collect(line(0, "file", "f", b"ab"), line(1, "file", "f"), line(2, "file", "f", b"c"))
        self.assertEqual(result.files["f"], b"c")

    def test_senders_have_their_own_numbers(self):
        collector = Collector()
        collector.feed(line(0, "up", "-", b"1") + line(0, "up", "-", b"2", "dom0")
                       + line(1, "con", "g1", b"boot\n", "dom0") + line(1, "done", "-", b"0"))
        self.assertEqual([r.damaged for r in collector.results.values()], [[], []])
        self.assertEqual(bytes(collector.result("g1").console), b"boot\n")


if __name__ == "__main__":
    unittest.main()
