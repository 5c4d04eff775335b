"""Functions that fail as the API tests do not show: they need a publish, a limit, or the host."""

import pytest

import host
from conftest import create, refused


@pytest.mark.parametrize(
    "name, codes, words",
    [
        ("no-handler", ["FunctionError.RuntimeInitError"], ["nowhere"]),
        ("eats-memory", ["FunctionError.InitResourceExhausted"], ["memory", "MemorySize"]),
    ],
)
def test_publish_fails_with_its_reason(server, probe, name, codes, words):
    found = server.client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert found["State"] == "Failed"
    assert found["StateReasonCode"] in codes, found
    assert all(word in found["StateReason"] for word in words), found["StateReason"]
    refused("ResourceConflictException", 409, server.client.invoke, FunctionName=name, Qualifier="1")
    server.works(probe)


def test_init_that_hangs(servers, probe):
    server = servers.running("--init-limit", "2", "--ready", "0", fresh=True)
    create(server.client, "hangs", module="hangs", Timeout=3)
    payload, response = server.invoke("hangs", {}, qualifier="$LATEST")
    assert response["FunctionError"] == "Unhandled"
    assert payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {response['ResponseMetadata']['RequestId']} Error: Task timed out after 3.00 seconds",
    }
    host.until(lambda: not server.machines(), what="the end of the sandbox")
    server.client.delete_function(FunctionName="hangs")
    server.works(probe)


def test_restore_that_takes_too_long(servers, probe):
    server = servers.running("--restore-limit", "2", "--ready", "0", fresh=True)
    error = refused(
        "SnapStartTimeoutException", 408, server.client.invoke, FunctionName="slow-hook", Qualifier="1", Payload=b"{}"
    )
    assert error.response["Error"]["Message"] == "Lambda couldn't restore the snapshot within the timeout limit."
    host.until(lambda: not server.machines(), what="the end of the clone")
    servers.running().works(probe)
