"""What a runtime does after its answer: nobody waits for it."""

import io
import time
import zipfile

import pytest

import conftest
import host
import lambdas

pytestmark = pytest.mark.process

# Answers at once; asks for the next event as many seconds later as its handler says.
BOOTSTRAP = r"""#!/bin/sh
base=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
while :; do
    id=$(curl --silent --dump-header - --output /dev/null "$base/invocation/next" |
        sed -n 's/\r$//; s/^Lambda-Runtime-Aws-Request-Id: //p')
    curl --silent --output /dev/null --data '"done"' "$base/invocation/$id/response"
    sleep "$_HANDLER"
done
"""


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as whole:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        whole.writestr(entry, BOOTSTRAP)
    return buffer.getvalue()


def create(client, name, seconds, timeout):
    client.create_function(
        FunctionName=name, Code={"ZipFile": archive()}, Runtime="provided.al2023", Role=lambdas.ROLE,
        Handler=str(seconds), MemorySize=128, Timeout=timeout,
    )
    conftest.until_done(client, "function_active_v2", FunctionName=name)


def test_a_call_does_not_wait_for_a_sandbox_that_is_still_at_work(servers):
    server = servers.running()
    name = lambdas.unique("works-on")
    create(server.client, name, 600, 3)
    before = server.machines()
    start = time.monotonic()
    for arguments in ({}, {}, {"LogType": "Tail"}):
        payload, response = server.invoke(name, {}, qualifier="$LATEST", **arguments)
        assert payload == "done" and "FunctionError" not in response
    # Three starts; one that waited would have taken minutes, or the function's timeout each.
    assert time.monotonic() - start < 60
    # None asks again, so each ends at the function's timeout.
    host.until(lambda: server.machines() <= before, 60, "the end of sandboxes that never ask again")
    server.client.delete_function(FunctionName=name)
