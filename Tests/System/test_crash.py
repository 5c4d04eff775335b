"""What a server that dies leaves, and what the next one makes of it."""

import os
import signal

import botocore.exceptions
import pytest

import host
import lambdas
import serving
from conftest import create, wait_active


@pytest.fixture
def neighbour(thaw, base, images, isolation):
    """Another server with another state directory, and a sandbox that has served one invocation."""
    state = serving.new_state(images, base / f"neighbour-{isolation}")
    server = serving.Server(thaw, state, isolation, "--ready", "0")
    try:
        create(server.client, "neighbour", SnapStart={"ApplyOn": "None"})
        assert server.invoke("neighbour", {"do": "describe"}, qualifier="$LATEST")[0]["count"] == 1
        yield server
    finally:
        server.stop()


def listed(client):
    """Everything a client was told."""
    versions = {}
    for function in client.list_functions()["Functions"]:
        name = function["FunctionName"]
        for version in client.list_versions_by_function(FunctionName=name)["Versions"]:
            found = client.get_function_configuration(FunctionName=name, Qualifier=version["Version"])
            versions[name, version["Version"]] = found["State"], found["CodeSha256"], found["RevisionId"]
    return versions


def test_publish_and_clones_survive_stop_and_crash(servers, probe, neighbour):
    server = servers.running("--ready", "1", fresh=True)
    server.works(probe)
    neighbours = neighbour.machines()
    create(server.client, "late")
    before = server.machines()
    assert server.client.publish_version(FunctionName="late")["State"] == "Pending"
    host.until(lambda: server.machines() - before, what="the publish's machine")

    # A stop cuts the publish short and leaves none of it.
    traces = host.Traces.of(server.pid)
    assert server.stop() == 0, "\n".join(server.log.lines[-40:])
    assert not host.gone(traces.processes, 0)
    assert not [directory for directory in traces.cgroups if directory.exists()]
    assert not [name for name in host.files(servers.state) if name.startswith("snapshots/.staging/")]

    # The next start resumes it, and crashes while clones are busy.
    server = servers.running("--ready", "1", fresh=True)
    host.until(server.machines, what="the resumed publish's machine")
    told = listed(server.client)
    assert told["late", "1"][0] == "Pending"
    with serving.Busy(server, probe, "forever") as busy:
        host.until(lambda: len(server.machines()) >= 2, what="another machine: the publish's, or a clone prepared ahead")
        machines = server.machines()
        cgroups = host.cgroups(machines)
        assert machines and cgroups
        assert not server.kill(), "machines outlive their server"
        with pytest.raises(botocore.exceptions.HTTPClientError):
            busy.answers()

    # The one after that finds everything acknowledged, sweeps, and finishes the publish.
    server = servers.running(fresh=True)
    assert not [directory for directory in cgroups if directory.exists()]
    found = listed(server.client)
    assert {key: value for key, value in told.items() if value[0] != "Pending"}.items() <= found.items()
    assert set(found) == set(told)
    server.works(probe)
    wait_active(server.client, "late")
    server.works("late")

    # Nobody touched the neighbour.
    assert neighbour.machines() == neighbours
    assert neighbour.invoke("neighbour", {"do": "describe"}, qualifier="$LATEST")[0]["count"] == 2
    server.client.delete_function(FunctionName="late")
    host.until(
        lambda: not [name for name in host.files(servers.state) if name.startswith("snapshots/.staging/")],
        what="an end of the snapshot, which goes with its last clone",
    )


def test_machine_killed_in_an_invocation(servers, probe):
    server = servers.running("--ready", "0", fresh=True)
    with serving.Busy(server, probe, "forever") as busy:
        (machine,) = server.machines()
        cgroups = host.cgroups([machine])
        os.kill(machine, signal.SIGKILL)
        outcome = lambdas.call(busy.answers)
    if server.isolation == "microvm":
        assert isinstance(outcome, botocore.exceptions.ClientError), outcome
        assert outcome.response["Error"]["Code"] == "ServiceException"
        assert outcome.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "virtual machine ended" in outcome.response["Error"]["Message"]
    else:
        # What was killed is the runtime itself, which nobody can tell from one that ended on its own.
        (payload,) = outcome
        assert payload["errorType"] == "Runtime.ExitError"
        assert payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    server.works(probe)
    host.until(lambda: not any(directory.exists() for directory in cgroups), what="the end of the cgroup")


@pytest.mark.parametrize("ready", ["0", "1"])
def test_machine_killed_while_idle(servers, probe, ready):
    """Nobody's invocation was in it, so nobody sees it."""
    server = servers.running("--ready", ready, fresh=True)
    server.works(probe)
    wanted = 1 + int(ready)
    machines = host.until(lambda: len(found := server.machines()) == wanted and found, what="the clone that is ready")
    for machine in machines:
        os.kill(machine, signal.SIGKILL)
    assert not host.gone(machines)
    server.works(probe)


def test_function_that_is_deleted_leaves_nothing(server, probe, servers):
    before = host.files(servers.state)
    create(server.client, "short-lived", SnapStart={"ApplyOn": "None"}, Description="unlike the others")
    server.client.update_function_code(
        FunctionName="short-lived", ZipFile=lambdas.zip_of({"probe.py": "def handler(e, c): return 1"})
    )
    lambdas.wait(server.client, "function_updated_v2", FunctionName="short-lived")
    server.client.delete_function(FunctionName="short-lived")
    host.until(lambda: host.files(servers.state) <= before, what="the end of the function's files")
