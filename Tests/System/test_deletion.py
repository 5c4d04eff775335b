"""Functions that are deleted while they are called."""

import collections
import concurrent.futures
import threading

import botocore.exceptions
import pytest

from conftest import create, publish

ROUNDS = 10
CALLERS = 8


def outcome(server, name, qualifier):
    try:
        response = server.client.invoke(FunctionName=name, Qualifier=qualifier, Payload=b'{"do":"echo"}')
    except botocore.exceptions.ClientError as error:
        found = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
        return (*found, error.response["Error"]["Message"])
    return response["StatusCode"], response.get("FunctionError"), ""


@pytest.mark.process
def test_a_call_that_meets_a_deletion_is_served_or_told_that_there_is_no_function(servers):
    server = servers.running("--ready", "1", "--max-sandboxes", "16", fresh=True)
    found = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(CALLERS + 1) as threads:
        for number in range(ROUNDS):
            name = f"deleted-{number}"
            create(server.client, name)
            qualifier = publish(server.client, name) if number % 2 else "$LATEST"
            start = threading.Barrier(CALLERS + 1)
            deleted = threading.Event()

            def call():
                outcomes = []
                start.wait()
                # The last of them has begun after the deletion was answered.
                while True:
                    was_deleted = deleted.is_set()
                    outcomes.append(outcome(server, name, qualifier))
                    if was_deleted:
                        return outcomes

            calls = [threads.submit(call) for _ in range(CALLERS)]
            start.wait()
            server.client.delete_function(FunctionName=name)
            deleted.set()
            for ended in calls:
                outcomes = ended.result(90)
                found.update(outcomes)
                assert outcomes[-1][:2] == (404, "ResourceNotFoundException"), outcomes
    kinds = {(status, error) for status, error, _ in found}
    assert kinds <= {(200, None), (404, "ResourceNotFoundException")}, found
