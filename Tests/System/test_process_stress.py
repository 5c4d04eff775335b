"""A JVM whose threads check themselves, frozen under full load at instants nobody chooses: no clone finds anything wrong."""

import concurrent.futures
import pathlib
import subprocess

import pytest

import conftest
import lambdas

pytestmark = pytest.mark.process

SOURCES = pathlib.Path(__file__).resolve().parent / "stress"
VERSIONS = 5
CLONES = 20  # of each
AT_ONCE = 2


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    directory = tmp_path_factory.mktemp("stress")
    sources = sorted(str(path) for path in SOURCES.glob("*.java"))
    options = ["--release", "17", "-encoding", "UTF-8", "-Xlint:all", "-Werror"]
    subprocess.run(["javac", *options, "-d", directory, *sources], check=True)
    return lambdas.zip_of({path.name: path.read_bytes() for path in sorted(directory.glob("*.class"))})


@pytest.fixture(scope="module")
def checked(servers, code):
    """What each of the clones of each of the versions found."""
    server = servers.running("--max-sandboxes", "8", "--ready", "0", fresh=True)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        versions = [pool.submit(clones_of, server, code, f"stress-{number}") for number in range(VERSIONS)]
        return [answer for version in versions for answer in version.result()]


def clones_of(server, code, name):
    """One clone after another of a new version: each is asked, then ends itself."""
    client = server.client
    client.create_function(
        FunctionName=name, Code={"ZipFile": code}, Runtime="java17", Role=lambdas.ROLE, Handler="Stress::check",
        MemorySize=3008, Timeout=120, SnapStart={"ApplyOn": "PublishedVersions"},
    )
    conftest.until_done(client, "function_active_v2", FunctionName=name)
    conftest.publish(client, name)
    answers = {}
    while len(answers) < CLONES:
        payload, response = server.invoke(name, {})
        assert "FunctionError" not in response, payload
        # One that is still at work after its answer is not waited for: another ends then, and it comes again.
        answers[payload["clone"]] = payload
        _, response = server.invoke(name, {"exit": True})
        assert response["FunctionError"] == "Unhandled"
    client.delete_function(FunctionName=name)
    return answers.values()


def test_each_answer_is_of_another_clone(checked):
    assert len({answer["clone"] for answer in checked}) == VERSIONS * CLONES == len(checked)


def test_no_thread_is_stuck_in_any_clone(checked):
    assert {answer["threads"] for answer in checked} == {23}
    assert not [answer["stuck"] for answer in checked if answer["stuck"]]


def test_no_thread_found_anything_wrong_in_any_clone(checked):
    assert not [answer["errors"] for answer in checked if answer["errors"]]


def test_the_snapshots_are_of_different_instants(checked):
    assert len({answer["steps"] for answer in checked}) > 1
