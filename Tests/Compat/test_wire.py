"""What goes over the wire where clients hide it."""

import http.client
import json
import re
import socket
import urllib.parse

import botocore.session
import pytest


@pytest.fixture
def send(endpoint):
    """One plain HTTP exchange: (status, headers, body)."""
    address = urllib.parse.urlsplit(endpoint)

    def exchange(method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    return exchange


def test_every_answer_has_a_request_id(send, plain):
    for path in ("/2015-03-31/functions", f"/2015-03-31/functions/{plain.name}", "/nowhere"):
        _, headers, _ = send("GET", path)
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["x-amzn-RequestId"])


def test_error_on_the_wire(send):
    status, headers, body = send("GET", "/2015-03-31/functions/nobody")
    assert status == 404
    assert headers["x-amzn-ErrorType"] == "ResourceNotFoundException"
    assert headers["content-type"] == "application/json"
    arn = "arn:aws:lambda:us-east-1:123456789012:function:nobody"
    assert json.loads(body) == {"Type": "User", "Message": f"Function not found: {arn}"}


def test_unset_members_are_left_out(send, plain):
    for path in ("", "/configuration", "/versions"):
        _, _, body = send("GET", f"/2015-03-31/functions/{plain.name}{path}")
        assert b"null" not in body


def test_trailing_slash_and_escapes(send, plain):
    arn = urllib.parse.quote(plain.created["FunctionArn"], safe="")
    for path in ("/2015-03-31/functions/", f"/2015-03-31/functions/{arn}/", f"/2015-03-31/functions/{arn}/versions"):
        assert send("GET", path)[0] == 200


def test_web_pages_and_other_schemes_are_refused(send):
    for headers in ({"Origin": "https://example.com"}, {"Authorization": "Bearer token"}):
        status, answer, _ = send("POST", "/2015-03-31/functions", body="{}", headers=headers)
        assert (status, answer["x-amzn-ErrorType"]) == (403, "AccessDeniedException")


@pytest.mark.once
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_upload_is_refused_by_its_length(send, connection):
    """A client that reads the answer only when it has sent everything reads it."""
    status, headers, body = send(
        "POST", "/2015-03-31/functions", body=(bytes(1_000_000) for _ in range(71)),
        headers={"Content-Length": "71000000", "Connection": connection},
    )
    assert (status, headers["x-amzn-ErrorType"]) == (413, "RequestEntityTooLargeException")
    assert json.loads(body) == {"message": "Request must be smaller than 70167211 bytes for the CreateFunction operation"}


def test_client_that_waits_before_it_sends_the_body(endpoint, plain):
    address = urllib.parse.urlsplit(endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        stream = connection.makefile("rb")
        connection.sendall(
            f"POST /2015-03-31/functions/{plain.name}/versions HTTP/1.1\r\nHost: {address.netloc}\r\n"
            "Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n".encode()
        )
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert stream.readline() == b"\r\n"
        connection.sendall(b"{}")
        assert stream.readline() == b"HTTP/1.1 201 Created\r\n"


@pytest.mark.parametrize("body", ["", "{", "[]", "7", '{"FunctionName":7}', '{"Code":[]}', "\x00", "{}"])
def test_bodies_that_are_not_a_function(send, body):
    status, headers, answer = send("POST", "/2015-03-31/functions", body=body)
    assert status == 400
    name = {"SerializationException": "Message", "ValidationException": "message"}[headers["x-amzn-ErrorType"]]
    assert json.loads(answer)[name]


MODEL = botocore.session.get_session().get_service_model("lambda")


@pytest.mark.parametrize("action", MODEL.operation_names)
def test_every_action_of_the_model_is_known(send, action):
    """Answered, or refused with an error of AWS's shape that any client can read."""
    route = MODEL.operation_model(action).http
    path = re.sub(r"\{[^}]*\}", "nobody", route["requestUri"])
    status, headers, body = send(route["method"], path, body="{}" if route["method"] != "GET" else None)
    assert headers["x-amzn-ErrorType"] != "UnknownOperationException"
    assert status < 500
    assert headers["content-type"] == "application/json"
    json.loads(body)
