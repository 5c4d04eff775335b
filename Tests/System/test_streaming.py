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

exports.writes = streamifyResponse(async (event, output) => {
  output.write('begun');
  for (let piece = 0; piece < event.megabytes; piece++) {
    if (!output.write(Buffer.alloc(1 << 20, 'x'))) await once(output, 'drain');
  }
  console.log('all is written');
  output.end();
});
exports.fails = streamifyResponse(async (event, output) => {
  output.write('half');
  throw new RangeError('half way');
});
exports.answers = streamifyResponse(async (event, output) => {
  const answer = HttpResponseStream.from(output, { statusCode: 201, headers: { 'content-type': 'text/plain', 'x-own': '1' } });
  answer.write('first, ');
  answer.write('second');
  answer.end();
});
"""


@pytest.fixture
def made(servers):
    """Makes functions, which are deleted after the test."""
    server, names = servers.running(), []

    def make(handler):
        name = lambdas.unique(handler)
        server.client.create_function(
            FunctionName=name, Runtime="nodejs20.x", Handler=f"index.{handler}", Role=lambdas.ROLE,
            Code={"ZipFile": lambdas.zip_of({"index.js": CODE})}, MemorySize=512, Timeout=120)
        names.append(name)
        until_done(server.client, "function_active_v2", FunctionName=name)
        return name

    yield server, make
    for name in names:
        server.client.delete_function(FunctionName=name)


def stream(server, name, event, **arguments):
    response = server.client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event), **arguments)
    assert response["StatusCode"] == 200 and response["ExecutedVersion"] == "$LATEST", response
    assert response["ResponseStreamContentType"] == "application/vnd.amazon.eventstream", response
    return iter(response["EventStream"])


# Not at level microvm: an emulated processor takes long for so much.
@pytest.mark.process
def test_the_first_bytes_arrive_while_the_function_still_waits_for_its_client(servers, made):
    server, make = made
    name = make("writes")
    events = stream(server, name, {"megabytes": 100}, LogType="Tail")
    first = next(events)["PayloadChunk"]["Payload"]
    assert first.startswith(b"begun")
    # Sockets hold some megabytes. The rest waits in the function, until somebody reads.
    assert not any("all is written" in line for line in serving.logs(server.thaw, servers.state, name))
    size = len(first)
    for event in events:
        if "InvokeComplete" in event:
            break
        size += len(event["PayloadChunk"]["Payload"])
    assert size == 100 * (1 << 20) + len("begun")
    assert set(event["InvokeComplete"]) == {"LogResult"}, event
    assert next(events, None) is None
    host.until(
        lambda: any("all is written" in line for line in serving.logs(server.thaw, servers.state, name)),
        what="the function's last words")


def test_a_failure_half_way_is_told_behind_what_came_before(made):
    server, make = made
    name = make("fails")
    *chunks, end = stream(server, name, {})
    assert b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks) == b"half"
    assert end["InvokeComplete"]["ErrorCode"] == "Unhandled", end
    assert json.loads(end["InvokeComplete"]["ErrorDetails"])["errorType"] == "RangeError", end
    # Whole, it is a failure as any other.
    payload, response = server.invoke(name, {}, qualifier="$LATEST")
    assert response["FunctionError"] == "Unhandled" and payload["errorType"] == "RangeError", payload


def test_a_function_url_answers_with_what_the_function_streams(made):
    server, make = made
    name = make("answers")
    url = server.client.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
    server.client.add_permission(
        FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE")
    with urllib.request.urlopen(url["FunctionUrl"], timeout=120) as answer:
        assert answer.status == 201 and answer.headers["x-own"] == "1"
        assert answer.headers["content-type"] == "text/plain" and answer.read() == b"first, second"
