"""Aliases: kept, moved, weighted, and what they refuse."""

import threading

import pytest

from lambdas import invoke, wait

pytestmark = pytest.mark.once


@pytest.fixture
def versions(client, throwaway):
    """The name of a function with the versions 1 and 2."""
    name = throwaway()["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name)
    client.publish_version(FunctionName=name)
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOUR": "green"}})
    wait(client, "function_updated_v2", FunctionName=name)
    client.publish_version(FunctionName=name)
    return name


def test_lifecycle(client, versions):
    create = {"FunctionName": versions, "FunctionVersion": "1"}
    first = client.create_alias(
        **create, Name="a1", Description="one", RoutingConfig={"AdditionalVersionWeights": {"2": 0.2}}
    )
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert first["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.2}}
    second = client.create_alias(**create, Name="a2")
    assert second["Description"] == "" and "RoutingConfig" not in second
    client.create_alias(FunctionName=versions, FunctionVersion="2", Name="b")
    pages = client.get_paginator("list_aliases").paginate(FunctionName=versions, PaginationConfig={"PageSize": 1})
    assert [alias["Name"] for alias in pages.build_full_result()["Aliases"]] == ["a1", "a2", "b"]
    of_first = client.list_aliases(FunctionName=versions, FunctionVersion="1")["Aliases"]
    assert [alias["Name"] for alias in of_first] == ["a1", "a2"]

    changed = client.update_alias(FunctionName=versions, Name="a1", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in changed and changed["Description"] == "one"
    assert changed["RevisionId"] != first["RevisionId"]
    # An update without a change is a new revision, too.
    again = client.update_alias(FunctionName=versions, Name="a1")
    assert again["RevisionId"] != changed["RevisionId"]
    found = client.get_function(FunctionName=first["AliasArn"])["Configuration"]
    assert found["FunctionArn"] == first["AliasArn"] and found["Version"] == "1"
    for _ in range(2):
        gone = client.delete_alias(FunctionName=versions, Name="a1")
        assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_refusals(client, versions, raises):
    arn = client.get_function_configuration(FunctionName=versions)["FunctionArn"]
    client.create_alias(FunctionName=versions, Name="live", FunctionVersion="1")
    create = {"FunctionName": versions, "Name": "x", "FunctionVersion": "1"}
    for code, status, message, function, arguments in (
        ("ResourceConflictException", 409, f"Alias already exists: {arn}:live", client.create_alias, {"Name": "live"}),
        ("ResourceNotFoundException", 404, f"Function not found: {arn}:9", client.create_alias, {"FunctionVersion": "9"}),
        ("ResourceNotFoundException", 404, f"Function not found: {arn}-x:1", client.create_alias, {"FunctionName": versions + "-x"}),
        ("ResourceNotFoundException", 404, f"Alias not found: {arn}:x", client.update_alias, {}),
        ("ResourceNotFoundException", 404, f"Function not found: {arn}:x", client.get_function, {"Qualifier": "x", "Name": None, "FunctionVersion": None}),
        ("ResourceNotFoundException", 404, f"Cannot find alias arn: {arn}:x", client.get_alias, {"FunctionVersion": None}),
    ):  # fmt: skip
        given = {key: value for key, value in {**create, **arguments}.items() if value is not None}
        error = raises(code, status, function, **given)
        assert error.response["Error"]["Message"] == message
    raises("PreconditionFailedException", 412, client.update_alias, FunctionName=versions, Name="live", RevisionId="x")
    error = raises("ResourceConflictException", 409, client.delete_function, FunctionName=versions, Qualifier="1")
    assert error.response["message"] == (
        "Unable to delete version because the following aliases reference it: [live]"
    )


def test_moved_under_load(client, versions):
    client.create_alias(FunctionName=versions, Name="live", FunctionVersion="1")
    stop, failures, seen = threading.Event(), [], set()

    def work():
        while not stop.is_set():
            try:
                payload, answer = invoke(client, versions, {"action": "describe"}, Qualifier="live")
                seen.add(answer["ExecutedVersion"])
                if "FunctionError" in answer or not payload["arn"].endswith(":live"):
                    failures.append(payload)
            except Exception as error:  # every failed call counts
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for round in range(10):
        version = str(round % 2 + 1)
        client.update_alias(FunctionName=versions, Name="live", FunctionVersion=version)
        # The next call that begins goes to the version that was just named.
        assert invoke(client, versions, {"action": "describe"}, Qualifier="live")[1]["ExecutedVersion"] == version
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert seen == {"1", "2"}
