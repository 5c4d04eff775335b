"""Permissions and function URLs, as clients use them. Texts were recorded on AWS."""

import http.client
import json
import urllib.parse

import pytest
from conftest import call

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def fetch(url, method="GET", path="", body=None, headers=None, host=None):
    """Status, headers and body of what a function URL answers."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        base = "/" if host else parts.path
        connection.request(method, base + path, body, {**({"Host": host} if host else {}), **(headers or {})})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


@pytest.mark.once
def test_permissions_live_from_add_to_remove(client, throwaway, raises):
    function = throwaway()
    name, arn = function["FunctionName"], function["FunctionArn"]
    added = client.add_permission(
        FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::bucket",
    )  # fmt: skip
    statement = {
        "Sid": "s3",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}},
    }
    assert json.loads(added["Statement"]) == statement
    policy = client.get_policy(FunctionName=name)
    assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    raises(
        "PreconditionFailedException", 412, client.remove_permission, FunctionName=name, StatementId="s3", RevisionId="no"
    )
    client.remove_permission(FunctionName=name, StatementId="s3", RevisionId=policy["RevisionId"])
    raises("ResourceNotFoundException", 404, client.get_policy, FunctionName=name)


@pytest.mark.once
def test_a_url_has_a_configuration_from_create_to_delete(client, throwaway, raises):
    name = throwaway()["FunctionName"]
    created = client.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert "InvokeMode" not in created and "LastModifiedTime" not in created
    read = client.get_function_url_config(FunctionName=name)
    assert (read["FunctionUrl"], read["InvokeMode"]) == (created["FunctionUrl"], "BUFFERED")
    changed = client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM", Cors={"AllowOrigins": ["*"]})
    assert (changed["AuthType"], changed["Cors"]) == ("AWS_IAM", {"AllowOrigins": ["*"]})
    listed = client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert [entry["FunctionUrl"] for entry in listed] == [created["FunctionUrl"]]
    client.delete_function_url_config(FunctionName=name)
    raises("ResourceNotFoundException", 404, client.get_function_url_config, FunctionName=name)


def test_a_url_calls_its_function(client, plain):
    plain.configuration("1")
    url = client.create_function_url_config(FunctionName=plain.name, AuthType="NONE")["FunctionUrl"]
    try:
        status, headers, body = fetch(url, "POST", "a/b?x=1", "text", {"Content-Type": "text/plain"})
        assert (status, json.loads(body)) == (403, {"Message": FORBIDDEN})
        assert headers["x-amzn-ErrorType"] == "AccessDeniedException"
        client.add_permission(
            FunctionName=plain.name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*",
            FunctionUrlAuthType="NONE",
        )  # fmt: skip
        identity = url.rstrip("/").rsplit("/", 1)[1]
        # By path, and by a name of its own, which leads to nothing else.
        for host in (None, f"{identity}.lambda-url.us-east-1.localhost"):
            status, headers, body = fetch(url, "POST", "a/b?x=1", "text", {"Content-Type": "text/plain"}, host)
            assert status == 200, body
            assert headers["Content-Type"] == "application/json"
            event = json.loads(body)
            assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/a/b", "x=1")
            assert (event["body"], event["isBase64Encoded"]) == ("text", False)
            assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
        status, _, _ = fetch(url, "GET", "2015-03-31/functions", host=f"{'a' * 32}.lambda-url.us-east-1.localhost")
        assert status == 403
    finally:
        call(client.remove_permission, FunctionName=plain.name, StatementId="url")
        client.delete_function_url_config(FunctionName=plain.name)
