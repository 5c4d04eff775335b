"""A Runtime API (2018-06-01) on a loopback port, and the runtime process that talks to it."""

import base64
import http.server
import json
import os
import queue
import subprocess
import threading
import time

DEADLINE = 120  # seconds until a test gives up waiting for the runtime; generous, as the machine may be busy
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:example:7"
BASE = "/2018-06-01/runtime/"


class Call:
    """One request of the runtime."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    @property
    def route(self):
        """The call without base and request id: "GET restore/next", "POST invocation/response"."""
        parts = self.path.removeprefix(BASE).split("/")
        if parts[0] == "invocation" and len(parts) == 3:
            del parts[1]
        return f"{self.method} {'/'.join(parts)}"

    def json(self):
        return json.loads(self.body)


class FakeRuntimeAPI:
    """Records every call. Events are handed out in order; /restore/next waits until `restore()`, /seed/next until `become()`."""

    def __init__(self, chunked=False, close_after_answer=False, restore_status=200, response_status=202):
        self.calls = []
        self.arrived = queue.Queue()
        self.events = queue.Queue()
        self.restored = threading.Event()
        self.became = threading.Event()
        self.function = None
        self.chunked, self.close_after_answer = chunked, close_after_answer
        self.restore_status, self.response_status = restore_status, response_status
        self.sent = 0
        self.connections = 0
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def setup(self):
                super().setup()
                api.connections += 1

            def do_GET(self):
                api.record(self)
                if self.path == BASE + "restore/next":
                    api.restored.wait(DEADLINE)
                    self.answer(api.restore_status, b"", fresh())
                elif self.path == BASE + "seed/next":
                    api.became.wait(DEADLINE)
                    self.answer(200, json.dumps(api.function).encode(), fresh())
                elif self.path == BASE + "invocation/next":
                    event = api.events.get()
                    if event is None:
                        self.close_connection = True
                        return
                    self.answer(200, event[0], event[1])
                else:
                    self.answer(404, b"{}")

            def do_POST(self):
                api.record(self)
                status = api.response_status if self.path.endswith("/response") else 202
                self.answer(status, b'{"status":"OK"}\n')

            def answer(self, status, body, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if api.close_after_answer:
                    self.close_connection = True
                if api.chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    for start in range(0, len(body), 7000):
                        piece = body[start:start + 7000]
                        self.wfile.write(b"%x;note=1\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.write(b"0\r\nTrailer: x\r\n\r\n")
                else:
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                self.wfile.flush()

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """A runtime that was ended resets its connection: that is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def record(self, request):
        headers = dict(request.headers)
        if request.headers.get("Transfer-Encoding") == "chunked":
            body = self.chunks(request.rfile, headers)
        else:
            body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        call = Call(request.command, request.path, headers, body)
        self.calls.append(call)
        self.arrived.put(call)

    @staticmethod
    def chunks(stream, headers):
        """A body in chunks; its trailers go to the headers."""
        body = b""
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        while line := stream.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        return body

    def send(self, event, headers=(), deadline_ms=4102444800000):
        """Queues an event (bytes as they are, else as JSON); returns its request id."""
        self.sent += 1
        request_id = "8476a536-e9f4-11e8-9739-%012d" % self.sent
        body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        self.events.put((body, [
            ("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", request_id),
            ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
            ("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN),
            ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"),
            *headers]))
        return request_id

    def restore(self):
        self.restored.set()

    def become(self, environment, arguments=(), directory="/"):
        """Tells a seed's clone which function it is."""
        self.function = {"arguments": list(arguments), "environment": environment, "workingDirectory": str(directory)}
        self.became.set()

    def wait(self, *routes):
        """The next call with one of the routes; other calls before it are skipped."""
        while True:
            call = self.arrived.get(timeout=DEADLINE)
            if call.route in routes:
                return call

    def outcome(self):
        """The answer to the next event, or the report that it failed."""
        return self.wait("POST invocation/response", "POST invocation/error")

    def routes(self):
        return [call.route for call in self.calls]

    def close(self):
        self.restored.set()
        self.became.set()
        self.events.put(None)
        self.server.shutdown()
        self.server.server_close()


def fresh():
    """What a clone is told to be unique by."""
    return [("Thaw-Generation", "7"), ("Thaw-Entropy", base64.b64encode(os.urandom(64)).decode()),
            ("Thaw-Wall-Clock", str(time.time_ns()))]


class Runtime:
    """A runtime process under a fake Runtime API. A context manager: what was started is ended."""

    def __init__(
            self, command, environment, snap_start=False, defaults=None, directory=None, arguments=None, **behaviour):
        """With `defaults`, the environment of a base image, the process starts as a seed and becomes the function of `arguments`."""
        self.api = FakeRuntimeAPI(**behaviour)
        general = {
            "PATH": os.environ["PATH"], "TZ": ":UTC", "LANG": "en_US.UTF-8",
            "AWS_LAMBDA_RUNTIME_API": self.api.address, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
        settings = {
            **general, "AWS_LAMBDA_FUNCTION_NAME": "example", "AWS_LAMBDA_FUNCTION_VERSION": "7",
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if snap_start else "on-demand", **environment}
        start = settings if defaults is None else {**general, **defaults}
        self.process = subprocess.Popen(
            command, env=start, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        if defaults is not None:
            self.api.become(settings, arguments or command, directory or os.getcwd())
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode("utf-8", "backslashreplace"))

    def invoke(self, event, headers=(), **options):
        """Sends an event and waits for what the runtime makes of it."""
        self.api.send(event, headers, **options)
        return self.api.outcome()

    def answer(self, event):
        """The answer to an event as a value; an AssertionError if the function failed."""
        call = self.invoke(event)
        assert call.route == "POST invocation/response", call.body
        return call.json()

    def failure(self, event):
        call = self.invoke(event)
        assert call.route == "POST invocation/error", call.body
        return call.json()

    def exit_code(self):
        code = self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        return code

    def output(self):
        """All output, once the process has ended; ends it if it has not."""
        self.stop()
        return "".join(self.lines)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.exit_code()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stop()
        self.process.stdout.close()
        self.api.close()
