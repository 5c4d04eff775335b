"""The Java runtime's handlers and JSON beside AWS's published runtime: what it does, and Jackson as that sets it up."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import test_java
from test_java import java, setUpModule, tearDownModule  # noqa: F401

HERE = pathlib.Path(__file__).resolve().parent
JARS = [f"/usr/share/java/jackson-{part}.jar" for part in ("core", "databind", "annotations")]


class Forms(unittest.TestCase):
    def test_streams_and_declared_types_are_as_on_aws(self):
        table = [
            ("output", b"[1]"), ("outputAndContext", b"7"), ("input", b"null"), ("inputAndContext", b"null"),
            ("preferred", b'"context"'), ("declaresInterface", b'{"name":"n"}'), ("declaresList", b'[{"base":1,"derived":2}]'),
        ]
        for method, expected in table:
            with self.subTest(method), java(f"handlers.Forms::{method}") as runtime:
                self.assertEqual(runtime.invoke({}).body, expected)
        with java("handlers.Forms$DeclaresBase") as runtime:
            self.assertEqual(runtime.invoke({}).body, b'{"base":1}')
        with java("handlers.Forms::declaresObject") as runtime:
            self.assertEqual(runtime.answer({}), {"name": "n", "secret": "s"})

    def test_an_exception_without_a_message_is_told_by_its_class(self):
        with java("handlers.Forms::mute") as runtime:
            self.assertEqual(runtime.failure({})["errorMessage"], "java.lang.IllegalStateException")
            self.assertIn("java.lang.IllegalStateException: java.lang.IllegalStateException\n", runtime.output())
        with java("handlers.Forms::silent") as runtime:
            self.assertEqual(runtime.failure({})["cause"]["errorMessage"], "java.lang.RuntimeException")

    def test_what_a_collection_refuses_is_a_parsing_error(self):
        with java("handlers.Forms::nullInTreeSet") as runtime:
            self.assertEqual(runtime.failure([None])["errorMessage"], "An error occurred during JSON parsing")

    def test_failed_lookups_are_remembered_for_a_second_or_as_said(self):
        variable = "AWS_LAMBDA_JAVA_NETWORKADDRESS_CACHE_NEGATIVE_TTL"
        for as_seed in (False, True):
            for environment, expected in (({}, "1"), ({variable: "17"}, "17")):
                with self.subTest(environment, as_seed=as_seed), java(
                        "handlers.Forms::negative", environment=environment, as_seed=as_seed) as runtime:
                    if as_seed:
                        runtime.api.restore()
                    self.assertEqual(runtime.answer({}), expected)


class Times(unittest.TestCase):
    def test_types_of_time_are_read_in_both_forms_and_written_as_numbers_and_arrays(self):
        table = [
            ("instant", ['"2023-11-14T22:13:20Z"', "1700000000", "1700000000.0", '"1700000000"'], "1700000000.000000000"),
            ("instant", ['"2023-11-14T22:13:20.123456789Z"', "1700000000.123456789"], "1700000000.123456789"),
            ("instant", ['"1970-01-01T00:00:00Z"', "0"], "0.0"),
            ("instant", ['""', '" "', "null", "[]"], None),
            ("offsetDateTime", ['"2023-11-14T23:13:20+01:00"', '"2023-11-14T23:13:20+0100"', "1700000000"], "1700000000.000000000"),
            ("zonedDateTime", ['"2023-11-14T23:13:20+01:00[Europe/Paris]"', "1700000000"], "1700000000.000000000"),
            ("localDate", ['"2024-02-29"', "[2024,2,29]", '"2024-02-29T12:00:00"', '"2024-02-29T12:00:00Z"', "19782"], "[2024,2,29]"),
            ("localDateTime", ['"2024-02-29T12:00"', "[2024,2,29,12,0]", '"2024-02-29T12:00:00Z"'], "[2024,2,29,12,0]"),
            ("localDateTime", ['"2024-02-29T12:00:05"', "[2024,2,29,12,0,5]"], "[2024,2,29,12,0,5]"),
            ("localDateTime", ['"2024-02-29T12:00:00.000000007"', "[2024,2,29,12,0,0,7]"], "[2024,2,29,12,0,0,7]"),
            ("localTime", ['"23:59"', "[23,59]"], "[23,59]"), ("localTime", ['"23:59:01"', "[23,59,1]"], "[23,59,1]"),
            ("offsetTime", ['"12:30+01:00"', '[12,30,"+01:00"]'], '[12,30,"+01:00"]'),
            ("duration", ['"PT1M30.5S"', "90.5"], "90.500000000"), ("duration", ['"PT1M"', "60"], "60.000000000"),
            ("period", ['"P1Y2M3D"'], '"P1Y2M3D"'), ("year", ['"2024"', "2024"], "2024"),
            ("yearMonth", ['"2024-02"', "[2024,2]"], "[2024,2]"), ("monthDay", ['"--02-29"'], '"--02-29"'),
            ("zoneId", ['"Europe/Zurich"'], '"Europe/Zurich"'),
            ("byDate", ['{"2024-02-29":1}'], '{"2024-02-29":1}'),
        ]
        with java("handlers.Forms::times") as runtime:
            for name, given, expected in table:
                for text in given:
                    with self.subTest(name, given=text):
                        body = runtime.invoke(f'{{"{name}":{text}}}'.encode()).body.decode()
                        self.assertEqual(body, "{}" if expected is None else f'{{"{name}":{expected}}}')
            for name, text in (("localDate", "[2024,2]"), ("localDate", "[2024,13,1]"), ("localTime", '"25:00"'), ("duration", '"x"'),
                               ("instant", '"2024-02-29"'), ("localTime", "5"), ("instant", "1e99999")):
                with self.subTest(name, given=text):
                    self.assertEqual(runtime.failure(f'{{"{name}":{text}}}'.encode())["errorMessage"],
                                     "An error occurred during JSON parsing")

    def test_zones_are_moved_to_utc(self):
        with java("handlers.Forms::zone") as runtime:
            self.assertEqual(runtime.answer("2023-11-14T23:13:20+01:00[Europe/Paris]"), "2023-11-14T22:13:20Z[UTC]")


class Events(unittest.TestCase):
    def test_event_classes_take_awss_names_dates_and_bytes(self):
        event = {"Records": [{
            "kinesis": {"data": "aGVq", "approximateArrivalTimestamp": 1545084650.987, "unknown": 1},
            "eventSourceARN": "arn", "eventName": "INSERT", "s3": {"configurationId": "c", "size": 3},
            "Keys": {"id": {"S": "x", "B": "AAEC", "L": [{"NULL": True}]}}}]}
        with java("handlers.Forms::event") as runtime:
            self.assertEqual(runtime.answer(event), {"data": "hej", "time": 1545084650987, "arn": "arn", "name": "INSERT",
                                                     "s": "x", "null": True, "bytes": 3, "s3": "c3"})
        with java("handlers.Forms::eventBack") as runtime:
            self.assertEqual(json.loads(runtime.invoke(event).body),
                             {"data": "aGVq", "approximateArrivalTimestamp": 1545084650.987})


class Differential(unittest.TestCase):
    def test_generated_documents_are_read_and_written_as_jackson_does(self):
        """Some thousands each time, of a seed of its own, which a failure tells."""
        path = ":".join([f"{test_java.workspace.name}/runtime/thaw-runtime.jar", *JARS])
        with tempfile.TemporaryDirectory() as directory:
            sources = sorted(str(source) for source in (HERE / "differential").glob("*.java"))
            subprocess.run(["javac", "--release", "17", "-nowarn", "-Xlint:none", "-cp", path, "-d", directory, *sources], check=True)
            done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC", "-cp", f"{path}:{directory}",
                                   "differential.Differential", "60"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)


if __name__ == "__main__":
    unittest.main()
