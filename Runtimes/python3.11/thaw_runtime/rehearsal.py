"""Goes the way of a clone from its restore to its first answer, on made-up answers of the Runtime API.

It is the same code on a socket whose other end is here, run until the interpreter has adapted it to what it handles, so
that a clone finds all of it imported, cached and quick.
"""

import os
import socket

from awslambdaric import bootstrap, lambda_runtime_client

from . import randomness
from .runtime_client import connection

# The interpreter specialises an instruction after some tens of runs, and tries again later where that failed.
ROUNDS = 200

_TRACE = "_X_AMZN_TRACE_ID"
_EVENT = b'{"text": "\\u00fc", "list": [1, 2.5, null, true], "of": {"a": "b"}}'
_RESTORED = b"".join((
    b"HTTP/1.1 200 OK\r\nThaw-Generation: 1\r\nThaw-Entropy: ", b"A" * 86, b"==\r\n",
    b"Thaw-Wall-Clock: 1700000000000000000\r\nContent-Length: 0\r\n\r\n"))
_INVOCATION = b"".join((
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
    b"Lambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000000\r\n",
    b"Lambda-Runtime-Deadline-Ms: 1700000000000\r\n",
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:rehearsal\r\n",
    b"Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0\r\n",
    b"Content-Length: %d\r\n\r\n" % len(_EVENT), _EVENT))
_ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
# AWS's own: a function may put another in its place, which need not hear of this.
_marshaller = lambda_runtime_client.BaseLambdaRuntimeClient.marshaller


class _Silence:
    def log(self, *_):
        pass

    log_error = log


def run():
    client = lambda_runtime_client.LambdaRuntimeClient(connection.address)
    client.marshaller = _marshaller
    live, trace = connection.socket, os.environ.get(_TRACE)
    connection.socket, api = socket.socketpair()
    try:
        for turn in range(ROUNDS):
            _restore(client, api)
            _serve(client, api, _fail if turn % 50 == 0 else _echo)
    finally:
        bootstrap.update_xray_env_variable(trace)
        api.close()
        connection.close()
        connection.socket = live


def _restore(client, api):
    api.sendall(_RESTORED)
    client.restore_next()
    api.recv(4096)
    # Of no account: whoever is copied from here does it again.
    randomness.refresh()


def _serve(client, api, handler):
    api.sendall(_INVOCATION)
    request = client.wait_next_invocation()
    api.recv(4096)
    bootstrap.update_xray_env_variable(request.x_amzn_trace_id)
    api.sendall(_ACCEPTED)
    bootstrap.handle_event_request(
        client, handler, request.invoke_id, request.event_body, request.content_type, request.client_context,
        request.cognito_identity, request.invoked_function_arn, request.deadline_time_in_ms, request.tenant_id,
        _Silence(), request.invocation_id)
    api.recv(4096)


def _echo(event, context):
    context.get_remaining_time_in_millis()
    return event


def _fail(event, context):
    raise ValueError("rehearsal")
