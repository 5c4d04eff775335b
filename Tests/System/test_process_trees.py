"""Functions that have child processes when they are frozen, at level process."""

import concurrent.futures

import pytest

import conftest
import lambdas
import test_environment

pytestmark = pytest.mark.process

# As AWS's tutorial has it: the child is the one who waits for the next event.
BOOTSTRAP = """#!/bin/bash
set -euo pipefail
count=0
while true; do
    headers=$(mktemp)
    event=$(curl -sS -LD "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
    id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
    count=$((count + 1))
    curl -sS "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "{\\"event\\":$event,\\"count\\":$count}"
done
"""


@pytest.fixture
def published(servers):
    """Makes versions; gives a function that calls one."""
    server, names = servers.running(), []

    def make(runtime, handler, files):
        name = lambdas.unique("tree")
        server.client.create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Role=lambdas.ROLE, MemorySize=512, Timeout=60,
            Code={"ZipFile": test_environment.zipped(files)}, SnapStart={"ApplyOn": "PublishedVersions"})
        names.append(name)
        conftest.until_done(server.client, "function_active_v2", FunctionName=name)
        version = conftest.publish(server.client, name)
        return lambda event: server.invoke(name, event, qualifier=version)[0]

    yield make
    for name in names:
        server.client.delete_function(FunctionName=name)


def test_the_child_that_waits_for_the_next_event_is_cloned(published):
    call = published("provided.al2023", "any", {"bootstrap": (0o755, BOOTSTRAP)})
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda number: call({"n": number}), range(6)))
    assert [answer["event"]["n"] for answer in answers] == list(range(6))
    # Each clone counts from the freeze on.
    counts = [answer["count"] for answer in answers]
    assert min(counts) == 1


def test_workers_and_web_servers_are_cloned(published):
    source = (conftest.HERE / "functions" / "children.py").read_text()
    call = published("python3.13", "children.handler", {"children.py": (0o644, source)})
    first = call({"add": 5})
    assert first == {"total": 105, "visits": 2, "worker": True, "server": True}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for answer in pool.map(lambda _: call({"add": 5}), range(6)):
            assert answer["worker"] and answer["server"]
            # One of each clone's own calls each.
            assert answer["total"] == 100 + 5 * (answer["visits"] - 1)
