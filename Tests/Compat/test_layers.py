"""Layers and their policies, as clients use them. Texts were recorded on AWS."""

import base64
import hashlib
import io
import json
import urllib.request
import zipfile

import pytest
from lambdas import unique, wait, zip_of

MODULE = "python/shared.py"


@pytest.fixture
def layer(client):
    """Publishes versions of a layer that is gone after the test."""
    name = unique("layer")

    def publish(text="x = 1\n", **more):
        return client.publish_layer_version(LayerName=name, Content={"ZipFile": zip_of({MODULE: text})}, **more)

    publish.name = name
    yield publish
    for each in client.list_layer_versions(LayerName=name)["LayerVersions"]:
        client.delete_layer_version(LayerName=name, VersionNumber=each["Version"])


@pytest.mark.once
def test_a_layer_lives_from_publish_to_delete(client, layer):
    first = layer(
        Description="first", LicenseInfo="MIT", CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["x86_64"]
    )
    second = layer("x = 2\n")
    assert (first["Version"], second["Version"]) == (1, 2)
    assert first["LayerVersionArn"] == first["LayerArn"] + ":1"
    assert "LicenseInfo" not in second and "CompatibleRuntimes" not in second and second["Description"] == ""
    read = client.get_layer_version(LayerName=layer.name, VersionNumber=1)
    by_arn = client.get_layer_version_by_arn(Arn=first["LayerVersionArn"])
    for answer in (first, read, by_arn):
        del answer["ResponseMetadata"]
    assert read == first == by_arn
    with urllib.request.urlopen(first["Content"]["Location"]) as answer:
        zipped = answer.read()
    assert first["Content"]["CodeSize"] == len(zipped)
    assert first["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(zipped).digest()).decode()

    versions = client.list_layer_versions(LayerName=first["LayerArn"])["LayerVersions"]
    assert [each["Version"] for each in versions] == [2, 1]

    def listed(**given):
        pages = client.get_paginator("list_layers").paginate(**given)
        mine = [each for page in pages for each in page["Layers"] if each["LayerName"] == layer.name]
        return [each["LatestMatchingVersion"]["Version"] for each in mine]

    assert listed() == [2]
    assert listed(CompatibleRuntime="python3.12") == [1]
    assert listed(CompatibleArchitecture="arm64") == []
    for number in (1, 2, 2):
        client.delete_layer_version(LayerName=layer.name, VersionNumber=number)
    assert listed() == []
    assert layer()["Version"] == 3


@pytest.mark.once
def test_what_is_wrong_with_a_layer_is_named(client, layer, raises):
    layer()
    missing = "The resource you requested does not exist."
    for arguments, code, status, message in (
        ({"LayerName": "none", "VersionNumber": 1}, "ResourceNotFoundException", 404, missing),
        ({"LayerName": layer.name, "VersionNumber": 2}, "ResourceNotFoundException", 404, missing),
        (
            {"LayerName": layer.name, "VersionNumber": 0},
            "InvalidParameterValueException", 400, "Layer Version Cannot be less than 1",
        ),
    ):  # fmt: skip
        error = raises(code, status, client.get_layer_version, **arguments)
        assert error.response["Error"]["Message"] == message
    assert client.list_layer_versions(LayerName="none")["LayerVersions"] == []
    raises("ValidationException", 400, client.list_layers, CompatibleRuntime="cobol")
    content = {"S3Bucket": "no-such-bucket", "S3Key": "key"}
    error = raises(
        "InvalidParameterValueException", 400, client.publish_layer_version, LayerName=layer.name, Content=content
    )
    assert "NoSuchBucket" in error.response["Error"]["Message"]
    error = raises(
        "InvalidParameterValueException", 400, client.publish_layer_version, LayerName=layer.name,
        Content={"ZipFile": b"no zip"},
    )  # fmt: skip
    assert error.response["Error"]["Message"].startswith("Could not unzip uploaded file.")


@pytest.mark.once
def test_a_layers_policy_lives_from_add_to_remove(client, layer, raises):
    arn = layer()["LayerVersionArn"]
    version = {"LayerName": layer.name, "VersionNumber": 1}
    added = client.add_layer_version_permission(
        StatementId="s1", Action="lambda:GetLayerVersion", Principal="*", **version
    )
    statement = {
        "Sid": "s1",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": arn,
    }
    assert json.loads(added["Statement"]) == statement
    policy = client.get_layer_version_policy(**version)
    assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    assert policy["RevisionId"] == added["RevisionId"]
    raises(
        "PreconditionFailedException", 412, client.remove_layer_version_permission, StatementId="s1", RevisionId="no",
        **version,
    )  # fmt: skip
    client.remove_layer_version_permission(StatementId="s1", RevisionId=policy["RevisionId"], **version)
    raises("ResourceNotFoundException", 404, client.get_layer_version_policy, **version)


HANDLER = """
import os
import shared, over

def handler(event, context):
    return {
        "shared": shared.x,
        "over": over.x,
        "tool": os.popen("layer-tool").read().strip(),
        "opt": sorted(os.listdir("/opt")),
        "readOnly": not os.access("/opt/python", os.W_OK),
    }
"""


def executable(text):
    entry = zipfile.ZipInfo("bin/layer-tool")
    entry.external_attr = 0o100755 << 16
    return entry, text


def zip_of_entries(*entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in entries:
            if isinstance(name, str):
                name = zipfile.ZipInfo(name)
                name.external_attr = 0o100644 << 16
            archive.writestr(name, text)
    return buffer.getvalue()


def test_functions_find_their_layers_at_opt(client, throwaway):
    names = [unique("layer"), unique("layer")]
    contents = [
        zip_of_entries(
            ("python/shared.py", "x = 'first'\n"), ("python/over.py", "x = 'first'\n"),
            executable("#!/bin/sh\necho from the layer\n"),
        ),
        zip_of_entries(("python/over.py", "x = 'second'\n")),
    ]  # fmt: skip
    arns = []
    for name, content in zip(names, contents, strict=True):
        published = client.publish_layer_version(LayerName=name, Content={"ZipFile": content})
        arns.append((published["LayerVersionArn"], published["Content"]["CodeSize"]))
    function = throwaway(
        Code={"ZipFile": zip_of({"app.py": HANDLER})}, Handler="app.handler", Layers=[arn for arn, _ in arns],
        SnapStart={"ApplyOn": "PublishedVersions"}, Publish=True,
    )  # fmt: skip
    for name in names:
        client.delete_layer_version(LayerName=name, VersionNumber=1)
    name = function["FunctionName"]
    wait(client, "published_version_active", FunctionName=name, Qualifier="1")
    wait(client, "function_active_v2", FunctionName=name)
    read = client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert read["Layers"] == [{"Arn": arn, "CodeSize": size} for arn, size in arns]
    for qualifier in ("1", "$LATEST"):
        answer = json.loads(client.invoke(FunctionName=name, Qualifier=qualifier)["Payload"].read())
        assert answer == {
            "shared": "first", "over": "second", "tool": "from the layer", "opt": ["bin", "python"], "readOnly": True,
        }, qualifier  # fmt: skip
    updated = client.update_function_configuration(FunctionName=name, Layers=[])
    assert "Layers" not in updated
