"""Stands in for the extension module `runtime_client` of AWS's client: the same functions and errors, on one connection.

The extension opens a connection of its own, by libcurl, when it is first used; in a clone that is after the restore.
"""

import os
import sys
import time

from .connection import Connection

connection = Connection(os.environ.get("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"))
_API = "/2018-06-01/runtime"
_common = _next = None


def initialize_client(user_agent):
    global _common, _next
    _common = f"Host: {connection.address}\r\nAccept: */*\r\nUser-Agent: {user_agent}\r\n"
    _next = f"GET {_API}/invocation/next HTTP/1.1\r\n{_common}\r\n".encode()


def next():
    try:
        status, fields, body = connection.exchange(_next)
    except OSError as error:
        _log(f"Failed to get next invocation. No Response from endpoint: {error}")
        raise RuntimeError("Failed to get next") from error
    request_id = fields.get("lambda-runtime-aws-request-id")
    if not 200 <= status < 300 or request_id is None:
        _log(f"Failed to get next invocation. Http Response code: {status}. {body.decode(errors='replace')}")
        raise RuntimeError("Failed to get next")
    return body, {
        "Lambda-Runtime-Aws-Request-Id": request_id,
        "Lambda-Runtime-Trace-Id": fields.get("lambda-runtime-trace-id") or None,
        "Lambda-Runtime-Invoked-Function-Arn": fields.get("lambda-runtime-invoked-function-arn", ""),
        "Lambda-Runtime-Deadline-Ms": int(fields.get("lambda-runtime-deadline-ms", 0)),
        "Lambda-Runtime-Client-Context": fields.get("lambda-runtime-client-context") or None,
        "Content-Type": fields.get("content-type") or None,
        "Lambda-Runtime-Cognito-Identity": fields.get("lambda-runtime-cognito-identity") or None,
        "Lambda-Runtime-Aws-Tenant-Id": fields.get("lambda-runtime-aws-tenant-id") or None,
        "Lambda-Runtime-Invocation-Id": fields.get("lambda-runtime-invocation-id") or None,
    }


def post_invocation_result(request_id, body, content_type, invocation_id):
    _post(f"invocation/{request_id}/response", f"content-type: {content_type}\r\n", invocation_id, body,
          "Failed to post invocation response")


def post_error(request_id, error, xray_cause, invocation_id):
    fields = "content-type: application/json\r\n"
    if xray_cause:
        fields += f"lambda-runtime-function-xray-error-cause: {xray_cause}\r\n"
    _post(f"invocation/{request_id}/error", fields, invocation_id, error.encode(), "Failed to post invocation error")


def call_rapid(self, http_method, endpoint, expected_http_code, payload=None, headers=None):
    """In place of the method of AWS's client, for all that its extension does not do."""
    if http_method == "GET":
        head, body = f"GET {endpoint} HTTP/1.1\r\n{_common}\r\n", b""
    else:
        from awslambdaric.lambda_runtime_marshaller import to_json

        body = to_json(payload).encode()
        fields = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"{http_method} {endpoint} HTTP/1.1\r\n{_common}{fields}content-length: {len(body)}\r\n\r\n"
    status, _, answer = connection.exchange(head.encode(), body)
    if status != expected_http_code:
        from awslambdaric.lambda_runtime_client import LambdaRuntimeClientError

        raise LambdaRuntimeClientError(endpoint, status, answer)


def _post(path, fields, invocation_id, body, failure):
    if invocation_id:
        fields += f"lambda-runtime-invocation-id: {invocation_id}\r\n"
    head = f"POST {_API}/{path} HTTP/1.1\r\n{_common}{fields}content-length: {len(body)}\r\n\r\n"
    try:
        status, _, answer = connection.exchange(head.encode(), body)
    except OSError as error:
        _log(f"{failure}. No Response from endpoint: {error}")
        raise RuntimeError(failure) from error
    if not 200 <= status < 300:
        _log(f"{failure}. Http response code: {status}. {answer.decode(errors='replace')}")
        raise RuntimeError(failure)


def _log(message):
    print(f"[ERROR] [{int(time.time() * 1000)}] LAMBDA_RUNTIME {message}", file=sys.stderr)
