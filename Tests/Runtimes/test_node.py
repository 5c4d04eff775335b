"""The Node.js runtime as a process, against a Runtime API on a loopback port."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from fake_runtime_api import FUNCTION_ARN, Runtime

HERE = pathlib.Path(__file__).resolve().parent
RUNTIME = HERE.parent.parent / "Runtimes" / "nodejs20"
NODE = os.environ.get("RUNTIME_NODE")
workspace = None
PLACES = {"/var/runtime": "runtime", "/var/lang": "lang", "/var/node_modules": "node_modules"}


# As these packages draw ahead: each gives the buffer that it keeps.
POOLS = {
    "node_modules/uuid/package.json": '{"type": "module", "exports": "./rng.js"}',
    "node_modules/uuid/rng.js": """
        import { randomFillSync } from "crypto";
        const pool = new Uint8Array(256);
        export default function rng() { randomFillSync(pool); return pool; }
    """,
    "node_modules/nanoid/package.json": '{"type": "module", "exports": "./index.js"}',
    "node_modules/nanoid/index.js": """
        import { webcrypto as crypto } from "node:crypto";
        export const pool = Buffer.allocUnsafe(128 * 21);
        let fillPool = () => { crypto.getRandomValues(pool); };
        export const nanoid = () => { fillPool(); return pool; };
    """,
    "node_modules/bson/index.js": """
        const draw = (() => { try { return require("crypto").randomBytes; } catch { return null; } })();
        exports.unique = draw(5);
        exports.id = draw(16);
    """,
    "index.mjs": """
        import crypto from "crypto";
        import uuid from "uuid";
        import { nanoid } from "nanoid";
        import bson from "bson";
        const bundled = new Uint8Array(256);
        (function rng() { crypto.randomFillSync(bundled); })();
        const drawn = { uuid: uuid(), nanoid: nanoid(), bson: bson.unique, bundled, "a key": crypto.randomBytes(256),
          "an array": crypto.randomFillSync(new Uint8Array(256)), "an id": bson.id };
        const texts = () => Object.entries(drawn).map(([name, bytes]) => [name, Buffer.from(bytes).toString("hex")]);
        const before = new Map(texts());
        export const handler = async () => Object.fromEntries(texts().map(([name, text]) => [name, text !== before.get(name)]));
    """,
}


def setUpModule():
    """Lays the runtime out as its image has it, in a directory."""
    global workspace
    if not NODE:
        raise unittest.SkipTest("RUNTIME_NODE names no Node.js: start these tests with ./run")
    workspace = tempfile.TemporaryDirectory()
    root = pathlib.Path(workspace.name)
    subprocess.run([RUNTIME / "build", root / "built"], check=True)
    recipe = json.loads((RUNTIME / "image.json").read_text())
    for name, place in recipe["files"].items():
        target = root / place.removeprefix("/var/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "built" / name, target)
    for place, target in recipe["links"].items():
        (root / place.removeprefix("/var/")).symlink_to(target)
    (root / "lang/bin").mkdir(parents=True)
    (root / "lang/bin/node").symlink_to(NODE)
    start = root / "runtime/bootstrap"
    start.write_text(start.read_text().replace("/var/", f"{root}/"))
    shutil.copytree(HERE / "node", root / "task")


def tearDownModule():
    if workspace:
        workspace.cleanup()


def node(handler, task=None, environment=None, seed=False, **behaviour):
    """Starts the runtime as in the base image: afresh or as a seed."""
    root = pathlib.Path(workspace.name)
    launch = json.loads((RUNTIME / "bootstrap.json").read_text())
    command = [word.replace("/var/", f"{root}/").replace("{memory}", "512")
               for word in (launch["seed"] if seed else launch)["command"]]
    defaults = {"NODE_PATH": f"{root}/runtime/node_modules"}
    task = str(task or root / "task")
    settings = {"_HANDLER": handler, "LAMBDA_TASK_ROOT": task, **defaults, **(environment or {})}
    return Runtime(command, settings, defaults=defaults if seed else None, directory=task, **behaviour)


class HandlerForms(unittest.TestCase):
    def test_every_form_of_handler_is_found_and_called(self):
        event = {"text": "ü😀", "list": [1, 2.5, None]}
        table = [
            ("forms.echo", event, event), ("forms.nested.deep.handler", {}, "deep"), ("folder/inner.handler", {}, "inner"),
            ("forms.nothing", {}, None), ("forms.functionValue", {}, None), ("forms.thenable", {}, "then"),
            ("forms.callback", event, event), ("forms.callbackTwice", {}, 1), ("forms.waits", {}, {"late": "done"}),
            ("forms.doesNotWait", {}, "at once"), ("forms.succeed", {}, "succeeded"), ("forms.done", {}, "done"),
            ("forms.neverCalledBack", {}, None), ("forms.plainValue", {}, None),
            ("streams.handler", 1, {"module": "undefined", "url": True, "event": 1}),
        ]
        for handler, sent, expected in table:
            with self.subTest(handler), node(handler) as runtime:
                for _ in range(2):
                    self.assertEqual(runtime.answer(sent), expected)
                self.assertEqual(runtime.api.connections, 1)

    def test_a_seed_serves_the_same(self):
        for handler in ("forms.waits", "forms.nested.deep.handler", "streams.handler", "forms.doesNotWait"):
            with self.subTest(handler), node(handler) as fresh, node(handler, seed=True) as seed:
                self.assertEqual(seed.answer(1), fresh.answer(1))

    def test_large_events_and_answers_pass(self):
        with node("forms.echo") as runtime:
            event = "ü" * 3_000_000
            self.assertEqual(runtime.answer(event), event)

    def test_the_type_field_of_package_json_decides_about_js_files(self):
        for kind, text in [("module", "export const handler = async () => import.meta.url.slice(0, 5);"),
                           ("commonjs", "exports.handler = async () => typeof require;")]:
            with tempfile.TemporaryDirectory() as task:
                pathlib.Path(task, "package.json").write_text(json.dumps({"type": kind}))
                pathlib.Path(task, "app.js").write_text(text)
                with node("app.handler", task=task) as runtime:
                    self.assertEqual(runtime.answer({}), "file:" if kind == "module" else "function")

    def test_the_context_tells_what_the_platform_said(self):
        client = {"client": {"app_title": "tïtle"}, "custom": {"k": "v"}}
        headers = [("Lambda-Runtime-Client-Context", json.dumps(client)),
                   ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"id"}')]
        with node("forms.context") as runtime:
            request_id = runtime.api.send({}, headers)
            answer = runtime.api.outcome().json()
        self.assertEqual((answer["awsRequestId"], answer["invokedFunctionArn"]), (request_id, FUNCTION_ARN))
        self.assertEqual((answer["functionName"], answer["functionVersion"], answer["memoryLimitInMB"]), ("example", "7", "512"))
        self.assertEqual((answer["clientContext"], answer["identity"]), (client, {"cognitoIdentityId": "id"}))
        self.assertTrue(answer["trace"].startswith("Root=1-"))
        self.assertGreater(answer["remaining"], 0)
        self.assertIs(answer["callbackWaitsForEmptyEventLoop"], True)

    def test_a_context_that_cannot_be_read_fails_the_event_only(self):
        with node("forms.echo") as runtime:
            failure = runtime.invoke({}, [("Lambda-Runtime-Client-Context", "{")]).json()
            self.assertIn("Cannot parse ClientContext as json", failure["errorMessage"])
            self.assertEqual(runtime.answer(1), 1)


class Failures(unittest.TestCase):
    def test_each_kind_of_failure_is_reported_in_awss_form(self):
        table = [
            ("forms.fail", "TypeError", "no good"), ("forms.failPlain", "Error", "thrown at once"),
            ("forms.failObject", "object", "an object"), ("forms.failNothing", "string", "handled"),
            ("forms.callbackError", "RangeError", "called back"), ("forms.callbackText", "string", "text"),
            ("forms.contextFail", "string", "handled"), ("forms.cyclic", "Error", "Unable to stringify response body"),
            ("forms.neverSettled", "Runtime.NodeJsExit", "never settled"),
        ]
        for handler, error_type, message in table:
            with self.subTest(handler), node(handler) as runtime:
                for _ in range(2):
                    call = runtime.invoke({})
                    self.assertEqual(call.route, "POST invocation/error")
                    error = call.json()
                    self.assertEqual((error["errorType"], list(error)), (error_type, ["errorType", "errorMessage", "trace"]))
                    self.assertIn(message, error["errorMessage"])
                    self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], error_type)

    def test_the_log_has_the_error_and_what_is_in_it(self):
        with node("forms.fail") as runtime:
            request_id = runtime.api.send({})
            runtime.api.outcome()
            output = runtime.output()
        match = re.fullmatch(rf"[-0-9T:.]{{23}}Z\t{request_id}\tERROR\tInvoke Error \t(.*)\n", output)
        self.assertTrue(match, output)
        logged = json.loads(match.group(1))
        self.assertEqual((logged["errorType"], logged["errorMessage"], logged["code"]), ("TypeError", "no good", "E_GOOD"))
        self.assertIn("forms.js", logged["stack"][1])

    def test_what_nobody_caught_ends_the_process_after_a_report(self):
        table = [("forms.uncaught", "Error", "nobody catches this", 129),
                 ("forms.rejected", "Runtime.UnhandledPromiseRejection", "Error: nobody awaits this", 128)]
        for handler, error_type, message, code in table:
            with self.subTest(handler), node(handler) as runtime:
                error = runtime.failure({})
                self.assertEqual((error["errorType"], error["errorMessage"]), (error_type, message))
                self.assertEqual(runtime.exit_code(), code)

    def test_unusable_handlers_are_init_errors(self):
        table = [
            ("absent.handler", "Runtime.ImportModuleError"), ("forms.absent", "Runtime.HandlerNotFound"),
            ("forms.nested", "Runtime.HandlerNotFound"), ("nodot", "Runtime.MalformedHandlerName"),
            ("../forms.echo", "Runtime.MalformedHandlerName"), ("broken.handler", "Runtime.UserCodeSyntaxError"),
            ("throws.handler", "RangeError"), ("needs.handler", "Runtime.ImportModuleError"),
        ]
        for handler, error_type in table:
            for seed in (False, True):
                with self.subTest(handler, seed=seed), node(handler, snap_start=True, seed=seed) as runtime:
                    call = runtime.api.wait("POST init/error")
                    self.assertEqual(call.json()["errorType"], error_type)
                    self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], error_type)
                    self.assertEqual(runtime.exit_code(), 1)

    def test_what_the_platform_refuses_is_the_end_of_the_event_only(self):
        with node("forms.echo", response_status=413) as runtime:
            runtime.invoke(1)
            runtime.invoke(2)
        with node("forms.echo", response_status=500) as runtime:
            runtime.invoke(1)
            self.assertEqual(runtime.exit_code(), 1)
            self.assertIn("status 500", runtime.output())


class Streams(unittest.TestCase):
    def test_streams_are_sent_as_they_are_written(self):
        table = [
            ("streams.pieces", ["a", "ü", "", "c"], "aüc".encode(), "text/plain"),
            ("streams.large", {}, b"x" * 3_000_000, "application/octet-stream"),
            ("streams.http", {}, b'{"statusCode":201,"headers":{"x-a":"b"}}' + bytes(8) + b"body",
             "application/vnd.awslambda.http-integration-response"),
            ("streams.objects", {}, b'{"a":1}', "application/octet-stream"),
            ("streams.empty", {}, b"", "application/octet-stream"),
        ]
        for handler, event, body, content_type in table:
            with self.subTest(handler), node(handler) as runtime:
                for _ in range(2):
                    call = runtime.invoke(event)
                    self.assertEqual((call.route, call.headers["Content-Type"]), ("POST invocation/response", content_type))
                    self.assertTrue(call.body == body, call.body[:200])
                    self.assertEqual(call.headers["Lambda-Runtime-Function-Response-Mode"], "streaming")

    def test_a_failure_is_told_before_or_behind_the_stream(self):
        table = [("streams.failsBefore", "RangeError", None), ("streams.hangs", "Runtime.NodeJsExit", None),
                 ("streams.failsWithin", "RangeError", b"some"), ("streams.unfinished", "string", b"some")]
        for handler, error_type, body in table:
            with self.subTest(handler), node(handler) as runtime:
                for _ in range(2):
                    call = runtime.invoke({})
                    if body is None:
                        self.assertEqual((call.route, call.json()["errorType"]), ("POST invocation/error", error_type))
                        continue
                    self.assertEqual((call.route, call.body), ("POST invocation/response", body))
                    self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], error_type)
                    report = json.loads(base64.b64decode(call.headers["Lambda-Runtime-Function-Error-Body"]))
                    self.assertEqual(report["errorType"], error_type)


class Log(unittest.TestCase):
    def test_lines_have_awss_form(self):
        with node("forms.speak") as runtime:
            request_id = runtime.api.send({})
            runtime.api.outcome()
            output = runtime.output()
        lines = [re.sub(r"^[-0-9T:.]{23}Z", "TIME", line) for line in output.split("\n")]
        self.assertEqual(lines, [
            f"TIME\t{request_id}\tINFO\tone {{ a: 1 }} %s", f"TIME\t{request_id}\tDEBUG\tformatted 7",
            f"TIME\t{request_id}\tERROR\ttwo\rlines", f"TIME\t{request_id}\tWARN\tcareful", "written without a line end"])

    def test_as_json_and_by_level(self):
        for seed in (False, True):
            settings = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "warn"}
            with self.subTest(seed=seed), node("forms.speakError", environment=settings, seed=seed) as runtime:
                request_id = runtime.api.send({})
                runtime.api.outcome()
                records = [json.loads(line) for line in runtime.output().splitlines()]
            self.assertEqual(len(records), 1)
            self.assertEqual((records[0]["level"], records[0]["requestId"], records[0]["errorType"]), ("ERROR", request_id, "RangeError"))


class Snapshots(unittest.TestCase):
    def test_hooks_run_around_the_snapshot(self):
        for seed in (False, True):
            with self.subTest(seed=seed), node("hooks.handler", snap_start=True, seed=seed) as runtime:
                runtime.api.wait("GET restore/next")
                runtime.api.restore()
                self.assertEqual(runtime.answer({}), ["before second", "before first", "after first", "after second"])
                self.assertEqual(runtime.api.connections, 1)
        with node("hooks.handler") as runtime:
            self.assertEqual(runtime.answer({}), [])
            self.assertEqual(runtime.api.routes()[0], "GET invocation/next")

    def test_a_failing_hook_is_reported_and_ends_the_process(self):
        with node("failing-before.handler", snap_start=True) as runtime:
            call = runtime.api.wait("POST init/error")
            self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.BeforeSnapshotError")
            self.assertEqual((call.json()["errorMessage"], runtime.exit_code()), ("before failed", 64))
        with node("failing-after.handler", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            call = runtime.api.wait("POST restore/error")
            self.assertEqual(call.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.AfterRestoreError")
            self.assertEqual((call.json()["errorMessage"], runtime.exit_code()), ("after failed", 65))

    def test_the_priming_event_is_handled_before_the_hooks(self):
        settings = {"THAW_PRIME_EVENT": '{"prime":"warm"}', "THAW_PRIME_COUNT": "2"}
        with node("hooks.primed", snap_start=True, environment=settings) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            request_id = runtime.api.send({})
            answer = runtime.api.outcome().json()
        self.assertEqual(answer, ["thaw-priming warm true", "thaw-priming warm true", "before second", "before first",
                                  "after first", "after second", f"{request_id} event true"])

    def test_a_failure_while_priming_is_only_logged(self):
        for event in ('{"prime":1}', "{"):
            with self.subTest(event), node("hooks.failsPrimed", snap_start=True,
                                           environment={"THAW_PRIME_EVENT": event, "THAW_PRIME_COUNT": "9"}) as runtime:
                runtime.api.wait("GET restore/next")
                runtime.api.restore()
                self.assertEqual(len(runtime.answer({})), 4)
                self.assertEqual(runtime.output().count("\tthaw-priming\tERROR\tInvoke Error"), 1)
        for handler in ("streams.pieces", "streams.failsWithin", "forms.neverSettled"):
            with self.subTest(handler), node(handler, snap_start=True, environment={"THAW_PRIME_EVENT": '["a"]'}) as runtime:
                runtime.api.wait("GET restore/next")

    def test_random_numbers_are_made_fresh(self):
        with node("random.handler", snap_start=True) as runtime:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
            answers = [runtime.answer({}) for _ in range(20)]
        self.assertEqual(len({answer["uuid"] for answer in answers}), 20)
        self.assertEqual(len({answer["math"] for answer in answers}), 20)
        self.assertTrue(all(0 <= answer["math"] < 1 for answer in answers))
        self.assertEqual((answers[0]["name"], answers[0]["place"]), ("random", 0))

    def test_pools_of_packages_are_filled_again_and_nothing_else_is(self):
        with tempfile.TemporaryDirectory() as directory:
            task = pathlib.Path(directory)
            for name, source in POOLS.items():
                (task / name).parent.mkdir(parents=True, exist_ok=True)
                (task / name).write_text(source)
            for seed in (False, True):
                with self.subTest(seed=seed), node("index.handler", task=task, snap_start=True, seed=seed) as runtime:
                    runtime.api.wait("GET restore/next")
                    runtime.api.restore()
                    changed = runtime.answer({})
                self.assertEqual(changed, {"uuid": True, "nanoid": True, "bson": True, "bundled": True,
                                           "a key": False, "an array": False, "an id": False})

    def test_what_is_drawn_ahead_does_not_outlive_the_snapshot(self):
        for seed in (False, True):
            for settings in ({}, {"DRAWS_LATE": "1"}):
                with self.subTest(settings, seed=seed), node("ahead.handler", snap_start=True, seed=seed,
                                                               environment=settings) as runtime:
                    runtime.api.wait("GET restore/next")
                    runtime.api.restore()
                    counts = runtime.answer({})
                if settings:
                    # Drawn anew in the clone, before the function could.
                    self.assertGreater(counts["before"], counts["late"])
                else:
                    self.assertGreater(counts["after"], counts["before"])

    def test_the_rehearsal_is_not_seen(self):
        for seed in (False, True):
            with self.subTest(seed=seed), node("hooks.handler", snap_start=True, seed=seed) as runtime:
                runtime.api.wait("GET restore/next")
                routes = ["GET seed/next"] * seed + ["GET restore/next"]
                self.assertEqual((runtime.api.routes(), runtime.output()), (routes, ""))

    def test_a_seed_leaves_nothing_of_its_own(self):
        settings = {"MINE": "1", "NODE_PATH": "/elsewhere"}
        with node("forms.look", environment=settings) as runtime:
            fresh = runtime.answer({})
        with node("forms.look", environment=settings, seed=True) as runtime:
            seed = runtime.answer({})
            self.assertEqual(runtime.api.routes()[:2], ["GET seed/next", "GET invocation/next"])
        for answer in (fresh, seed):
            for name in ("AWS_LAMBDA_RUNTIME_API", "PWD"):
                answer["environment"].pop(name, None)
        self.assertEqual(seed, fresh)
        self.assertEqual((fresh["gc"], fresh["environment"]["MINE"]), ("undefined", "1"))


class Connections(unittest.TestCase):
    def test_a_platform_may_answer_in_chunks_or_close_after_each_answer(self):
        for behaviour in ({"chunked": True}, {"close_after_answer": True}, {"chunked": True, "close_after_answer": True}):
            with self.subTest(behaviour), node("forms.echo", **behaviour) as runtime:
                for event in (1, "x" * 100_000, {"a": "ü"}):
                    self.assertEqual(runtime.answer(event), event)

    def test_no_platform_is_the_end(self):
        with node("forms.echo", environment={"AWS_LAMBDA_RUNTIME_API": ""}) as runtime:
            self.assertEqual(runtime.exit_code(), 1)
            self.assertIn("AWS_LAMBDA_RUNTIME_API is not set", runtime.output())


if __name__ == "__main__":
    unittest.main()
