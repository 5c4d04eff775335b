"""Event source mappings: the calls, and queues of an emulator that are polled; code from the emulator's S3."""

import json
import os
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from conftest import CREDENTIALS, ROLE
from lambdas import unique, zip_of

pytestmark = pytest.mark.once

HANDLER = """
import json

def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("BATCH " + json.dumps(bodies), flush=True)
    if "fail" in bodies:
        raise RuntimeError("asked to fail")
    failed = [record["messageId"] for record in event["Records"] if record["body"].startswith("again")
              and record["attributes"]["ApproximateReceiveCount"] == "1"]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}
"""


def until(holds, seconds=60):
    """Returns once it holds; asks again and again."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"does not hold after {seconds} s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def emulator():
    url = os.environ.get("THAW_TEST_AWS")
    if not url:
        pytest.skip("THAW_TEST_AWS is not set; Tests/Compat/run starts an emulator and sets it")
    return url


def service(emulator, name):
    return boto3.client(
        name,
        endpoint_url=emulator,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="module")
def sqs(emulator):
    return service(emulator, "sqs")


@pytest.fixture(scope="module")
def function(client):
    name = unique("sources")
    client.create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="app.handler", Code={"ZipFile": zip_of({"app.py": HANDLER})}
    )
    until(lambda: client.get_function(FunctionName=name)["Configuration"]["State"] == "Active")
    yield name
    client.delete_function(FunctionName=name)


@pytest.fixture
def mapped(client, sqs, function):
    """Makes a queue and maps it; takes both away at the end."""
    made = []

    def make(attributes=None, **settings):
        queue = sqs.create_queue(QueueName=unique("q"), Attributes=attributes or {})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        mapping = client.create_event_source_mapping(FunctionName=function, EventSourceArn=arn, **settings)
        made.append((queue, mapping["UUID"]))
        until(lambda: client.get_event_source_mapping(UUID=mapping["UUID"])["State"] != "Creating")
        return queue, mapping["UUID"]

    yield make
    for queue, uuid in made:
        try:
            client.delete_event_source_mapping(UUID=uuid)
        except client.exceptions.ResourceNotFoundException:
            pass
        sqs.delete_queue(QueueUrl=queue)


def left(sqs, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def send(sqs, queue, *bodies):
    entries = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]
    assert not sqs.send_message_batch(QueueUrl=queue, Entries=entries).get("Failed")


def test_what_a_function_handled_is_deleted(sqs, mapped):
    queue, _ = mapped()
    send(sqs, queue, "a", "b", "c")
    until(lambda: left(sqs, queue) == 0)


def test_reported_failures_come_again_and_the_rest_does_not(sqs, mapped):
    queue, _ = mapped({"VisibilityTimeout": "3"}, FunctionResponseTypes=["ReportBatchItemFailures"])
    send(sqs, queue, "again", "b")
    until(lambda: left(sqs, queue) == 1)
    until(lambda: left(sqs, queue) == 0)


def test_a_batch_that_fails_goes_to_the_dead_letters_in_the_end(sqs, mapped):
    dead = sqs.create_queue(QueueName=unique("dead"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue, _ = mapped({"VisibilityTimeout": "3", "RedrivePolicy": policy}, BatchSize=1)
    send(sqs, queue, "fail")
    until(lambda: left(sqs, dead) == 1 and left(sqs, queue) == 0)


def test_filters_let_through_what_they_match_and_delete_the_rest(client, sqs, mapped, function):
    pattern = json.dumps({"body": {"kind": ["order"], "amount": [{"numeric": [">=", 100]}]}})
    queue, uuid = mapped(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    assert client.get_event_source_mapping(UUID=uuid)["FilterCriteria"] == {"Filters": [{"Pattern": pattern}]}
    send(sqs, queue, '{"kind":"order","amount":99}', "order", '{"kind":"order","amount":100}')
    until(lambda: left(sqs, queue) == 0)


def test_a_window_fills_batches(sqs, mapped):
    queue, _ = mapped(BatchSize=20, MaximumBatchingWindowInSeconds=1, ScalingConfig={"MaximumConcurrency": 2})
    for start in range(0, 30, 10):
        send(sqs, queue, *(str(index) for index in range(start, start + 10)))
    until(lambda: left(sqs, queue) == 0)


def test_a_disabled_mapping_leaves_the_queue_alone_until_it_is_enabled(client, sqs, mapped):
    queue, uuid = mapped(Enabled=False)
    assert client.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    send(sqs, queue, "a")
    assert client.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Enabling"
    until(lambda: left(sqs, queue) == 0)
    assert client.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    until(lambda: client.get_event_source_mapping(UUID=uuid)["State"] == "Disabled")


def test_queues_that_cannot_be_are_refused_in_awss_words(client, sqs, function):
    arn = "arn:aws:sqs:us-east-1:123456789012:" + unique("none")
    with pytest.raises(ClientError) as refused:
        client.create_event_source_mapping(FunctionName=function, EventSourceArn=arn)
    assert refused.value.response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist.",
    }


def test_code_comes_from_s3(client, emulator):
    s3 = service(emulator, "s3")
    bucket, name = unique("bucket").lower(), unique("froms3")
    s3.create_bucket(Bucket=bucket)
    content = zip_of({"app.py": "def handler(event, context):\n    return 'from S3'\n"})
    s3.put_object(Bucket=bucket, Key="a b/code+1.zip", Body=content)

    def create(**code):
        return client.create_function(FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="app.handler", Code=code)

    created = create(S3Bucket=bucket, S3Key="a b/code+1.zip")
    try:
        assert created["CodeSize"] == len(content)
        until(lambda: client.get_function(FunctionName=name)["Configuration"]["State"] == "Active")
        answer = client.invoke(FunctionName=name)
        assert json.loads(answer["Payload"].read()) == "from S3"
    finally:
        client.delete_function(FunctionName=name)
    for code, type, words in [
        ({"S3Bucket": unique("none").lower(), "S3Key": "k"}, "NoSuchBucket", "The specified bucket does not exist"),
        ({"S3Bucket": bucket, "S3Key": "none"}, "NoSuchKey", "The specified key does not exist."),
    ]:
        with pytest.raises(ClientError) as refused:
            create(**code)
        assert refused.value.response["Error"] == {
            "Code": "InvalidParameterValueException",
            "Message": f"Error occurred while GetObject. S3 Error Code: {type}. S3 Error Message: {words}",
        }
