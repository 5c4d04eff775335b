"""What comes between the platform and a runtime: wrappers that the function names, options that contradict ours."""

import pathlib
import unittest

import test_java
import test_node


def setUpModule():
    test_java.setUpModule()
    test_node.setUpModule()


def tearDownModule():
    test_node.tearDownModule()
    test_java.tearDownModule()


class Collectors(unittest.TestCase):
    def test_a_collector_that_the_function_chooses_takes_the_place_of_ours(self):
        for name, chosen, expected in (("JAVA_TOOL_OPTIONS", "-XX:+UseParallelGC", "PS MarkSweep"),
                                       ("_JAVA_OPTIONS", "-Dmine=1", "MarkSweepCompact")):
            with self.subTest(chosen), test_java.java(
                    "handlers.Collectors::handleRequest", launched=True, environment={name: chosen}) as runtime:
                self.assertIn(expected, runtime.answer({}))


class Wrappers(unittest.TestCase):
    def test_one_is_given_the_runtimes_command_and_becomes_it(self):
        wrapper = pathlib.Path(test_node.workspace.name, "wrapper")
        wrapper.write_text('#!/bin/sh\nexport WRAPPED=$1\nexec "$@"\n')
        wrapper.chmod(0o755)
        with test_node.node("forms.look", environment={"AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)}) as runtime:
            self.assertTrue(runtime.answer({})["environment"]["WRAPPED"].endswith("lang/bin/node"))

    def test_one_that_is_not_there_is_said(self):
        environment = {"AWS_LAMBDA_EXEC_WRAPPER": "/absent"}
        for start in (lambda: test_node.node("forms.look", environment=environment),
                      lambda: test_java.java("handlers.Cloned", launched=True, environment=environment)):
            with start() as runtime:
                self.assertEqual(runtime.exit_code(), 127)
                self.assertIn("/absent: does not exist", runtime.output())


if __name__ == "__main__":
    unittest.main()
