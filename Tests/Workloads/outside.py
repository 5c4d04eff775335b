"""What functions keep connections to: an HTTP server and a Redis, in a network of the test's own."""

import http.server
import json
import socketserver
import threading


class Counter(http.server.BaseHTTPRequestHandler):
    """Numbers the requests; keeps connections."""

    protocol_version = "HTTP/1.1"
    count, lock = 0, threading.Lock()

    def do_GET(self):
        with self.lock:
            Counter.count += 1
            body = json.dumps({"count": Counter.count}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Redis(socketserver.StreamRequestHandler):
    """As much of RESP as the workload speaks. What it does not know it refuses, as old servers do."""

    data, lock = {}, threading.Lock()

    def handle(self):
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(length + 2)[:-2].decode())
            with self.lock:
                self.wfile.write(self.answer(words[0].upper(), *words[1:]))

    def answer(self, command, *words):
        match command, *words:
            case "SET", key, value:
                self.data[key] = value
                return b"+OK\r\n"
            case "GET", key:
                value = self.data.get(key)
                return b"$-1\r\n" if value is None else f"${len(value)}\r\n{value}\r\n".encode()
            case "INCRBY", key, amount:
                self.data[key] = str(int(self.data.get(key, 0)) + int(amount))
                return f":{self.data[key]}\r\n".encode()
        return b"-ERR unknown command\r\n"


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Outside:
    """Both, in a namespace of the world's."""

    def __init__(self, world):
        with world.server.entered():
            self._servers = [Threads((world.OUTSIDE, port), kind) for port, kind in ((8000, Counter), (6379, Redis))]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.environment = {
            "OUTSIDE_HTTP": f"http://{world.OUTSIDE}:8000/", "OUTSIDE_REDIS": f"{world.OUTSIDE}:6379",
        }  # fmt: skip

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()
