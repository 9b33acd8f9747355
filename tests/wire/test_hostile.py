"""A little of tests/faults/hostile.py: what no gateway would send, while a good client meets nothing of it."""
import os
import random
import sys
import unittest

import lib

sys.path.insert(0, os.path.join(lib.SOURCE, "tests", "faults"))

import hostile  # noqa: E402


class Hostile(unittest.TestCase):
    maxDiff = None

    def check(self, name, scale, **settings):
        """The server's log."""
        found, log = hostile.run_row(name, random.Random(3), scale, **settings)
        self.assertEqual(found["wrong"], [], log[-4000:])
        self.assertNotIn("AddressSanitizer", log)
        self.assertNotIn("runtime error:", log)
        return log

    def test_files_of_the_fuzzers(self):
        self.check("every corpus file", 1)

    def test_random_bytes(self):
        self.check("random bytes", 0.05)

    def test_calls_with_faults(self):
        self.check("mutated calls", 0.1)

    def test_giant_lengths(self):
        self.check("giant lengths", 0.1)

    def test_calls_that_are_cut_short(self):
        self.check("cut short", 0.1)

    def test_calls_that_come_slowly(self):
        self.check("slow loris", 0.05)

    def test_one_process_does_not_get_all_connections(self):
        log = self.check("many connections", 0.02, max_connections=100)
        self.assertIn("75 of them of the same process (max_connections)", log)

    def test_one_process_does_not_get_all_events(self):
        log = self.check("deaf", 0.05, max_events=100)
        self.assertIn("75 events of one process run", log)

    def test_calls_that_are_not_whole_do_not_get_all_memory(self):
        log = self.check("hoarded calls", 0.5, max_message_size="1m", large=900 << 10)
        self.assertIn("calls that are not whole yet take all memory", log)


if __name__ == "__main__":
    lib.main()
