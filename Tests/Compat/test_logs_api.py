"""What functions log, through the client of Amazon CloudWatch Logs that every AWS user has."""

import json
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas import REGION, invoke

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def logs(endpoint):
    return boto3.client(
        "logs", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="s"
    )


@pytest.fixture(scope="module")
def logged(client, app, logs):
    """The group, the request id of an invocation, and all events once its report is among them."""
    group = f"/aws/lambda/{app.name}"
    _, response = invoke(client, app.name, {"action": "describe"}, Qualifier="1")
    request_id = response["ResponseMetadata"]["RequestId"]
    deadline = time.monotonic() + 30
    while True:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, interleaved=True)
        events = [event for page in pages for event in page["events"]]
        if any(f"REPORT RequestId: {request_id}" in event["message"] for event in events):
            return group, request_id, events
        assert time.monotonic() < deadline, events


def test_events_of_an_invocation(logs, logged):
    group, request_id, events = logged
    found = logs.filter_log_events(logGroupName=group, filterPattern=f'"{request_id}"')["events"]
    assert [event["message"].split()[0] for event in found] == ["START", "END", "REPORT"]
    assert len({event["logStreamName"] for event in found}) == 1
    assert all(event["message"].endswith("\n") for event in found)
    assert "describing\n" in [event["message"] for event in events]
    times = [event["timestamp"] for event in events]
    assert times == sorted(times) and abs(times[-1] / 1000 - time.time()) < 600
    assert len({event["eventId"] for event in events}) == len(events)


def test_pages_are_the_whole(logs, logged):
    group, _, events = logged
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 2})
    seen = [event["eventId"] for page in pages for event in page["events"]]
    assert seen[: len(events)] == [event["eventId"] for event in events]
    assert len(set(seen)) == len(seen)


def test_stream_in_both_directions(logs, logged):
    group, request_id, events = logged
    (stream,) = {event["logStreamName"] for event in events if f"REPORT RequestId: {request_id}" in event["message"]}
    streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]
    assert stream in [each["logStreamName"] for each in streams]
    assert all(each["firstEventTimestamp"] <= each["lastEventTimestamp"] for each in streams)
    arguments = {"logGroupName": group, "logStreamName": stream}
    whole = logs.get_log_events(**arguments, startFromHead=True)
    messages = [event["message"] for event in whole["events"]]
    assert messages == [event["message"] for event in events if event["logStreamName"] == stream]
    first = logs.get_log_events(**arguments, startFromHead=True, limit=1)
    second = logs.get_log_events(**arguments, limit=1, nextToken=first["nextForwardToken"])
    assert [page["events"][0]["message"] for page in (first, second)] == messages[:2]
    back = logs.get_log_events(**arguments, limit=1, nextToken=second["nextBackwardToken"])
    assert back["events"] == first["events"]
    end = logs.get_log_events(**arguments, nextToken=whole["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"] == whole["nextForwardToken"]


def test_group_is_listed(logs, logged):
    (group,) = logs.describe_log_groups(logGroupNamePrefix=logged[0])["logGroups"]
    assert group["arn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{logged[0]}:*"
    assert group["storedBytes"] > 0 and group["logGroupClass"] == "STANDARD"


@pytest.mark.parametrize(
    "action, arguments, code",
    [
        ("filter_log_events", {"logGroupName": "/aws/lambda/none"}, "ResourceNotFoundException"),
        ("get_log_events", {"logGroupName": "/aws/lambda/none", "logStreamName": "a"}, "ResourceNotFoundException"),
        ("filter_log_events", {"logGroupName": "/aws/lambda/none", "limit": 10001}, "InvalidParameterException"),
        ("describe_log_streams", {"logGroupName": "no such"}, "InvalidParameterException"),
        ("delete_log_group", {"logGroupName": "/aws/lambda/none"}, "UnknownOperationException"),
    ],
)
def test_refusals(logs, action, arguments, code):
    with pytest.raises(ClientError) as caught:
        getattr(logs, action)(**arguments)
    assert caught.value.response["Error"]["Code"] == code, json.dumps(caught.value.response, default=str)
