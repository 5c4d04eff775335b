"""The examples as they are packed, under their runtimes: the answers are right, before a snapshot and after."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import zipfile

import test_java
import test_node
from fake_runtime_api import Runtime

EXAMPLES = test_java.HERE.parent.parent / "Examples"
PYTHON = os.environ.get("RUNTIME_PYTHON")


def setUpModule():
    test_java.setUpModule()
    if test_node.NODE:
        test_node.setUpModule()


def tearDownModule():
    test_java.tearDownModule()
    test_node.tearDownModule()


def contains(answer, expected):
    """Whether the answer has everything that is expected of it, and perhaps more."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(
            name in answer and contains(answer[name], value) for name, value in expected.items())
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(contains, answer, expected))
    return answer == expected


class Examples(unittest.TestCase):
    def built(self, name):
        """Builds an example twice and unpacks it: its folder, its event and what the answer has to contain."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        outputs = [pathlib.Path(folder.name, part) for part in ("first", "second")]
        for output in outputs:
            subprocess.run([EXAMPLES / name / "build", output], check=True,
                           env={**os.environ, "PYTHON": PYTHON or "python3.11"})
        packed = [(output / "function.zip").read_bytes() for output in outputs]
        self.assertTrue(packed[0] == packed[1], "two builds differ")
        self.assertLess(len(packed[0]), 50 << 20)
        task = pathlib.Path(folder.name, "task")
        with zipfile.ZipFile(outputs[0] / "function.zip") as archive:
            self.assertLess(sum(entry.file_size for entry in archive.infolist()), 250 << 20)
            archive.extractall(task)
        parts = [json.loads((outputs[0] / f"{part}.json").read_text()) for part in ("function", "event", "expected")]
        return (task, *parts)

    def check(self, runtime, event, expected, snap_start):
        if snap_start:
            runtime.api.wait("GET restore/next")
            runtime.api.restore()
        for _ in range(2):
            answer = runtime.answer(event)
            self.assertTrue(contains(answer, expected), answer)
            self.assertEqual(answer["initializationType"], "snap-start" if snap_start else "on-demand")

    def test_the_java_orders_service_answers_rightly(self):
        task, function, event, expected = self.built("java-orders")
        for snap_start in (False, True):
            with self.subTest(snap_start=snap_start), \
                    test_java.java(function["Handler"], task=task, snap_start=snap_start,
                                   environment=function["Environment"]["Variables"]) as runtime:
                self.check(runtime, event, expected, snap_start)
                self.assertIn("unknown action", runtime.failure({"action": "steal"})["errorMessage"])
                report = runtime.answer({"action": "report"})["report"]
                self.assertEqual([row["category"] for row in report], ["books", "stationery", "tea"])
                self.assertEqual([row["pieces"] for row in report], [7, 5, 8])

    @unittest.skipUnless(PYTHON, "RUNTIME_PYTHON names no interpreter with awslambdaric: start these tests with ./run")
    def test_the_python_data_summary_answers_rightly(self):
        task, function, event, expected = self.built("python-image-or-data")
        for snap_start in (False, True):
            command = [PYTHON, "-m", "awslambdaric", function["Handler"]]
            settings = {"PYTHONPATH": str(task), "LAMBDA_TASK_ROOT": str(task), **function["Environment"]["Variables"]}
            with self.subTest(snap_start=snap_start), Runtime(command, settings, snap_start=snap_start) as runtime:
                self.check(runtime, event, expected, snap_start)
                self.assertEqual(runtime.failure({"dataset": "V"})["errorType"], "ValueError")
                self.assertEqual(sorted(runtime.answer({})["summary"]), ["I", "II", "III", "IV"])

    @unittest.skipUnless(test_node.NODE, "RUNTIME_NODE names no Node.js: start these tests with ./run")
    def test_the_nodejs_pages_are_rendered_rightly(self):
        task, function, event, expected = self.built("nodejs-markdown")
        variables = function["Environment"]["Variables"]
        # Where an ES module looks beside its own folder, as in the image.
        (task.parent / "node_modules").symlink_to(pathlib.Path(test_node.workspace.name, "runtime/node_modules"))
        for snap_start in (False, True):
            with self.subTest(snap_start=snap_start), test_node.node(
                    function["Handler"], task=task, environment=variables, snap_start=snap_start) as runtime:
                self.check(runtime, event, expected, snap_start)
                self.assertEqual(runtime.failure({"page": "toString"})["errorType"], "RangeError")
                self.assertEqual(runtime.answer({})["title"], "Welcome")
                self.assertIn("&lt;b&gt;", runtime.answer({"page": "syntax"})["html"])
                hostile = runtime.answer({"markdown": "[x](javascript:alert(1)) <script>"})["html"]
                self.assertEqual(hostile, "<p>[x](javascript:alert(1)) &lt;script&gt;</p>")


if __name__ == "__main__":
    unittest.main()
