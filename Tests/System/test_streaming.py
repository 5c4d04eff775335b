"""Responses that reach the client while the function still writes them."""

import json
import urllib.request

import pytest

import host
import lambdas
import serving
from conftest import until_done

# Writes as much as it is told to, and waits where nobody reads.
CODE = r"""
const { once } = require('events');
const { HttpResponseStream, streamifyResponse } = awslambda;

exports.handler = streamifyResponse(async (event, output) => {
  if (event.requestContext) {
    const answer = HttpResponseStream.from(output, { statusCode: 201, headers: { 'content-type': 'text/plain', 'x-own': '1' } });
    answer.write('first, ');
    answer.write('second');
    return answer.end();
  }
  output.write('begun');
  if (event.fails) throw new RangeError('half way');
  for (let piece = 0; piece < event.megabytes; piece++) {
    if (!output.write(Buffer.alloc(1 << 20, 'x'))) await once(output, 'drain');
  }
  console.log('all is written');
  output.end();
});
"""


@pytest.fixture(scope="module")
def made(servers):
    """One function for all: to start Node takes long on an emulated processor."""
    server, name = servers.running(), lambdas.unique("streams")
    server.client.create_function(
        FunctionName=name, Runtime="nodejs20.x", Handler="index.handler", Role=lambdas.ROLE,
        Code={"ZipFile": lambdas.zip_of({"index.js": CODE})}, MemorySize=512, Timeout=120)
    until_done(server.client, "function_active_v2", FunctionName=name)
    yield server, name
    server.client.delete_function(FunctionName=name)


def stream(server, name, event, **arguments):
    response = server.client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event), **arguments)
    assert response["StatusCode"] == 200 and response["ExecutedVersion"] == "$LATEST", response
    assert response["ResponseStreamContentType"] == "application/vnd.amazon.eventstream", response
    return iter(response["EventStream"])


# What needs more than one sandbox takes long on an emulated processor: at level microvm there is the last test.
@pytest.mark.process
def test_the_first_bytes_arrive_while_the_function_still_waits_for_its_client(servers, made):
    server, name = made
    events = stream(server, name, {"megabytes": 40}, LogType="Tail")
    first = next(events)["PayloadChunk"]["Payload"]
    assert first.startswith(b"begun")
    # Sockets hold some megabytes. The rest waits in the function, until somebody reads.
    assert not any("all is written" in line for line in serving.logs(server.thaw, servers.state, name))
    size = len(first)
    for event in events:
        if "InvokeComplete" in event:
            break
        size += len(event["PayloadChunk"]["Payload"])
    assert size == 40 * (1 << 20) + len("begun")
    assert set(event["InvokeComplete"]) == {"LogResult"}, event
    assert next(events, None) is None
    host.until(
        lambda: any("all is written" in line for line in serving.logs(server.thaw, servers.state, name)),
        what="the function's last words")


@pytest.mark.process
def test_a_failure_half_way_is_told_behind_what_came_before(made):
    server, name = made
    *chunks, end = stream(server, name, {"fails": True})
    assert b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks) == b"begun"
    assert end["InvokeComplete"]["ErrorCode"] == "Unhandled", end
    assert json.loads(end["InvokeComplete"]["ErrorDetails"])["errorType"] == "RangeError", end
    # Whole, it is a failure as any other.
    payload, response = server.invoke(name, {"fails": True}, qualifier="$LATEST")
    assert response["FunctionError"] == "Unhandled" and payload["errorType"] == "RangeError", payload


def test_a_function_url_answers_with_what_the_function_streams(made):
    server, name = made
    url = server.client.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
    server.client.add_permission(
        FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
    with urllib.request.urlopen(url["FunctionUrl"], timeout=120) as answer:
        assert answer.status == 201 and answer.headers["x-own"] == "1"
        assert answer.headers["content-type"] == "text/plain" and answer.read() == b"first, second"
