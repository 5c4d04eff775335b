"""AWS's own Python runtime interface client, as Thaw starts it, against the same Runtime API."""

import os
import pathlib
import subprocess
import unittest

from fake_runtime_api import FUNCTION_ARN, Runtime

HERE = pathlib.Path(__file__).resolve().parent
FUNCTIONS = HERE / "functions"
RUNTIME = HERE.parent.parent / "Runtimes" / "python3.11"
PYTHON = os.environ.get("RUNTIME_PYTHON")


def python(handler, as_layer=False, environment=(), **behaviour):
    """The runtime with `handler`; `as_layer`, it is started without and told of it."""
    start = {"PYTHONPATH": str(RUNTIME), "PYTHONDONTWRITEBYTECODE": "1"}
    settings = {**start, "_HANDLER": handler, "LAMBDA_TASK_ROOT": str(FUNCTIONS), **dict(environment)}
    command = [PYTHON, "-m", "thaw_runtime", handler]
    if as_layer:
        behaviour |= {"defaults": start, "arguments": command}
        command = [*command[:-1], "--layer"]
    return Runtime(command, settings, directory=FUNCTIONS, **behaviour)


@unittest.skipUnless(PYTHON, "RUNTIME_PYTHON names no interpreter with awslambdaric: start these tests with ./run")
class PythonRuntime(unittest.TestCase):
    def test_events_are_answered_and_failures_reported(self):
        with python("plain.echo") as runtime:
            for event in ({"text": "ü😀"}, [1, 2.5, None], "x" * 1_000_000):
                self.assertEqual(runtime.answer(event), {"event": event, "arn": FUNCTION_ARN, "version": "7"})
            self.assertIn("served 8476a536", runtime.output())
        with python("plain.fail") as runtime:
            request_id = runtime.api.send({})
            error = runtime.api.outcome().json()
        self.assertEqual((error["errorType"], error["errorMessage"], error["requestId"]),
                         ("ValueError", "no good", request_id))

    def test_without_snap_start_the_first_call_asks_for_an_event(self):
        with python("hooks.handler") as runtime:
            self.assertEqual(runtime.answer({}), [])
            self.assertEqual(runtime.api.routes()[0], "GET invocation/next")

    def test_hooks_run_around_restore_on_connections_of_their_own(self):
        with python("hooks.handler", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            self.assertEqual(runtime.answer({}), ["before second", "before first", "after first", "after second"])
            self.assertEqual(runtime.api.routes()[:3],
                             ["GET restore/next", "GET invocation/next", "POST invocation/response"])
            self.assertEqual(runtime.api.connections, 2)

    def test_a_layer_becomes_a_function_like_any_other(self):
        for snap_start in (False, True):
            with self.subTest(snap_start=snap_start), python(
                    "hooks.handler", as_layer=True, snap_start=snap_start) as runtime:
                runtime.api.restore()
                hooks = ["before second", "before first", "after first", "after second"] if snap_start else []
                self.assertEqual(runtime.answer({}), hooks)
                self.assertEqual(runtime.api.routes()[0], "GET layer/next")

    def test_a_layer_takes_on_the_environment_of_its_function(self):
        with python("plain.environment", as_layer=True, environment={"ONLY_HERE": "ü=1"}) as runtime:
            environment = runtime.answer({})
        self.assertEqual((environment["ONLY_HERE"], environment["_HANDLER"]), ("ü=1", "plain.environment"))
        self.assertEqual(environment["AWS_LAMBDA_FUNCTION_NAME"], "example")

    def test_a_priming_event_is_handled_before_the_hooks(self):
        with python("primed.handler", snap_start=True, environment={
                "THAW_PRIME_EVENT": '{"a": 1}', "THAW_PRIME_COUNT": "2"}) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            seen = runtime.answer("event")
        self.assertEqual(seen[:3], [*[[{"a": 1}, "thaw-priming"]] * 2, "before"])
        self.assertEqual(seen[4][0], "event")

    def test_a_failing_priming_event_is_logged_and_changes_nothing(self):
        for event in ('"fail"', "no JSON"):
            with self.subTest(event), python(
                    "primed.handler", snap_start=True, environment={"THAW_PRIME_EVENT": event}) as runtime:
                runtime.api.wait("GET restore/next")
                runtime.api.restore()
                self.assertIn("before", runtime.answer("event"))
                self.assertIn("priming failed", runtime.output())

    def test_functions_of_one_layer_draw_numbers_of_their_own(self):
        # Stands in for two clones of a layer: both would go on from the state that is set here.
        program = ("import random, ssl, thaw_runtime.layer as layer; random.seed(1);"
                   "layer._ask = lambda: {'arguments': [], 'environment': {}, 'workingDirectory': '/'};"
                   "layer.become_function(); print(random.random())")
        drawn = {subprocess.run([PYTHON, "-c", program], env={"PYTHONPATH": str(RUNTIME), "AWS_LAMBDA_RUNTIME_API": "x"},
                                check=True, capture_output=True, text=True).stdout for _ in range(2)}
        self.assertEqual(len(drawn), 2, drawn)

    def test_a_failing_before_hook_is_an_init_error(self):
        with python("failing_before.handler", snap_start=True) as runtime:
            call = runtime.api.wait("POST init/error")
            self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.BeforeSnapshotError")
            self.assertEqual(call.json()["errorMessage"], "before failed")
            self.assertEqual(runtime.exit_code(), 64)

    def test_a_failing_after_hook_is_a_restore_error(self):
        with python("failing_after.handler", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            call = runtime.api.wait("POST restore/error")
            self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.AfterRestoreError")
            self.assertEqual(call.json()["errorMessage"], "after failed")
            self.assertEqual(runtime.exit_code(), 65)

    def test_unusable_handlers_are_init_errors(self):
        table = [("absent.handler", "Runtime.ImportModuleError"), ("plain.absent", "Runtime.HandlerNotFound"),
                 ("nodot", "Runtime.MalformedHandlerName"), ("broken.handler", "Runtime.ImportModuleError")]
        for handler, error_type in table:
            with self.subTest(handler), python(handler, snap_start=True) as runtime:
                call = runtime.api.wait("POST init/error")
                self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], error_type)
                self.assertEqual(runtime.exit_code(), 1)
                self.assertEqual(runtime.api.routes(), ["POST init/error"])


if __name__ == "__main__":
    unittest.main()
