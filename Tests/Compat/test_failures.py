"""Functions and requests that go wrong: each gets AWS's error, and the server goes on."""

import io
import zipfile

import botocore.exceptions
import pytest

from lambdas import invoke, unique, wait, zip_of


def failed_version(client, deployment):
    with pytest.raises(botocore.exceptions.WaiterError) as caught:
        deployment.wait_active()
    assert "terminal failure state" in str(caught.value), caught.value
    return deployment.configuration("1")


@pytest.mark.parametrize("module", ["init_raises", "init_exits", "before_hook_raises"])
def test_publish_fails_with_the_reason(client, deployments, raises, module):
    version = failed_version(client, deployments[module])
    assert version["State"] == "Failed"
    assert version["StateReasonCode"].startswith("FunctionError")
    assert version["StateReason"]
    assert version["LastUpdateStatus"] == "Failed"
    assert version["SnapStart"]["OptimizationStatus"] == "Off"
    raises(
        "ResourceConflictException", 409, client.invoke, FunctionName=deployments[module].name, Qualifier="1"
    )


def test_latest_that_raises_in_init(client, deployments):
    payload, response = invoke(client, deployments["init_raises"].name, {})
    assert response["StatusCode"] == 200
    assert response["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "ValueError"
    assert payload["errorMessage"] == "init went wrong"
    assert payload["requestId"] == ""


def test_latest_that_exits_in_init(client, deployments):
    payload, response = invoke(client, deployments["init_exits"].name, {})
    assert response["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Runtime.ExitError"


def test_after_restore_hook_that_raises(client, deployments, raises):
    deployment = deployments["after_hook_raises"]
    deployment.wait_active()
    error = raises("SnapStartException", 400, client.invoke, FunctionName=deployment.name, Qualifier="1", Payload=b"{}")
    assert isinstance(error, client.exceptions.SnapStartException)
    payload, _ = invoke(client, deployment.name, {})  # $LATEST runs no hooks
    assert payload == "reached"


def test_handler_that_is_missing(client, deployments, throwaway):
    name = throwaway(Handler="nowhere.handler")["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name)
    payload, response = invoke(client, name, {})
    assert response["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Runtime.ImportModuleError"
    assert "nowhere" in payload["errorMessage"]


def escaping_zip(path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(path), "x")
    return buffer.getvalue()


def bomb():
    """Unpacks to 300 MB from 300 kB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as file:
        block = bytes(1_000_000)
        for _ in range(300):
            file.write(block)
    return buffer.getvalue()


CODE = {
    "not a zip": lambda: b"not a zip",
    "empty": lambda: b"",
    "cut off": lambda: zip_of({"app.py": "x" * 1000})[:-30],
    "parent": lambda: escaping_zip("../escaped.py"),
    "parent further in": lambda: escaping_zip("a/../../escaped.py"),
    "absolute": lambda: escaping_zip("/etc/escaped"),
    "bomb": bomb,
}


@pytest.mark.parametrize("code", CODE.values(), ids=CODE.keys())
def test_code_that_cannot_be_taken(client, raises, throwaway, code):
    name = unique("bad-code")
    raises("InvalidParameterValueException", 400, throwaway, FunctionName=name, Code={"ZipFile": code()})
    raises("ResourceNotFoundException", 404, client.get_function, FunctionName=name)


def test_update_to_code_that_cannot_be_taken(client, raises, plain):
    before = plain.configuration()["CodeSha256"]
    raises(
        "InvalidParameterValueException", 400, client.update_function_code, FunctionName=plain.name, ZipFile=b"nonsense"
    )
    assert plain.configuration()["CodeSha256"] == before


REFUSED = {
    "runtime of AWS": ({"Runtime": "ruby3.3"}, "InvalidParameterValueException", "ruby3.3"),
    "runtime of nobody": ({"Runtime": "cobol85"}, "InvalidParameterValueException", "cobol85"),
    "apply on": (
        {"SnapStart": {"ApplyOn": "invalidOption"}}, "ValidationException",
        "1 validation error detected: Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy constraint: "
        "Member must satisfy enum value set: [PublishedVersions, None]",
    ),
    "timeout": ({"Timeout": 901}, "ValidationException", "'timeout'"),
    "memory": ({"MemorySize": 40_000}, "ValidationException", "'memorySize'"),
    "role": ({"Role": "me"}, "ValidationException", "'role'"),
    "name": ({"FunctionName": "a b"}, "ValidationException", "'functionName'"),
    "reserved variable": (
        {"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "AWS_REGION",
    ),
    "large environment": (
        {"Environment": {"Variables": {"AB": "x" * 5000}}}, "InvalidParameterValueException", "4KB limit",
    ),
    "large tmp with SnapStart": (
        {"SnapStart": {"ApplyOn": "PublishedVersions"}, "EphemeralStorage": {"Size": 1024}},
        "InvalidParameterValueException", "is not supported for SnapStart enabled functions.",
    ),
    "code in S3": ({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}, "InvalidParameterValueException", "NoSuchBucket"),
    "image": (
        {"Code": {"ImageUri": "image"}, "PackageType": "Image"}, "InvalidParameterValueException",
        "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
    ),
    "layers": (
        {"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:l:1"]}, "InvalidParameterValueException",
        "Layer version arn:aws:lambda:us-east-1:123456789012:layer:l:1 does not exist.",
    ),
    "arm": ({"Architectures": ["arm64"]}, "InvalidParameterValueException", "arm64"),
}


@pytest.mark.parametrize("settings, code, message", REFUSED.values(), ids=REFUSED.keys())
def test_function_that_cannot_be_had(raises, throwaway, settings, code, message):
    error = raises(code, 400, throwaway, **settings)
    assert message in error.response["Error"]["Message"]


def test_upload_above_the_limit(raises, throwaway):
    raises("RequestEntityTooLargeException", 413, throwaway, Code={"ZipFile": bytes(52_700_000)})
