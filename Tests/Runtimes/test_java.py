"""The Java runtime as a process, against a Runtime API on a loopback port."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import zipfile

from fake_runtime_api import FUNCTION_ARN, Runtime

HERE = pathlib.Path(__file__).resolve().parent
RUNTIME = HERE.parent.parent / "Runtimes" / "java17"
workspace = None


def setUpModule():
    global workspace
    workspace = tempfile.TemporaryDirectory()
    root = pathlib.Path(workspace.name)
    subprocess.run([RUNTIME / "build", root / "runtime"], check=True)
    sources = sorted(str(path) for path in (HERE / "java").rglob("*.java"))
    subprocess.run(["javac", "--release", "17", "-encoding", "UTF-8", "-nowarn", "-Xlint:none", "-cp",
                    root / "runtime/thaw-runtime.jar", "-d", root / "task", *sources], check=True)


def tearDownModule():
    workspace.cleanup()


def java(handler, task=None, environment=None, as_seed=False, launched=False, **behaviour):
    """Starts the runtime with the flags it has in the base image; `as_seed`, without its function, which it is told."""
    root = pathlib.Path(workspace.name)
    launch = json.loads((RUNTIME / "bootstrap.json").read_text())
    if as_seed:
        launch = launch["seed"]
        behaviour["defaults"] = {}
    command = ["java", *launch["command"][1:]]
    if launched:
        command = [str(root / "runtime/bootstrap"), *command]
    command = [word.replace("{memory}", "512") for word in command]
    command = [word.replace("/var/runtime", str(root / "runtime")) for word in command]
    settings = {"_HANDLER": handler, "LAMBDA_TASK_ROOT": str(task or root / "task"), **(environment or {})}
    return Runtime(command, settings, **behaviour)


class Clones(unittest.TestCase):
    """What happens around a snapshot beside hooks."""

    def test_a_seed_becomes_a_function_with_its_environment(self):
        for snap_start in (False, True):
            with self.subTest(snap_start=snap_start), java(
                    "handlers.Cloned", as_seed=True, snap_start=snap_start,
                    environment={"ONLY_HERE": "ü=1"}) as runtime:
                runtime.api.restore()
                answer = runtime.answer("event")
                self.assertEqual(runtime.api.routes()[0], "GET seed/next")
                self.assertEqual((answer["only"], answer["environment"]["ONLY_HERE"]), ("ü=1", "ü=1"))
                self.assertEqual(answer["environment"]["AWS_LAMBDA_FUNCTION_NAME"], "example")

    def test_a_priming_event_is_handled_before_the_snapshot(self):
        with java("handlers.Cloned", snap_start=True, environment={
                "THAW_PRIME_EVENT": '"a"', "THAW_PRIME_COUNT": "5"}) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            self.assertEqual([event for event, _ in runtime.answer("b")["seen"]], ["a"] * 5 + ["b"])

    def test_a_failing_priming_event_is_logged_and_changes_nothing(self):
        with java("handlers.Cloned", snap_start=True, environment={"THAW_PRIME_EVENT": '"fail"'}) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            self.assertEqual(runtime.answer("b")["seen"][-1][0], "b")
            self.assertIn("priming failed", runtime.output())

    def test_a_generator_made_before_the_snapshot_has_a_new_seed_after_it(self):
        with java("handlers.Cloned", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            self.assertFalse(runtime.answer("b")["sameAsItsCopy"])
        with java("handlers.Cloned") as runtime:
            self.assertTrue(runtime.answer("b")["sameAsItsCopy"])


class HandlerForms(unittest.TestCase):
    """Each form of handler gives the answer its author means."""

    def test_every_form_of_handler_is_found_and_called(self):
        item, items = {"sku": "s", "amount": 1, "unknown": {"x": 1}}, {"body": {"sku": "a"}, "more": [{"sku": "b"}]}
        table = [
            ("handlers.Shapes$OfMap", {"a": [1, 2.5, True, "x", {"b": 12345678901}]}, None),
            ("handlers.Shapes$OfMap::handleRequest", {"a": 1}, None),
            ("handlers.Shapes$Raw", 1, ["Integer"]),
            ("handlers.Shapes$OfString", "hej", "hej!"),
            ("handlers.Shapes$OfInteger", 41, 42),
            ("handlers.Shapes$OfListOfBeans", [{"quantity": 1}, {"quantity": 2}], 3),
            ("handlers.Shapes$OfRecord", {"x": 1, "y": 2.5, "next": [{"x": 3, "y": 0.0}]}, None),
            ("handlers.Shapes$OfGenerics", items, "ab"),
            ("handlers.Shapes$Stream", 123, 321),
            ("handlers.Shapes::inputOnly", {"name": "n"}, "n"),
            ("handlers.Shapes::inputAndContext", item, "s7"),
            ("handlers.Shapes::nothing", {}, 42),
            ("handlers.Shapes::ofStatic", 5, 2.5),
            ("handlers.Shapes::streams", {"k": [1]}, None),
            ("handlers.Shapes::streamsAndContext", {}, "example"),
            ("handlers.Shapes::overloaded", "x", "two"),
        ]
        for handler, event, expected in table:
            with self.subTest(handler), java(handler) as runtime:
                self.assertEqual(runtime.answer(event), event if expected is None else expected)

    def test_nothing_returned_is_null(self):
        with java("handlers.Shapes::returnsNothing") as runtime:
            self.assertEqual(runtime.invoke({}).body, b"null")
        with java("handlers.Shapes$OfString") as runtime:
            self.assertEqual(runtime.invoke(b"null").body, b"null")
            self.assertEqual(runtime.invoke(b"").body, b"null")

    def test_the_request_id_is_the_one_of_the_event(self):
        with java("handlers.Shapes::contextOnly") as runtime:
            for _ in range(3):
                request_id = runtime.api.send({})
                call = runtime.api.outcome()
                self.assertEqual(call.json(), request_id)
                self.assertIn(request_id, call.path)
            self.assertEqual(runtime.api.connections, 1)

    def test_the_context_tells_what_the_platform_said(self):
        client = {"client": {"app_title": "tïtle"}, "custom": {"k": "v"}, "env": {}}
        headers = [("Lambda-Runtime-Client-Context", json.dumps(client)),
                   ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"id","cognitoIdentityPoolId":"p"}')]
        with java("handlers.Shapes::ofContext") as runtime:
            answer = runtime.invoke({}, headers).json()
            output = runtime.output()
        self.assertEqual(answer["arn"], FUNCTION_ARN)
        self.assertEqual((answer["memory"], answer["remaining"], answer["identity"]), (512, True, "id"))
        self.assertEqual((answer["title"], answer["custom"]), ("tïtle", {"k": "v"}))
        self.assertTrue(answer["trace"].startswith("Root=1-"))
        self.assertEqual((answer["zone"], answer["charset"]), ("UTC", "UTF-8"))
        self.assertEqual(output, "logged without a line end\nprinted without a line end")


class Binding(unittest.TestCase):
    """JSON to and from Java values."""

    def test_a_bean_takes_and_gives_every_kind_of_property(self):
        order = {"orderId": "o-1", "quantity": 2, "big": 9007199254740993, "price": 12345678901234567890.123,
                 "express": True, "colour": "GREEN", "placed": 1700000000000, "seen": 1709208000.5,
                 "blob": "AAEC", "items": [{"sku": "a", "amount": 1}], "byColour": {"RED": {"sku": "r", "amount": 0}},
                 "tags": ["x", "y"], "array": [{"sku": "z", "amount": 9}], "any": {"deep": [1, 1.5, None]},
                 "note": "hello"}
        with java("handlers.Shapes$OfBean") as runtime:
            text = json.dumps(order).replace("1.2345678901234567e+19", "12345678901234567890.123")
            call = runtime.invoke(text.encode())
            self.assertIn(b'"price":12345678901234567890.123,', call.body)
            self.assertEqual(call.json(), {**order, "URLOfOrder": "u"})
            self.assertEqual(list(call.json())[:2], ["orderId", "quantity"])

    def test_what_does_not_fit_exactly_is_coerced_as_jackson_would(self):
        table = [
            ({"quantity": "7"}, {"quantity": 7}), ({"quantity": 7.9}, {"quantity": 7}), ({"quantity": None}, {"quantity": 0}),
            ({"orderId": 5}, {"orderId": "5"}), ({"colour": "PURPLE"}, {}), ({"tags": "one"}, {"tags": ["one"]}),
            ({"items": {"sku": "a"}}, {"items": [{"sku": "a", "amount": 0}]}), ({"big": ""}, {}),
            ({"orderid": "wrong case"}, {}), ({"placed": "2024-01-01T00:00:00.000+0100"}, {"placed": 1704063600000}),
            ({"express": "true"}, {"express": True}), ({"any": None, "unknown": [[[]]]}, {}),
        ]
        with java("handlers.Shapes$OfBean") as runtime:
            for event, expected in table:
                with self.subTest(str(event)):
                    answer = runtime.answer(event)
                    always = {"quantity": 0, "express": False, "note": None, "URLOfOrder": "u"}
                    self.assertEqual(answer, {**always, **expected})

    def test_text_of_every_kind_comes_back_unharmed(self):
        texts = ["", "plain", "åäö €", "😀\U0010ffff", "\"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028", "x" * 100000]
        with java("handlers.Shapes::ofText") as runtime:
            for text in texts:
                with self.subTest(text[:10]):
                    self.assertEqual(runtime.answer(text), text)
                    self.assertEqual(runtime.invoke(json.dumps(text).encode()).json(), text)
            self.assertEqual(runtime.invoke(b'"\\ud83d"').json(), "\ud83d")

    def test_numbers_keep_their_value(self):
        numbers = [0, -1, 2**31 - 1, -2**31, 2**63 - 1, -2**63, 2**64, 10**200, 0.1, -1.5e-300, 1e22]
        with java("handlers.Shapes$OfMap") as runtime:
            self.assertEqual(runtime.answer({"n": numbers}), {"n": numbers})

    def test_malformed_events_are_the_callers_error_and_not_the_end(self):
        table = [b"{", b"[1,]", b"{\"a\" 1}", b"{a:1}", b"nul", b"01", b"1.", b"-", b"1e", b"\"\x01\"", b"\"\\x\"",
                 b"\"\\u12g4\"", b"{} {}", b"\"open", b"[" * 100000, b"1" * 2000, b"\xff", b"tru\xe9"]
        with java("handlers.Shapes$OfMap") as runtime:
            for event in table:
                with self.subTest(event[:20]):
                    error = runtime.failure(event)
                    self.assertEqual(error["errorMessage"], "An error occurred during JSON parsing")
                    self.assertEqual(error["errorType"], "java.lang.RuntimeException")
                    self.assertEqual(error["cause"]["errorType"], "java.io.UncheckedIOException")
                    self.assertEqual(error["stackTrace"], [])
            self.assertEqual(runtime.answer({"still": "here"}), {"still": "here"})

    def test_events_of_the_wrong_type_say_what_is_wrong(self):
        table = [
            ("handlers.Shapes$OfString", b"{}", "cannot make a java.lang.String of an object"),
            ("handlers.Shapes$OfMap", b"\"x\"", "cannot make a java.util.Map of a string"),
            ("handlers.Failing::ofInt", b"2147483648", "is not in the range of int"),
            ("handlers.Failing::ofInt", b"\"1e999999999\"", "is not in the range of int"),
            ("handlers.Shapes$OfBean", b'{"items":[{"amount":"many"}]}', "(in handlers.Shapes$Item.amount)"),
            ("handlers.Shapes$OfBean", b'{"blob":"*"}', "is not base64"),
        ]
        for handler, event, message in table:
            with self.subTest(message), java(handler) as runtime:
                self.assertIn(message, runtime.failure(event)["cause"]["errorMessage"])

    def test_a_payload_of_six_megabytes_goes_both_ways(self):
        event = {"text": "ü" * 3_000_000, "list": list(range(1000))}
        for behaviour in ({}, {"chunked": True}, {"close_after_answer": True}):
            with self.subTest(str(behaviour)), java("handlers.Shapes$OfMap", **behaviour) as runtime:
                for _ in range(2):
                    self.assertEqual(runtime.answer(event), event)
                self.assertEqual(runtime.answer({}), {})


class Errors(unittest.TestCase):
    """What fails is reported as AWS reports it."""

    def test_an_exception_is_reported_with_type_message_stack_and_cause(self):
        with java("handlers.Failing::throwing") as runtime:
            call = runtime.invoke({})
            log = runtime.output()
        self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.UserException")
        error = call.json()
        self.assertEqual((error["errorMessage"], error["errorType"]), ("outer", "java.lang.IllegalStateException"))
        self.assertTrue(error["stackTrace"][0].startswith("handlers.Failing.throwing(Failing.java:"))
        self.assertFalse([frame for frame in error["stackTrace"] if "thaw.runtime" in frame])
        self.assertEqual(error["cause"]["errorType"], "java.lang.NumberFormatException")
        self.assertIn("outer: java.lang.IllegalStateException\njava.lang.IllegalStateException: outer\n\tat handlers", log)
        self.assertIn("Caused by: java.lang.NumberFormatException: inner", log)

    def test_a_failed_event_does_not_stop_the_next(self):
        with java("handlers.Failing::sometimes") as runtime:
            self.assertEqual(runtime.failure({"fail": 1})["errorMessage"], "asked to")
            self.assertEqual(runtime.answer({}), "fine")

    def test_odd_failures_are_reported_all_the_same(self):
        table = [("checked", "java.io.IOException"), ("cyclic", "java.lang.RuntimeException"),
                 ("withBrokenMessage", "handlers.Failing$1")]
        for method, error_type in table:
            with self.subTest(method), java("handlers.Failing::" + method) as runtime:
                self.assertEqual(runtime.failure({})["errorType"], error_type)

    def test_a_jvm_that_cannot_be_trusted_ends_after_the_report(self):
        with java("handlers.Failing::stackOverflow") as runtime:
            self.assertEqual(runtime.failure({})["errorType"], "java.lang.StackOverflowError")
            self.assertEqual(runtime.exit_code(), 1)

    def test_a_handler_that_exits_ends_the_process_with_its_code(self):
        with java("handlers.Failing::exiting") as runtime:
            runtime.api.send({})
            self.assertEqual(runtime.exit_code(), 7)

    def test_a_refused_answer_does_not_stop_the_next(self):
        with java("handlers.Shapes::nothing", response_status=413) as runtime:
            for _ in range(2):
                runtime.invoke({})
            self.assertIn("status 413", runtime.output())

    def test_unusable_handlers_are_init_errors(self):
        table = [
            ("handlers.Missing", "java.lang.ClassNotFoundException", "Class not found: handlers.Missing"),
            ("handlers.Shapes", "java.lang.RuntimeException", "does not implement an appropriate handler interface"),
            ("handlers.Shapes::absent", "java.lang.NoSuchMethodException", "No public method named absent"),
            ("::x", "java.lang.RuntimeException", "Invalid handler"),
            ("a::", "java.lang.RuntimeException", "Invalid handler"),
            ("", "java.lang.RuntimeException", "Invalid handler"),
            ("handlers.Failing$InConstructor::handle", "java.lang.IllegalArgumentException", "constructor"),
            ("handlers.Failing$NoConstructor::handle", "java.lang.NoSuchMethodException", "zero-argument constructor"),
            ("handlers.Failing$InStaticInitialiser::handle", "java.lang.ExceptionInInitializerError", "static"),
        ]
        for snap_start in (False, True):
            for handler, error_type, message in table:
                with self.subTest(handler, snap_start=snap_start), java(handler, snap_start=snap_start) as runtime:
                    call = runtime.api.wait("POST init/error")
                    self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.BadFunctionCode")
                    self.assertEqual(call.json()["errorType"], error_type)
                    self.assertIn(message, call.json()["errorMessage"])
                    self.assertEqual(runtime.exit_code(), 1)
                    self.assertEqual(runtime.api.routes(), ["POST init/error"])


class Snapshots(unittest.TestCase):
    """Hooks around the snapshot."""

    def test_hooks_run_in_aws_order_and_forgotten_resources_do_not(self):
        with java("handlers.Hooks$Ordered", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            expected = ["before a", "before c", "before b", "after b", "after c", "after a"]
            self.assertEqual(runtime.answer({}), expected)
            self.assertEqual(runtime.api.routes()[:3],
                             ["GET restore/next", "GET invocation/next", "POST invocation/response"])
            self.assertEqual(runtime.api.connections, 1)

    def test_without_snap_start_no_hook_runs(self):
        with java("handlers.Hooks$Ordered") as runtime:
            self.assertEqual(runtime.answer({}), [])
            self.assertNotIn("GET restore/next", runtime.api.routes())

    def test_a_failing_before_hook_is_an_init_error_after_all_hooks_ran(self):
        with java("handlers.Hooks$FailingBefore", snap_start=True) as runtime:
            call = runtime.api.wait("POST init/error")
            self.assertEqual(runtime.exit_code(), 64)
            log = runtime.output()
        self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.BeforeCheckpointError")
        self.assertEqual(call.json()["errorType"], "org.crac.CheckpointException")
        self.assertEqual([line for line in log.splitlines() if line.startswith("before")],
                         ["before z", "before y", "before x", "before a", "before c", "before b"])
        for name in ("x", "y"):
            self.assertIn(f"Suppressed: java.lang.IllegalStateException: before {name} failed", log)

    def test_a_failing_after_hook_is_a_restore_error_after_all_hooks_ran(self):
        with java("handlers.Hooks$FailingAfter", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            call = runtime.api.wait("POST restore/error")
            self.assertEqual(runtime.exit_code(), 64)
            log = runtime.output()
        self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.AfterRestoreError")
        self.assertEqual(call.json()["errorType"], "org.crac.RestoreException")
        self.assertIn("after y", log)

    def test_a_refused_restore_is_an_init_error(self):
        with java("handlers.Hooks$Ordered", snap_start=True, restore_status=500) as runtime:
            runtime.api.restore()
            call = runtime.api.wait("POST init/error")
            self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.BeforeCheckpointError")
            self.assertEqual(runtime.exit_code(), 64)

    def test_a_function_cannot_take_a_snapshot_itself(self):
        with java("handlers.Hooks$Checkpointing") as runtime:
            self.assertEqual(runtime.answer({}), "UnsupportedOperationException")

    def test_generators_used_before_the_snapshot_have_fresh_seeds_and_no_read_ahead_in_a_clone(self):
        fifos = [os.path.join(workspace.name, name) for name in ("snapshot", "sampled")]
        for fifo in fifos:
            os.mkfifo(fifo)
        settings = {"JAVA_TOOL_OPTIONS": "--add-opens=java.base/sun.security.provider=ALL-UNNAMED",
                    "SNAPSHOT_FIFO": fifos[0], "SAMPLED_FIFO": fifos[1]}
        with java("handlers.Hooks$Random", environment=settings, snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            open(fifos[0], "w").close()
            open(fifos[1]).close()
            runtime.api.restore()
            first, second = runtime.answer({}), runtime.answer({})
            self.assertEqual(first[:2], [True, 0])
            self.assertNotEqual(first[2], second[2])

    def test_a_connection_lost_in_the_snapshot_is_dialled_again(self):
        with java("handlers.Hooks$Ordered", snap_start=True, close_after_answer=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            self.assertEqual(len(runtime.answer({})), 6)


class ClassPath(unittest.TestCase):
    """Where the function's classes come from."""

    def test_classes_come_from_jars_in_lib_and_copies_of_the_interfaces_do_no_harm(self):
        root = pathlib.Path(workspace.name)
        task = root / "jars"
        (task / "lib").mkdir(parents=True)
        with zipfile.ZipFile(task / "lib/function.jar", "w") as jar:
            for path in sorted((root / "task").rglob("*.class")):
                jar.write(path, path.relative_to(root / "task"))
        with zipfile.ZipFile(root / "runtime/thaw-runtime.jar") as ours, \
                zipfile.ZipFile(task / "lib/aws-lambda-java-core.jar", "w") as jar:
            for name in ours.namelist():
                if name.startswith(("com/amazonaws", "org/crac")):
                    jar.writestr(name, ours.read(name))
        with java("handlers.Hooks$Ordered", task=task, snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            self.assertEqual(len(runtime.answer({})), 6)


class Logging(unittest.TestCase):
    """The function's log."""

    def test_json_format_makes_each_record_an_object(self):
        with java("handlers.Failing::throwing", environment={"AWS_LAMBDA_LOG_FORMAT": "JSON"}) as runtime:
            request_id = runtime.api.send({})
            runtime.api.outcome()
            record = json.loads(runtime.output())
        self.assertEqual(record["AWSRequestId"], request_id)
        self.assertTrue(record["message"].startswith("outer: java.lang.IllegalStateException\n"))


if __name__ == "__main__":
    unittest.main()
