"""Requests that no client sends: each is refused, none is a failure of the server's, and it goes on serving."""

import http.client
import json
import random
import socket
import urllib.parse

import pytest

pytestmark = pytest.mark.once

SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261130/us-east-1/lambda/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
)
ACTIONS = [
    ("POST", "/2015-03-31/functions"),
    ("GET", "/2015-03-31/functions/{}"),
    ("PUT", "/2015-03-31/functions/{}/code"),
    ("PUT", "/2015-03-31/functions/{}/configuration"),
    ("POST", "/2015-03-31/functions/{}/invocations"),
    ("POST", "/2021-11-15/functions/{}/response-streaming-invocations"),
    ("POST", "/2015-03-31/functions/{}/versions"),
    ("POST", "/2015-03-31/functions/{}/aliases"),
    ("POST", "/2015-03-31/functions/{}/policy"),
    ("PUT", "/2019-09-25/functions/{}/event-invoke-config"),
    ("PUT", "/2019-09-30/functions/{}/provisioned-concurrency?Qualifier={}"),
    ("POST", "/2021-10-31/functions/{}/url"),
    ("POST", "/2018-10-31/layers/{}/versions"),
    ("POST", "/2015-03-31/event-source-mappings"),
    ("POST", "/2017-03-31/tags/{}"),
    ("DELETE", "/2017-03-31/tags/{}?tagKeys={}"),
    ("POST", "/"),
    ("GET", "/_thaw/url/{}"),
]
NAMES = ["nobody", "", "%00", "%ff", "%zz", "..%2f", "a" * 300, "arn%3A%3A%3A%3A", "$LATEST", "%E2%98%83", "a:b:c", "?", "#"]
MEMBERS = (
    "FunctionName Role Handler Runtime Code ZipFile S3Bucket Timeout Environment Variables Tags Layers VpcConfig SubnetIds "
    "SnapStart Publish Description Name FunctionVersion RoutingConfig AdditionalVersionWeights StatementId Action Principal "
    "DestinationConfig OnFailure Destination AuthType Cors AllowOrigins Content EventSourceArn BatchSize FilterCriteria Filters"
).split()
VALUES = [None, True, 0, -1, 2**63, 1e308, "", "a", "\0", "\ud800", "é" * 300, [], [None], {}, "===", "$LATEST", [[[]]]]


def value(random, depth=0):
    if depth < 4 and random.random() < 0.4:
        return {random.choice(MEMBERS): value(random, depth + 1) for _ in range(random.randrange(6))}
    if depth < 4 and random.random() < 0.2:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    return random.choice(VALUES)


def body(random):
    text = json.dumps({name: value(random) for name in random.sample(MEMBERS, 8)}).encode()
    match random.randrange(8):
        case 0:
            return text[: random.randrange(len(text))]
        case 1:
            at = random.randrange(len(text))
            return text[:at] + random.randbytes(3) + text[at + 1 :]
        case 2:
            return random.choice([b"[" * 3_000, b'{"a":' * 3_000, b"", b"nul", b"\x87", random.randbytes(50)])
        case _:
            return text


def request(random, host):
    method, path = random.choice(ACTIONS)
    while "{}" in path:
        path = path.replace("{}", random.choice(NAMES), 1)
    content = body(random)
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {SIGNATURE}\r\nConnection: close\r\n"
    if random.random() < 0.2:
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:7], content[7:]) if part) + b"0\r\n\r\n"
        if random.random() < 0.5:
            chunks = random.choice([chunks[: len(chunks) // 2], b"zz\r\n" + chunks, b"f" * 20 + b"\r\n" + chunks])
        return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks
    length = random.choice([len(content)] * 20 + [-1, 2**64, "x", len(content) + 1])
    return f"{head}X-Amz-Client-Context: {random.choice(['', 'e30=', '!'])}\r\nContent-Length: {length}\r\n\r\n".encode() + content


def status(address, data):
    """Of the answer; None where the connection ended without one, which is an answer to what is no HTTP."""
    with socket.create_connection(address, timeout=60) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status
        except (http.client.HTTPException, ConnectionError):
            return None


def test_no_request_is_the_servers_failure(endpoint, client):
    url = urllib.parse.urlparse(endpoint)
    seeded = random.Random(14)
    seen = {}
    for _ in range(600):
        data = request(seeded, url.netloc)
        found = status((url.hostname, url.port), data)
        seen[found] = seen.get(found, 0) + 1
        assert found is None or found < 500, data
    assert seen[400] > 200 and seen[404] > 5
    client.get_account_settings()
