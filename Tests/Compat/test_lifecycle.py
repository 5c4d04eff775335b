"""From create to delete: states, versions, revisions."""

import base64
import hashlib
import urllib.request

import pytest

from conftest import zip_of_function
from lambdas import invoke, unique, wait, zip_of


def test_create_answers_pending(deployments):
    created = deployments["app"].created
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["State"] == "Pending"
    assert created["StateReason"] == "The function is being created."
    assert created["StateReasonCode"] == "Creating"
    assert created["Version"] == "$LATEST"
    assert created["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    assert created["FunctionArn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{deployments['app'].name}"


def test_configuration_says_what_was_given(deployments):
    app = deployments["app"]
    found = app.configuration()
    expected = {
        "FunctionName": app.name,
        "Runtime": "python3.11",
        "Role": "arn:aws:iam::123456789012:role/compat",
        "Handler": "app.handler",
        "CodeSize": len(app.code),
        "CodeSha256": base64.b64encode(hashlib.sha256(app.code).digest()).decode(),
        "Description": "one",
        "Timeout": 10,
        "MemorySize": 256,
        "Version": "$LATEST",
        "Environment": {"Variables": {"COLOUR": "blue"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{app.name}"},
    }
    assert {key: found.get(key) for key in expected} == expected
    assert found["LastModified"].endswith("+0000")


def test_publish_answers_pending_and_becomes_active(deployments, app):
    published = deployments["app"].published
    assert published["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert published["Version"] == "1"
    assert published["Description"] == "version one"
    assert published["FunctionArn"].endswith(f":function:{app.name}:1")
    assert published["State"] == "Pending"
    assert published["StateReasonCode"] == "Creating"
    assert published["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}

    ready = app.configuration("1")
    assert ready["State"] == "Active"
    assert ready["LastUpdateStatus"] == "Successful"
    assert ready["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    assert "StateReason" not in ready
    assert ready["RuntimeVersionConfig"]["RuntimeVersionArn"].startswith("arn:aws:lambda:us-east-1::runtime:")


def test_latest_keeps_no_snapshot(app):
    assert app.configuration()["SnapStart"]["OptimizationStatus"] == "Off"


def test_pending_version_cannot_be_invoked(deployments, client):
    refused = deployments["app"].while_pending
    assert isinstance(refused, client.exceptions.ResourceConflictException), refused
    assert "currently in the following state: Pending" in str(refused)


def test_version_without_snapstart_is_active_at_once(plain):
    assert plain.published["State"] == "Active"
    assert plain.published["LastUpdateStatus"] == "Successful"
    assert plain.published["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}


def test_publishing_what_did_not_change_gives_the_same_version(client, plain):
    again = client.publish_version(FunctionName=plain.name)
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert again["Version"] == "1"


def test_published_version_keeps_its_code(client, app):
    """Also: update, publish and invoke through the version's number while $LATEST goes on."""
    newer = zip_of({"app.py": "def handler(event, context):\n    return 'newer'\n"})
    updated = client.update_function_code(FunctionName=app.name, ZipFile=newer)
    assert updated["LastUpdateStatus"] in ("InProgress", "Successful")
    assert updated["CodeSha256"] == base64.b64encode(hashlib.sha256(newer).digest()).decode()
    wait(client, "function_updated_v2", FunctionName=app.name)
    published = client.publish_version(FunctionName=app.name)
    assert published["Version"] == "2"
    app.wait_active("2")
    payload, response = invoke(client, app.name, {}, Qualifier="2")
    assert payload == "newer" and response["ExecutedVersion"] == "2"
    payload, response = invoke(client, app.name, {"still": "here"}, Qualifier="1")
    assert payload == {"still": "here"} and response["ExecutedVersion"] == "1"

    versions = client.list_versions_by_function(FunctionName=app.name)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    assert versions[0]["FunctionArn"].endswith(":$LATEST")
    assert "State" not in versions[0]
    pages = list(
        client.get_paginator("list_versions_by_function").paginate(
            FunctionName=app.name, PaginationConfig={"PageSize": 1}
        )
    )
    assert [[version["Version"] for version in page["Versions"]] for page in pages] == [["$LATEST"], ["1"], ["2"]]


def test_configuration_update(client, throwaway):
    name = throwaway()["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name)
    before = client.get_function_configuration(FunctionName=name)
    updated = client.update_function_configuration(
        FunctionName=name, Description="new", Timeout=30, MemorySize=512, Environment={"Variables": {"AB": "c"}}
    )
    assert updated["RevisionId"] != before["RevisionId"]
    wait(client, "function_updated_v2", FunctionName=name)
    after = client.get_function_configuration(FunctionName=name)
    assert (after["Description"], after["Timeout"], after["MemorySize"]) == ("new", 30, 512)
    assert after["Environment"] == {"Variables": {"AB": "c"}}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    wait(client, "function_updated_v2", FunctionName=name)
    # What was given is kept, also when it is nothing.
    assert client.get_function_configuration(FunctionName=name)["Environment"] == {"Variables": {}}


def test_revision_must_be_the_latest(client, raises, throwaway):
    created = throwaway()
    name = created["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name)
    stale = created["RevisionId"]  # the step to Active made a new one
    code = zip_of_function("app")
    for function, arguments in (
        (client.update_function_code, {"ZipFile": code}),
        (client.update_function_configuration, {"Description": "x"}),
        (client.publish_version, {}),
    ):
        raises("PreconditionFailedException", 412, function, FunctionName=name, RevisionId=stale, **arguments)
    current = client.get_function_configuration(FunctionName=name)["RevisionId"]
    client.update_function_configuration(FunctionName=name, Description="x", RevisionId=current)


def test_publish_checks_the_code(client, raises, plain):
    raises(
        "InvalidParameterValueException", 400, client.publish_version, FunctionName=plain.name, CodeSha256="AAAA"
    )


def test_dry_run_update_changes_nothing(client, plain):
    before = plain.configuration()
    client.update_function_code(FunctionName=plain.name, ZipFile=zip_of({"a.py": "1"}), DryRun=True)
    after = plain.configuration()
    assert (after["CodeSha256"], after["RevisionId"]) == (before["CodeSha256"], before["RevisionId"])


def test_get_function_leads_to_the_zip(client, plain):
    found = client.get_function(FunctionName=plain.name, Qualifier="1")
    assert found["Configuration"]["Version"] == "1"
    assert found["Code"]["RepositoryType"] == "S3"
    with urllib.request.urlopen(found["Code"]["Location"], timeout=30) as response:
        assert response.read() == plain.code


def test_list_functions_in_pages(client, throwaway):
    made = {throwaway()["FunctionName"] for _ in range(3)}
    pages = list(client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
    assert all(len(page["Functions"]) <= 2 for page in pages)
    names = [function["FunctionName"] for page in pages for function in page["Functions"]]
    assert made <= set(names) and len(names) == len(set(names))


def test_list_functions_with_all_versions(client, plain):
    listed = client.get_paginator("list_functions").paginate(FunctionVersion="ALL")
    versions = {
        function["Version"]
        for page in listed
        for function in page["Functions"]
        if function["FunctionName"] == plain.name
    }
    assert versions == {"$LATEST", "1"}


@pytest.mark.parametrize("form", ["{name}", "{arn}", "123456789012:function:{name}", "{name}:$LATEST", "{arn}:$LATEST"])
def test_names(client, plain, form):
    name = form.format(name=plain.name, arn=plain.created["FunctionArn"])
    found = client.get_function_configuration(FunctionName=name)
    assert found["FunctionName"] == plain.name
    assert found["FunctionArn"].endswith(":$LATEST") == form.endswith(":$LATEST")


def test_delete_version_then_function(client, raises, throwaway):
    name = throwaway()["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name)
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    raises("InvalidParameterValueException", 400, client.delete_function, FunctionName=name, Qualifier="$LATEST")
    deleted = client.delete_function(FunctionName=name, Qualifier="1")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    not_found = ("ResourceNotFoundException", 404)
    raises(*not_found, client.get_function_configuration, FunctionName=name, Qualifier="1")
    raises(*not_found, client.invoke, FunctionName=name, Qualifier="1")
    assert client.get_function_configuration(FunctionName=name)["Version"] == "$LATEST"

    client.update_function_configuration(FunctionName=name, Description="changed")
    wait(client, "function_updated_v2", FunctionName=name)
    assert client.publish_version(FunctionName=name)["Version"] == "2"  # a number is never given twice

    client.delete_function(FunctionName=name)
    for function in (client.get_function, client.delete_function, client.publish_version, client.invoke):
        raises(*not_found, function, FunctionName=name)
    assert throwaway(FunctionName=name)["State"] == "Pending"


def test_function_that_exists_cannot_be_created(client, raises, throwaway, plain):
    error = raises("ResourceConflictException", 409, throwaway, FunctionName=plain.name)
    assert error.response["Error"]["Message"] == f"Function already exist: {plain.name}"


def test_unknown_function(client, raises):
    name = unique("nobody")
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    error = raises("ResourceNotFoundException", 404, client.get_function, FunctionName=name)
    assert error.response["Error"]["Message"] == f"Function not found: {arn}"
    error = raises("ResourceNotFoundException", 404, client.invoke, FunctionName=name)
    assert error.response["Error"]["Message"] == f"Function not found: {arn}:$LATEST"
    assert isinstance(error, client.exceptions.ResourceNotFoundException)
