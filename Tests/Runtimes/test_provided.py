"""The start of a runtime that the function brings along."""

import pathlib
import tempfile
import unittest

from fake_runtime_api import Runtime

START = pathlib.Path(__file__).resolve().parent.parent.parent / "Runtimes" / "provided" / "bootstrap"
RUNTIME = """#!/bin/sh
# Answers one event with its own place and arguments, over a connection of the shell's own.
base=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
id=$(curl --silent --dump-header - --output /dev/null "$base/invocation/next" |
    sed -n 's/\\r$//; s/^Lambda-Runtime-Aws-Request-Id: //p')
curl --silent --output /dev/null --data "\\"$0 $# $_HANDLER\\"" "$base/invocation/$id/response"
"""


class Provided(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.start = self.root / "start"
        self.start.write_text(START.read_text().replace("/var/task", f"{self.root}/task").replace("/opt", f"{self.root}/opt"))
        self.start.chmod(0o755)

    def bring(self, place, mode=0o755):
        file = self.root / place / "bootstrap"
        file.parent.mkdir(exist_ok=True)
        file.write_text(RUNTIME)
        file.chmod(mode)
        return file

    def test_the_functions_own_bootstrap_comes_before_a_layers(self):
        layer = self.bring("opt")
        with Runtime([self.start], {"_HANDLER": "any"}) as runtime:
            self.assertEqual(runtime.answer({}), f"{layer} 0 any")
        own = self.bring("task")
        with Runtime([self.start], {"_HANDLER": "any"}) as runtime:
            self.assertEqual(runtime.answer({}), f"{own} 0 any")

    def test_none_is_an_init_error_that_says_where_one_was_looked_for(self):
        for mode, reason in ((None, "find valid bootstrap"), (0o644, "task/bootstrap is not executable")):
            if mode is not None:
                self.bring("task", mode)
            with self.subTest(reason), Runtime([self.start], {"_HANDLER": "any"}) as runtime:
                call = runtime.api.wait("POST init/error")
                self.assertEqual(call.json()["errorType"], "Runtime.InvalidEntrypoint")
                self.assertIn(reason, call.json()["errorMessage"])
                self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.InvalidEntrypoint")
                self.assertEqual(runtime.exit_code(), 1)
                self.assertIn(reason, runtime.output())


if __name__ == "__main__":
    unittest.main()
