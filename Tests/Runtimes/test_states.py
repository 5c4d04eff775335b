"""The programs of Tests/System/states as plain processes: where there was no snapshot they find no fault with it."""

import concurrent.futures
import os
import pathlib
import sys
import tempfile
import unittest

from fake_runtime_api import Runtime

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "System"))

import programs  # noqa: E402

STATES = [*programs.CARRIED, *programs.EITHER]


def fault(executable, state):
    """What a program finds in two invocations: nothing, as nothing happened."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = {"_HANDLER": state, "STATES_SCRATCH": scratch}
        with Runtime([str(executable)], settings, snap_start=True) as runtime:
            if not state.endswith("next"):
                runtime.api.wait("GET restore/next")
                runtime.api.restore()
            return [answer["why"] for answer in (runtime.answer({}), runtime.answer({})) if not answer["ok"]]


class States(unittest.TestCase):
    def test_no_program_finds_fault_where_there_was_no_snapshot(self):
        executables = programs.build(ROOT / ".build" / "states")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            futures = {
                state: pool.submit(fault, executables[state.partition(".")[0]], state) for state in STATES
            }
            for state, future in futures.items():
                with self.subTest(state):
                    self.assertEqual(future.result(), [])


if __name__ == "__main__":
    unittest.main()
