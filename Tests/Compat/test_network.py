"""VpcConfig, and the tag that says where a function may send to: what is kept and shown, and what is refused.

Nothing here needs a network. Functions that never run have one; the invoked ones are in a network that has gone.
"""

import os
import subprocess

import pytest

from lambdas import wait

KEY = "thaw:network"
EMPTY = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": False}


def shown(name, *groups):
    return {
        "SubnetIds": [f"subnet-{name}"],
        "SecurityGroupIds": list(groups),
        "VpcId": f"vpc-{name}",
        "Ipv6AllowedForDualStack": False,
    }


@pytest.fixture(scope="module")
def command():
    """Runs `thaw network` beside the server."""
    state, thaw = os.environ.get("THAW_TEST_STATE"), os.environ.get("THAW_TEST_COMMAND")
    if not state or not thaw:
        pytest.skip("needs the server's state directory: let Tests/Compat/run start the server")
    return lambda *arguments: subprocess.run([thaw, "network", *arguments, "--state-dir", state], check=True, timeout=60)


@pytest.fixture(scope="module")
def networks(command):
    for number, name in enumerate(("shop", "bank-2"), 7001):
        command("create", name, "--vni", str(number), "--subnet", "10.1.0.0/16", "--endpoint", "192.0.2.7")
    yield
    for name in ("shop", "bank-2"):
        command("delete", name)


@pytest.fixture
def update(client):
    def change(function, **settings):
        name = function["FunctionName"]
        wait(client, "function_active_v2", FunctionName=name)
        answer = client.update_function_configuration(FunctionName=name, **settings)
        wait(client, "function_updated_v2", FunctionName=name)
        return answer

    return change


def test_vpc_config_is_kept_shown_and_removed(client, networks, throwaway, update):
    function = throwaway()
    name = function["FunctionName"]
    assert "VpcConfig" not in function
    given = {"SubnetIds": ["subnet-shop"], "SecurityGroupIds": ["sg-0a", "sg-1B"]}
    answer = update(function, VpcConfig=given)
    assert answer["VpcConfig"] == shown("shop", "sg-0a", "sg-1B")
    assert answer["LastUpdateStatus"] == "InProgress"
    configuration = client.get_function(FunctionName=name)["Configuration"]
    assert configuration["VpcConfig"] == shown("shop", "sg-0a", "sg-1B")
    listed = client.list_functions()["Functions"]
    assert [f["VpcConfig"] for f in listed if f["FunctionName"] == name] == [shown("shop", "sg-0a", "sg-1B")]
    # What does not name it leaves it.
    assert update(function, Timeout=9)["VpcConfig"] == shown("shop", "sg-0a", "sg-1B")
    assert update(function, VpcConfig={"SubnetIds": ["subnet-bank-2"]})["VpcConfig"] == shown("bank-2")
    assert update(function, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})["VpcConfig"] == EMPTY
    assert client.get_function_configuration(FunctionName=name)["VpcConfig"] == EMPTY


def test_a_version_keeps_its_vpc_config(client, networks, throwaway, update):
    function = throwaway(VpcConfig={"SubnetIds": ["subnet-shop", "subnet-shop"], "SecurityGroupIds": ["sg-1"]})
    name = function["FunctionName"]
    assert function["VpcConfig"] == {**shown("shop", "sg-1"), "SubnetIds": ["subnet-shop", "subnet-shop"]}
    wait(client, "function_active_v2", FunctionName=name)
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    update(function, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
    version = client.publish_version(FunctionName=name)
    assert version["Version"] == "2" and version["VpcConfig"] == EMPTY
    assert client.get_function_configuration(FunctionName=name, Qualifier="1")["VpcConfig"]["VpcId"] == "vpc-shop"
    assert client.publish_version(FunctionName=name)["Version"] == "2"


REFUSED = {
    "no such network": (
        {"SubnetIds": ["subnet-nobody"]},
        "InvalidParameterValueException",
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID "
        "'subnet-nobody' does not exist",
    ),
    "two networks": ({"SubnetIds": ["subnet-shop", "subnet-bank-2"]}, "InvalidParameterValueException", "several"),
    "no subnet": ({"SubnetIds": ["shop"]}, "ValidationException", "vpcConfig.subnetIds"),
    "groups alone": ({"SecurityGroupIds": ["sg-1"]}, "InvalidParameterValueException", "coexist"),
    "no group": ({"SubnetIds": ["subnet-shop"], "SecurityGroupIds": ["g"]}, "ValidationException", "securityGroupIds"),
    "six groups": (
        {"SubnetIds": ["subnet-shop"], "SecurityGroupIds": [f"sg-{n}" for n in range(6)]},
        "ValidationException",
        "less than or equal to 5",
    ),
    "IPv6": (
        {"SubnetIds": ["subnet-shop"], "Ipv6AllowedForDualStack": True},
        "InvalidParameterValueException",
        "Ipv6AllowedForDualStack",
    ),
}


@pytest.mark.parametrize("given, code, message", REFUSED.values(), ids=REFUSED.keys())
def test_vpc_configs_that_cannot_be(client, raises, networks, throwaway, given, code, message):
    error = raises(code, 400, throwaway, VpcConfig=given)
    assert message in error.response["Error"]["Message"]
    function = throwaway()
    wait(client, "function_active_v2", FunctionName=function["FunctionName"])
    raises(code, 400, client.update_function_configuration, FunctionName=function["FunctionName"], VpcConfig=given)
    assert "VpcConfig" not in client.get_function_configuration(FunctionName=function["FunctionName"])


def test_the_tag(client, raises, networks, throwaway):
    function = throwaway(Tags={KEY: "egress"})
    arn = function["FunctionArn"]
    for value in ("vpc:shop", "isolated", "vpc:bank-2"):
        client.tag_resource(Resource=arn, Tags={KEY: value})
        assert client.list_tags(Resource=arn)["Tags"] == {KEY: value}
    for value, message in (
        ("internet", "isolated, egress, vpc:NAME"),
        ("vpc:", "isolated, egress, vpc:NAME"),
        ("vpc:nobody", "There is no virtual network nobody on this server. Networks available: bank-2, shop."),
    ):
        for call, arguments in (
            (client.tag_resource, {"Resource": arn, "Tags": {KEY: value}}),
            (throwaway, {"Tags": {KEY: value}}),
        ):
            error = raises("InvalidParameterValueException", 400, call, **arguments)
            assert message in error.response["Error"]["Message"]
    assert client.list_tags(Resource=arn)["Tags"] == {KEY: "vpc:bank-2"}
    client.untag_resource(Resource=arn, TagKeys=[KEY])


def test_the_tag_and_vpc_config_together(raises, networks, throwaway):
    vpc = {"SubnetIds": ["subnet-shop"]}
    error = raises("InvalidParameterValueException", 400, throwaway, VpcConfig=vpc, Tags={KEY: "egress"})
    assert "VpcConfig asks for the virtual network shop" in error.response["Error"]["Message"]
    throwaway(VpcConfig=vpc, Tags={KEY: "vpc:shop"})


@pytest.mark.parametrize("how", ["tag", "VpcConfig"])
def test_a_network_that_has_gone(client, raises, command, throwaway, how):
    command("create", "brief", "--vni", "9", "--subnet", "10.9.0.0/24", "--endpoint", "192.0.2.7")
    try:
        asked = {"tag": {"Tags": {KEY: "vpc:brief"}}, "VpcConfig": {"VpcConfig": {"SubnetIds": ["subnet-brief"]}}}
        function = throwaway(SnapStart={"ApplyOn": "PublishedVersions"}, **asked[how])
        name = function["FunctionName"]
        wait(client, "function_active_v2", FunctionName=name)
    finally:
        command("delete", "brief")
    error = raises("InvalidSubnetIDException", 502, client.invoke, FunctionName=name)
    assert "the virtual network brief: there is none of this name" in error.response["Error"]["Message"]
    client.publish_version(FunctionName=name)
    with pytest.raises(Exception, match="Failed"):
        wait(client, "published_version_active", FunctionName=name, Qualifier="1")
    version = client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert version["State"] == "Failed" and version["StateReasonCode"] == "InvalidSubnet"
