"""Provisioned concurrency: brought about, served first, refused in AWS's words."""

import time

import pytest

from lambdas import invoke, wait, zip_of

pytestmark = pytest.mark.once

APP = "import os\n\n\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"


@pytest.fixture
def version(client, throwaway):
    """The name of a function whose version 1 answers how it was initialised."""
    name = throwaway(Code={"ZipFile": zip_of({"app.py": APP})}, Publish=True)["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name, Qualifier="1")
    return name


def settled(client, **of):
    """The configuration, once it is not in progress any more."""
    deadline = time.monotonic() + 120
    while True:
        found = client.get_provisioned_concurrency_config(**of)
        if found["Status"] != "IN_PROGRESS" or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def test_lifecycle(client, version):
    client.create_alias(FunctionName=version, Name="live", FunctionVersion="1")
    of = {"FunctionName": version, "Qualifier": "live"}
    put = client.put_provisioned_concurrency_config(**of, ProvisionedConcurrentExecutions=1)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert put["Status"] == "IN_PROGRESS" and put["RequestedProvisionedConcurrentExecutions"] == 1
    assert put["AvailableProvisionedConcurrentExecutions"] == 0 and "StatusReason" not in put
    ready = settled(client, **of)
    assert ready["Status"] == "READY" and ready["AllocatedProvisionedConcurrentExecutions"] == 1
    assert invoke(client, version, Qualifier="live")[0] == "provisioned-concurrency"
    assert invoke(client, version, Qualifier="$LATEST")[0] == "on-demand"
    (listed,) = client.list_provisioned_concurrency_configs(FunctionName=version)["ProvisionedConcurrencyConfigs"]
    assert listed["FunctionArn"].endswith(f":{version}:live")
    with pytest.raises(client.exceptions.ResourceConflictException) as refused:
        client.put_provisioned_concurrency_config(
            FunctionName=version, Qualifier="1", ProvisionedConcurrentExecutions=1
        )
    assert refused.value.response["Error"]["Message"] == "Version is pointed by a Provisioned Concurrency alias"
    for _ in range(2):
        gone = client.delete_provisioned_concurrency_config(**of)
        assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        client.get_provisioned_concurrency_config(**of)
    assert invoke(client, version, Qualifier="live")[0] == "on-demand"


def test_failing_init(client, throwaway):
    app = APP + "\n\nif handler(None, None) == 'provisioned-concurrency':\n    raise Exception('not ahead')\n"
    name = throwaway(Code={"ZipFile": zip_of({"app.py": app})}, Publish=True)["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name, Qualifier="1")
    of = {"FunctionName": name, "Qualifier": "1"}
    client.put_provisioned_concurrency_config(**of, ProvisionedConcurrentExecutions=1)
    failed = settled(client, **of)
    assert failed["Status"] == "FAILED" and failed["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert failed["AvailableProvisionedConcurrentExecutions"] == 0
    assert invoke(client, name, Qualifier="1")[0] == "on-demand"
