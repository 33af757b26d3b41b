#!/usr/bin/env python3
"""Which outcome of a test means that it noticed a mutant: what it said of a failed expectation, and nothing else."""
import sys
import time
import unittest
from pathlib import Path

from run import ended, verdict

CATCH2 = """unit_tests is a Catch v2.13.10 host application.
/src/tests/unit/core/merge_test.cpp:40: FAILED:
  CHECK( merged.fields == wanted )
with expansion:
  1 == 2

test cases: 9 | 8 passed | 1 failed
"""
CRASHED = """/src/tests/unit/core/merge_test.cpp:40: FAILED:
due to a fatal error condition:
  SIGSEGV - Segmentation violation signal
"""
MODEL = """not ok 1 - sync model: 20000 edits end equal (seed 7)
  error: '1 of 4 histories failed; the first: not as expected: the calendar differs'
"""


def is_alive(status):
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Verdicts(unittest.TestCase):
    def test_success_is_fine(self):
        self.assertEqual(verdict("unit", 0, "All tests passed").word, "fine")

    def test_a_failed_expectation_is_noticed_and_told(self):
        says = verdict("unit", 1, CATCH2)
        self.assertEqual(says.word, "noticed")
        self.assertIn("CHECK( merged.fields == wanted )", says.said)
        says = verdict("model", 1, MODEL)
        self.assertEqual(says.word, "noticed")
        self.assertIn("the calendar differs", says.said)

    def test_crashes_and_ports_and_ends_that_never_come_decide_nothing(self):
        for judge, code, output in [("unit", -11, ""), ("unit", 1, CRASHED), ("sync", 1, "==7==ERROR: AddressSanitizer"),
                                    ("unit", None, CATCH2), ("model", None, MODEL),
                                    ("model", 1, MODEL.replace("not as expected", "broken off")), ("model", 1, CATCH2)]:
            self.assertEqual(verdict(judge, code, output).word, "undecided", (judge, code, output))

    def test_what_hangs_is_ended_with_all_that_it_started(self):
        parent = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
        code, output = ended([sys.executable, "-c", parent], ".", 10)
        self.assertIsNone(code)
        status = Path(f"/proc/{int(output)}/stat")
        until = time.monotonic() + 10
        while is_alive(status) and time.monotonic() < until:
            time.sleep(0.05)
        self.assertFalse(is_alive(status))


if __name__ == "__main__":
    unittest.main()
