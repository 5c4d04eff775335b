"""AWS's own Python runtime interface client, as Thaw starts it, against the same Runtime API."""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

from fake_runtime_api import FUNCTION_ARN, Runtime

HERE = pathlib.Path(__file__).resolve().parent
FUNCTIONS = HERE / "functions"
RUNTIME = HERE.parent.parent / "Runtimes" / "python3.11"
PYTHON = os.environ.get("RUNTIME_PYTHON")


def python(handler, as_seed=False, environment=(), launcher=(), **behaviour):
    """The runtime with `handler`; `as_seed`, it is started without and told of it."""
    start = {"PYTHONDONTWRITEBYTECODE": "1"}
    settings = {**start, "_HANDLER": handler, "LAMBDA_TASK_ROOT": str(FUNCTIONS), **dict(environment)}
    command = [PYTHON, str(RUNTIME / "bootstrap.py")]
    if as_seed:
        behaviour |= {"defaults": start, "arguments": command}
        command = [*command, "--seed"]
    return Runtime([*launcher, *command], settings, directory=FUNCTIONS, **behaviour)


def exchanges(*answers):
    """What a connection makes of these answers, each a list of pieces that arrive one by one: bodies, or errors."""
    program = """if True:
        import json, sys
        from thaw_runtime.connection import Connection
        connection = Connection(sys.argv[1])
        for _ in range(int(sys.argv[2])):
            try:
                status, fields, body = connection.exchange(b"GET / HTTP/1.1\\r\\n\\r\\n")
                print(json.dumps([status, fields, body.decode()]))
            except OSError as error:
                print(json.dumps(str(error)))
        """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = subprocess.Popen(
            [PYTHON, "-c", program, "127.0.0.1:%d" % listener.getsockname()[1], str(len(answers))],
            env={"PYTHONPATH": str(RUNTIME), "PYTHONDONTWRITEBYTECODE": "1"}, stdout=subprocess.PIPE, text=True)
        with client, listener.accept()[0] as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pieces in answers:
                peer.recv(65536)
                for piece in pieces:
                    peer.sendall(piece)
                    time.sleep(0.02)
            peer.shutdown(socket.SHUT_WR)
            return [json.loads(line) for line in client.stdout]


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

    def test_the_runtime_finds_its_own_parts_whatever_the_search_path_is(self):
        for as_seed in (False, True):
            with self.subTest(as_seed=as_seed), python(
                    "paths.handler", as_seed=as_seed, environment={"PYTHONPATH": "/var/task/vendor:/elsewhere"}) as runtime:
                found = runtime.answer({})
                layers = "/opt/python/lib/python%d.%d/site-packages" % tuple(found["version"])
                self.assertEqual(found["path"][:4], [str(FUNCTIONS), layers, "/opt/python", str(RUNTIME)])
                # A seed has been started with its own path: functions that set another are not started from it.
                self.assertEqual("/var/task/vendor" in found["path"], not as_seed)

    def test_a_wrapper_is_given_the_runtimes_command_and_becomes_it(self):
        with tempfile.TemporaryDirectory() as directory:
            wrapper = pathlib.Path(directory, "wrapper")
            # As AWS's documentation has it: options go before the last argument.
            wrapper.write_text('#!/bin/bash\nargs=("$@")\nexport WRAPPED=$#\n'
                               'exec "${args[@]:0:$#-1}" -X utf8=1 "${args[@]: -1}"\n')
            start = [str(RUNTIME / "bootstrap")]
            with python("paths.handler", launcher=start, environment={"AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)}) as runtime:
                runtime.exit_code()
                self.assertIn(f"{wrapper}: is not an executable", runtime.output())
                self.assertEqual(runtime.exit_code(), 126)
            wrapper.chmod(0o755)
            with python("paths.handler", launcher=start, environment={"AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)}) as runtime:
                found = runtime.answer({})
                self.assertEqual((found["wrapped"], found["utf8"], found["shlvl"]), ("2", 1, "0"))
        with python("paths.handler", launcher=start, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/absent"}) as runtime:
            self.assertEqual(runtime.exit_code(), 127)
            self.assertIn("/absent: does not exist", runtime.output())

    def test_without_snap_start_the_first_call_asks_for_an_event(self):
        with python("hooks.handler") as runtime:
            self.assertEqual(runtime.answer({}), [])
            self.assertEqual(runtime.api.routes()[0], "GET invocation/next")

    def test_events_and_answers_of_six_megabytes_are_whole(self):
        with python("plain.echo") as runtime:
            event = "0123456789" * 629_000
            self.assertEqual(runtime.answer(event)["event"], event)
            self.assertEqual(runtime.api.connections, 1)

    def test_a_connection_that_was_closed_between_calls_is_made_anew(self):
        with python("plain.echo", snap_start=True, close_after_answer=True) as runtime:
            runtime.api.restore()
            for number in range(3):
                self.assertEqual(runtime.answer(number)["event"], number)
            self.assertGreater(runtime.api.connections, 3)

    def test_an_answer_that_is_refused_ends_the_runtime(self):
        with python("plain.echo", response_status=413) as runtime:
            runtime.api.send({})
            self.assertEqual(runtime.exit_code(), 1)
            self.assertIn("Http response code: 413", runtime.output())
            self.assertIn("RuntimeError: Failed to post invocation response", runtime.output())

    def test_a_restore_that_is_refused_is_an_init_error(self):
        with python("plain.echo", snap_start=True, restore_status=403) as runtime:
            runtime.api.restore()
            self.assertEqual(runtime.api.wait("POST init/error").json()["errorType"], "LambdaRuntimeClientError")
            self.assertEqual(runtime.exit_code(), 64)

    def test_hooks_run_around_restore_on_one_connection(self):
        with python("hooks.handler", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            self.assertEqual(runtime.answer({}), ["before second", "before first", "after first", "after second"])
            self.assertEqual(runtime.api.routes()[:3],
                             ["GET restore/next", "GET invocation/next", "POST invocation/response"])
            self.assertEqual(runtime.api.connections, 1)

    def test_a_seed_becomes_a_function_like_any_other(self):
        for snap_start in (False, True):
            with self.subTest(snap_start=snap_start), python(
                    "hooks.handler", as_seed=True, snap_start=snap_start) as runtime:
                runtime.api.restore()
                hooks = ["before second", "before first", "after first", "after second"] if snap_start else []
                self.assertEqual(runtime.answer({}), hooks)
                self.assertEqual(runtime.api.routes()[0], "GET seed/next")
                self.assertEqual(runtime.api.connections, 1)

    def test_a_seed_takes_on_the_environment_of_its_function(self):
        with python("plain.environment", as_seed=True, environment={"ONLY_HERE": "ü=1"}) as runtime:
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

    def test_functions_of_one_seed_draw_numbers_of_their_own(self):
        # Stands in for two clones of a seed: both would go on from the state that is set here.
        program = ("import random, ssl, thaw_runtime.runtime_seed as seed; random.seed(1);"
                   "seed._ask = lambda: {'arguments': [], 'environment': {}, 'workingDirectory': '/'};"
                   "seed.become_function(); print(random.random())")
        drawn = {subprocess.run([PYTHON, "-c", program], env={"PYTHONPATH": str(RUNTIME), "AWS_LAMBDA_RUNTIME_API": "x"},
                                check=True, capture_output=True, text=True).stdout for _ in range(2)}
        self.assertEqual(len(drawn), 2, drawn)

    def test_modules_that_keep_a_generator_begin_anew_and_are_named_when_they_cannot(self):
        program = """if True:
            import sys, types, thaw_runtime.randomness as randomness
            bson, torch = types.ModuleType("bson.objectid"), types.ModuleType("torch")
            bson.ObjectId, torch.seed = types.SimpleNamespace(_pid=1, _inc=None), lambda: 1 / 0
            sys.modules |= {"bson.objectid": bson, "torch": torch}
            randomness.refresh(); randomness.refresh()
            print(bson.ObjectId._pid, type(bson.ObjectId._inc))
            """
        done = subprocess.run([PYTHON, "-c", program], env={"PYTHONPATH": str(RUNTIME), "AWS_LAMBDA_RUNTIME_API": "x"},
                              check=True, capture_output=True, text=True)
        self.assertEqual(done.stdout, "None <class 'int'>\n")
        self.assertEqual(done.stderr, "the generator of torch cannot be made anew, so clones may draw the same from it:"
                         " ZeroDivisionError('division by zero')\n")

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


@unittest.skipUnless(PYTHON, "RUNTIME_PYTHON names no interpreter with awslambdaric: start these tests with ./run")
class PythonConnection(unittest.TestCase):
    def test_answers_may_come_in_pieces_and_spell_names_as_they_like(self):
        answer = b"HTTP/1.1 202 Accepted\r\nCONTENT-length:5\r\nX-a: b:c \r\n\r\nhello"
        whole = [202, {"content-length": "5", "x-a": "b:c"}, "hello"]
        self.assertEqual(exchanges([answer], [answer[:30], answer[30:-7], answer[-7:-2], answer[-2:]]), [whole, whole])

    def test_an_answer_that_does_not_say_its_length_is_refused(self):
        for fields in (b"", b"Transfer-Encoding: chunked\r\n", b"Content-Length: x\r\n"):
            with self.subTest(fields):
                self.assertIn("Content-Length", exchanges([b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n"])[0])

    def test_half_an_answer_is_none(self):
        self.assertIn("before it had answered", exchanges([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])[0])
        self.assertIn("before it had answered", exchanges([b"HTTP/1.1 200"])[0])


if __name__ == "__main__":
    unittest.main()
