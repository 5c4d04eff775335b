"""Tags: AWS's rules, and the one tag that says how a function's sandboxes are kept apart.

Answers and errors are those recorded on AWS by LocalStack's test suite (TestLambdaTags).
"""

import pathlib

import pytest

from lambdas import invoke, wait, zip_of

KEY = "thaw:isolation"
# What a process on this machine reads, and a virtual machine does not.
BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id")
CODE = f"def handler(event, context):\n    return open('{BOOT}').read()\n"


@pytest.fixture
def function(throwaway):
    return throwaway()


def tags(client, function):
    listed = client.list_tags(Resource=function["FunctionArn"])["Tags"]
    assert client.get_function(FunctionName=function["FunctionName"]).get("Tags", {}) == listed
    return listed


def test_tags_of_a_creation(client, deployments):
    assert tags(client, deployments["app"].created) == {"team": "a"}
    assert tags(client, deployments["plain"].created) == {}


def test_tags_are_added_replaced_and_removed(client, function):
    arn = function["FunctionArn"]
    for change, expected in (
        ({"A": "tag-a"}, {"A": "tag-a"}),
        ({"B": "tag-b", "C": ""}, {"A": "tag-a", "B": "tag-b", "C": ""}),
        ({"C": "new", "a b/é+=:@": "é"}, {"A": "tag-a", "B": "tag-b", "C": "new", "a b/é+=:@": "é"}),
    ):
        answer = client.tag_resource(Resource=arn, Tags=change)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert tags(client, function) == expected
    for keys, left in ((["A"], 3), (["a b/é+=:@", "nothing"], 2), (["nothing"], 2), (["B", "C"], 0)):
        answer = client.untag_resource(Resource=arn, TagKeys=keys)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert len(tags(client, function)) == left


def test_tagging_is_a_new_revision_and_no_new_version(client, plain):
    before = plain.configuration()["RevisionId"]
    client.tag_resource(Resource=plain.created["FunctionArn"], Tags={"a": "b"})
    assert plain.configuration()["RevisionId"] != before
    assert client.publish_version(FunctionName=plain.name)["Version"] == "1"
    client.untag_resource(Resource=plain.created["FunctionArn"], TagKeys=["a"])


def test_fifty_tags(client, raises, function, throwaway):
    arn = function["FunctionArn"]
    fifty = {f"{number}_key": "value" for number in range(50)}
    client.tag_resource(Resource=arn, Tags=fifty)
    for call, arguments in (
        (client.tag_resource, {"Resource": arn, "Tags": {"one": "more"}}),
        (throwaway, {"Tags": {**fifty, "one": "more"}}),
    ):
        error = raises("InvalidParameterValueException", 400, call, **arguments)
        assert error.response["Error"]["Message"] == "Number of tags exceeds resource tag limit."
    client.tag_resource(Resource=arn, Tags={"0_key": "still fifty"})
    assert len(tags(client, function)) == 50


REFUSED = {
    "no tags": ({}, "InvalidParameterValueException", "An error occurred and the request cannot be processed."),
    "long key": ({"k" * 129: "v"}, "ValidationException", "length less than or equal to 128"),
    "long value": ({"k": "v" * 257}, "ValidationException", "length less than or equal to 256"),
    "reserved": ({"aws:x": "v"}, "InvalidParameterValueException", "aws:x"),
    "isolation of nobody": ({KEY: "none"}, "InvalidParameterValueException", "auto, microvm, process"),
}


@pytest.mark.parametrize("given, code, message", REFUSED.values(), ids=REFUSED.keys())
def test_tags_that_cannot_be(client, raises, function, throwaway, given, code, message):
    error = raises(code, 400, client.tag_resource, Resource=function["FunctionArn"], Tags=given)
    assert message in error.response["Error"]["Message"]
    if given:
        raises(code, 400, throwaway, Tags=given)
    assert tags(client, function) == {}


def test_tags_of_what_has_none(client, raises, function):
    arn = function["FunctionArn"]
    for qualifier in ("1", "$LATEST", "live"):
        error = raises(
            "InvalidParameterValueException", 400, client.tag_resource, Resource=f"{arn}:{qualifier}", Tags={"a": "b"}
        )
        assert error.response["Error"]["Message"] == (
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    gone = arn + "-gone"
    for call, arguments in (
        (client.tag_resource, {"Tags": {"a": "b"}}), (client.untag_resource, {"TagKeys": ["a"]}), (client.list_tags, {}),
    ):
        error = raises("ResourceNotFoundException", 404, call, Resource=gone, **arguments)
        assert error.response["Error"]["Message"] == f"Function not found: {gone}"
        error = raises("ValidationException", 400, call, Resource="arn:aws:something", **arguments)
        assert "Value 'arn:aws:something' at 'resource' failed to satisfy constraint" in str(error)
    error = raises("ValidationException", 400, client.untag_resource, Resource=arn, TagKeys=[])
    assert error.response["Error"]["Message"] == (
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"
    )


def is_process(client, name, **qualifier):
    payload, _ = invoke(client, name, {}, **qualifier)
    return payload == BOOT.read_text()


@pytest.mark.parametrize("level, other", [("microvm", "process"), ("process", "microvm")])
def test_isolation_that_the_operator_chose_cannot_be_left(client, raises, throwaway, isolation, level, other):
    if isolation != level:
        pytest.skip(f"for a server with --isolation {level}")
    created = throwaway(Code={"ZipFile": zip_of({"app.py": CODE})}, Tags={KEY: level})
    for call, arguments in (
        (client.tag_resource, {"Resource": created["FunctionArn"], "Tags": {KEY: other}}), (throwaway, {"Tags": {KEY: other}}),
    ):
        error = raises("InvalidParameterValueException", 400, call, **arguments)
        assert f"Isolation {other} is not available on this server" in error.response["Error"]["Message"]
    wait(client, "function_active_v2", FunctionName=created["FunctionName"])
    assert is_process(client, created["FunctionName"]) == (level == "process")


def test_isolation_by_tag(client, throwaway, isolation):
    """$LATEST follows the tag; a version keeps what its snapshot has, and publishing makes another."""
    if isolation != "auto":
        pytest.skip("for a server with --isolation auto")
    created = throwaway(
        Code={"ZipFile": zip_of({"app.py": CODE})}, Tags={KEY: "process"}, MemorySize=256, Timeout=30,
        SnapStart={"ApplyOn": "PublishedVersions"},
    )
    name, arn = created["FunctionName"], created["FunctionArn"]
    wait(client, "function_active_v2", FunctionName=name)
    assert is_process(client, name)
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    wait(client, "published_version_active", FunctionName=name, Qualifier="1")
    assert is_process(client, name, Qualifier="1")

    client.tag_resource(Resource=arn, Tags={KEY: "microvm"})
    assert not is_process(client, name)
    assert is_process(client, name, Qualifier="1")
    assert client.publish_version(FunctionName=name)["Version"] == "2"
    wait(client, "published_version_active", FunctionName=name, Qualifier="2")
    assert not is_process(client, name, Qualifier="2")

    client.tag_resource(Resource=arn, Tags={KEY: "process"})
    assert is_process(client, name)
