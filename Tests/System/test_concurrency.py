"""One invocation at a time in a sandbox, a clone for each concurrent one, a bound, and an end for those not needed."""

import host
import serving
from conftest import refused


def test_concurrent_invocations_have_clones_up_to_the_bound(servers, probe):
    server = servers.running("--max-sandboxes", "3", "--ready", "0", fresh=True)
    with serving.Busy(server, probe, "describe", 3, hold=5) as busy:
        assert len(server.machines()) == 3
        error = refused(
            "TooManyRequestsException", 429, server.client.invoke, FunctionName=probe, Qualifier="1",
            Payload=b'{"do":"echo"}',
        )
        assert error.response["Reason"] == "ConcurrentInvocationLimitExceeded"
        assert error.response["Error"]["Message"] == "Rate Exceeded."
        answers = busy.answers()
    clones = {answer["clone"] for answer in answers}
    assert len(clones) == 3
    assert {answer["count"] for answer in answers} == {1}
    again, _ = server.invoke(probe, {"do": "describe"})
    assert again["clone"] in clones and again["count"] == 2


def test_another_function_takes_the_room_of_an_idle_clone(servers, probe):
    server = servers.running("--max-sandboxes", "1", "--ready", "0", fresh=True)
    server.works(probe)
    clones = server.machines()
    payload, _ = server.invoke(probe, {"do": "echo", "at": "latest"}, qualifier="$LATEST")
    assert payload == {"do": "echo", "at": "latest"}
    assert len(server.machines()) == 1 and server.machines() != clones


def test_idle_clone_ends_after_the_keep_warm_time(servers, probe):
    server = servers.running("--keep-warm", "2", "--ready", "0", fresh=True)
    first, _ = server.invoke(probe, {"do": "describe"})
    machines = server.machines()
    assert len(machines) == 1
    cgroups = host.cgroups(machines)
    assert not host.gone(machines, 30)
    host.until(lambda: not any(directory.exists() for directory in cgroups), what="the end of the cgroup")
    second, _ = server.invoke(probe, {"do": "describe"})
    assert second["clone"] != first["clone"] and second["count"] == 1
