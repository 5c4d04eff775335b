"""What clients may hold of a server: connections, time and memory; and whom it answers."""

import base64
import concurrent.futures
import hashlib
import http.client
import io
import json
import pathlib
import re
import select
import socket
import time
import urllib.parse
import zipfile

import pytest

import lambdas
import serving

pytestmark = pytest.mark.process


@pytest.fixture
def server(servers, probe):
    return servers.running("--ready", "1", "--max-connections", "64", "--request-memory", "16", fresh=True)


def address(server):
    url = urllib.parse.urlsplit(server.endpoint)
    return url.hostname, url.port


def resident(server):
    """Bytes of memory of the server's process."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024


def opened(server, text):
    connection = socket.create_connection(address(server))
    connection.sendall(text.encode())
    return connection


def left(connection, seconds):
    """All that still comes until the server closes; fails when it does not."""
    connection.settimeout(seconds)
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer.decode()


HALVES = {
    "nothing": "",
    "a head": "GET /2015-03-31/functions HTTP/1.1\r\nHost: loc",
    "a body": "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    "chunks": "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "a zip": 'POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n{"Code":{"ZipFile":"UEsD',
}


def test_half_a_request_is_not_waited_for(server, probe):
    began = time.monotonic()
    halves = {name: opened(server, text) for name, text in HALVES.items()}
    # The next head of a connection that has been used.
    used = opened(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert used.recv(65536).startswith(b"HTTP/1.1 200")
    used.sendall(b"GET /heal")
    assert server.works(probe)
    for name, connection in halves.items():
        answer = left(connection, 60)
        assert time.monotonic() - began > 15, f"{name} was closed early"
        assert answer.startswith("HTTP/1.1 408") == (name in ("a body", "chunks", "a zip")), (name, answer)
    left(used, 60)
    assert not [name for name in (server.state / "code").iterdir() if name.name.startswith(".upload")]
    assert server.works(probe)


def test_a_body_that_drips_has_an_end(server):
    connection = opened(server, HALVES["a body"])
    began = time.monotonic()
    answer = b""
    while not answer:
        assert time.monotonic() - began < 60
        ready, _, _ = select.select([connection], [], [], 1)
        answer = connection.recv(65536) if ready else answer
        if not ready:
            connection.sendall(b" ")
    assert answer.startswith(b"HTTP/1.1 408")


def test_requests_in_pieces_and_requests_in_a_row_are_answered_in_their_order(server, probe):
    def call(value, chunks=1):
        body = json.dumps({"do": "echo", "value": value})
        step = -(-len(body) // chunks)
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        chunked = "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces) + "0\r\n\r\n"
        length = f"Content-Length: {len(body)}\r\n\r\n{body}"
        return (
            f"POST /2015-03-31/functions/{probe}/invocations HTTP/1.1\r\nHost: localhost\r\n"
            + (length if chunks == 1 else f"Transfer-Encoding: chunked\r\n\r\n{chunked}")
        )

    def values(connection, count):
        stream = connection.makefile("rb")
        for _ in range(count):
            assert stream.readline().startswith(b"HTTP/1.1 200")
            fields = dict(line.split(": ", 1) for line in iter(lambda: stream.readline().decode().strip().lower(), ""))
            yield json.loads(stream.read(int(fields["content-length"])))["value"]

    wanted = ["a", "b" * 15_000, "c" * 40_000, "d"]
    text = "".join(call(value, chunks) for value, chunks in zip(wanted, (1, 1, 7, 3)))
    # All at once; then cut where a head, a body and a chunk are cut.
    for cuts in ((), (20, 150, 15_100, 16_500, 30_000, len(text) - 4)):
        with socket.create_connection(address(server)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(60)
            for start, end in zip((0, *cuts), (*cuts, len(text))):
                connection.sendall(text[start:end].encode())
                assert server.client.get_account_settings()
            assert list(values(connection, len(wanted))) == wanted


def test_one_connection_too_many_ends_the_one_that_waits_longest(server, probe):
    waiting = [opened(server, HALVES["a head"]) for _ in range(80)]
    assert server.works(probe)
    server.log.expect("as many connections as there may be")
    assert left(waiting[0], 10) == ""
    more = [opened(server, "") for _ in range(300)]
    assert server.works(probe)
    for connection in waiting + more:
        connection.close()


def test_bytes_in_flight_have_a_bound_and_small_calls_go_on(server, probe):
    head = "POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000000\r\n\r\n"
    before = resident(server)
    held = [opened(server, head + "[" + "1," * 2_400_000) for _ in range(8)]
    answered = [connection for connection in held if select.select([connection], [], [], 2)[0]]
    assert 0 < len(answered) < 8
    for connection in answered:
        answer = left(connection, 10)
        assert answer.startswith("HTTP/1.1 429") and "TooManyRequestsException" in answer
    assert server.works(probe)
    assert resident(server) - before < 100 << 20
    for connection in held:
        connection.close()
    # What they held is free again.
    assert server.invoke(probe, {"do": "echo", "value": "x" * 5_000_000})[0]["value"] == "x" * 5_000_000


def zip_of_noise(size, name):
    """A zip of so many bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}.bin", (name.encode() * size)[:size])
    return packed.getvalue()


def test_uploads_go_to_the_disk(server, probe):
    zips = [zip_of_noise(20 << 20, f"f{index}") for index in range(4)]
    server.works(probe)
    before = resident(server)

    def upload(index):
        client = lambdas.connect(server.endpoint)
        return client.create_function(
            FunctionName=f"upload{index}", Runtime="python3.11", Handler="app.handler", Role=lambdas.ROLE,
            Code={"ZipFile": zips[index]},
        )  # fmt: skip

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        uploads = [pool.submit(upload, index) for index in range(4)]
        while not all(each.done() for each in uploads):
            assert server.works(probe)
        for index, each in enumerate(uploads):
            digest = base64.b64encode(hashlib.sha256(zips[index]).digest()).decode()
            assert each.result()["CodeSha256"] == digest
    assert resident(server) - before < 60 << 20
    connection = http.client.HTTPConnection(*address(server))
    connection.request("GET", "/_thaw/code/upload0/%24LATEST")
    assert connection.getresponse().read() == zips[0]
    for index in range(4):
        server.client.delete_function(FunctionName=f"upload{index}")
    assert not [name for name in (server.state / "code").iterdir() if name.name.startswith(".upload")]


@pytest.mark.parametrize("path", ["/2015-03-31/functions", "/healthz"])
def test_a_name_that_was_led_here_is_refused(server, path):
    for name, status in {"evil.example": 403, "localhost": 200, "127.0.0.1:1": 200, "a.localhost:80": 200}.items():
        connection = http.client.HTTPConnection(*address(server))
        connection.request("GET", path, headers={"Host": name})
        response = connection.getresponse()
        assert response.status == status, name
        text = response.read().decode()
        assert status == 200 or "--allow-host" in text


def test_allowed_names_are_answered(servers):
    server = servers.running("--allow-host", "host.docker.internal", fresh=True)
    connection = http.client.HTTPConnection(*address(server))
    connection.request("GET", "/healthz", headers={"Host": "host.docker.internal:9000"})
    assert connection.getresponse().status == 200


def test_errors_of_the_host_name_no_paths(servers, probe):
    server = servers.running("--ready", "0", fresh=True)
    code = server.state / "code"
    digest = server.client.get_function_configuration(FunctionName=probe)["CodeSha256"]
    path = code / base64.b64decode(digest).hex()
    kept = path.with_name("kept")
    path.rename(kept)
    try:
        connection = http.client.HTTPConnection(*address(server))
        connection.request("GET", f"/_thaw/code/{probe}/%24LATEST")
        response = connection.getresponse()
        text, request = response.read().decode(), response.headers["x-amzn-RequestId"]
        assert response.status == 500
        message = json.loads(text)["Message"]
        assert "/" not in message and "Sources" not in message and "Errno" not in message, message
        assert str(path) in server.log.expect(request).string
    finally:
        kept.rename(path)
