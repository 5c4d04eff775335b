"""Unmodified AWS clients and small helpers, shared by the tests that talk to a server."""

import io
import json
import uuid
import zipfile

import boto3
import botocore.config

ROLE = "arn:aws:iam::123456789012:role/tests"
REGION = "us-east-1"


def connect(endpoint, read_timeout=120):
    """boto3 as users have it, except that it does not hide errors by retrying."""
    return boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=botocore.config.Config(
            retries={"total_max_attempts": 1}, read_timeout=read_timeout, max_pool_connections=16
        ),
    )


def zip_of(files):
    """A zip that holds the given files: {name: text or bytes}."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            # Without it only the owner could read the file, which a function is not.
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def wait(client, waiter, **arguments):
    """A waiter of botocore's, polling faster than its default of five seconds."""
    client.get_waiter(waiter).wait(**arguments, WaiterConfig={"Delay": 1, "MaxAttempts": 240})


def payload_of(response):
    return json.loads(response["Payload"].read())


def invoke(client, function, event=None, **arguments):
    """Invokes and gives (payload, response)."""
    if event is not None:
        arguments["Payload"] = json.dumps(event)
    response = client.invoke(FunctionName=function, **arguments)
    return payload_of(response), response


def call(function, **arguments):
    """What a call answers or raises."""
    try:
        return function(**arguments)
    except Exception as error:
        return error
