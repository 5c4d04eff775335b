"""Templates, the frozen parents of process clones: however many versions are in use, whatever becomes of one."""

import concurrent.futures
import os
import pathlib
import signal
import time

import pytest

import host
import lambdas
import programs

pytestmark = pytest.mark.process

# More than a server would have if it counted them, and more than have clones ready.
VERSIONS = 36
NAME = "many"


def settled(client, **qualifier):
    def look():
        found = client.get_function_configuration(FunctionName=NAME, **qualifier)
        return found if (found["State"], found.get("LastUpdateStatus")) == ("Active", "Successful") else None

    return host.until(look, what=f"{NAME} {qualifier}")


@pytest.fixture(scope="module")
def versions(servers):
    """The versions of a small function, of which nothing is running."""
    server = servers.running()
    client = server.client
    states = pathlib.Path(server.thaw).parent.parent.parent / "states"
    client.create_function(
        FunctionName=NAME, Code={"ZipFile": programs.archive(programs.build(states, ["registers"])["registers"])},
        Runtime="provided.al2023", Role=lambdas.ROLE, Handler="registers", MemorySize=128, Timeout=20,
        SnapStart={"ApplyOn": "PublishedVersions"},
    )
    found = []
    for number in range(VERSIONS):
        settled(client)
        client.update_function_configuration(FunctionName=NAME, Environment={"Variables": {"NUMBER": str(number)}})
        settled(client)
        found.append(client.publish_version(FunctionName=NAME)["Version"])
    for version in found:
        settled(client, Qualifier=version)
    yield found
    servers.running().client.delete_function(FunctionName=NAME)


def call(server, version):
    """Invokes once; how long that took, in seconds."""
    start = time.monotonic()
    payload, response = server.invoke(NAME, {"hold": 0}, qualifier=version)
    assert "FunctionError" not in response and payload["ok"], payload
    return time.monotonic() - start


def call_all(server, wanted, threads):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda version: call(server, version), wanted))


def test_many_versions_at_once_are_all_served(servers, versions):
    server = servers.running("--max-sandboxes", "64", "--ready", "0", "--restore-limit", "30", fresh=True)
    call_all(server, versions, VERSIONS)
    assert len(host.templates(server.pid)) == VERSIONS
    before = host.templates(server.pid)
    call_all(server, versions * 2, 8)
    assert host.templates(server.pid) == before


@pytest.mark.parametrize("memory", [None, "0"])
def test_versions_in_turn_are_all_served(servers, versions, memory):
    bound = [] if memory is None else ["--template-memory", memory]
    server = servers.running("--max-sandboxes", "16", "--ready", "1", "--keep-warm", "0", *bound, fresh=True)
    ten = versions[:10]
    call_all(server, ten, 1)
    before = host.templates(server.pid)
    call_all(server, ten * 12, 8)
    if memory is None:
        assert len(before) == len(ten) and host.templates(server.pid) == before
    else:
        # Those of versions with clones ready go, too, once nobody uses them.
        host.until(lambda: not host.templates(server.pid), what="the end of the templates")


def test_a_template_that_does_not_answer_is_replaced_within_the_call(servers, versions):
    limit = 10
    server = servers.running("--max-sandboxes", "4", "--ready", "0", "--restore-limit", str(limit), fresh=True)
    call(server, versions[0])
    (stopped,) = host.templates(server.pid)
    (clone,) = server.machines()
    os.kill(clone, signal.SIGKILL)
    host.gone([clone])
    os.kill(stopped, signal.SIGSTOP)
    # As many as there is room for: none may hold its place, so others are served at the same time and afterwards.
    took = call_all(server, [versions[0]] * 4, 4)
    assert max(took) < limit
    assert not host.gone([stopped])
    call_all(server, versions[1:5], 4)


@pytest.mark.parametrize("ready", ["0", "1"])
def test_nothing_is_left_of_a_version_that_is_deleted(servers, versions, ready):
    server = servers.running("--max-sandboxes", "4", "--ready", ready, fresh=True)
    version = versions.pop()
    call(server, version)
    if ready != "0":
        host.until(lambda: len(server.machines()) == 2, what="the clone that waits")
    left = server.machines() | host.templates(server.pid)
    assert len(host.templates(server.pid)) == 1
    server.client.delete_function(FunctionName=NAME, Qualifier=version)
    assert not host.templates(server.pid)
    assert not host.gone(left)
    assert not server.machines()
