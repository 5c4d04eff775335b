"""Started in init: a worker behind a pipe, and a web server with a connection that is kept."""

import http.client
import multiprocessing
import os
import subprocess
import sys

SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = 0
    def do_GET(self):
        Handler.count += 1
        body = f"{os.getpid()} {Handler.count}".encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


def work(pipe):
    total = 0
    while True:
        total += pipe.recv()
        pipe.send((os.getpid(), os.getppid(), total))


ours, theirs = multiprocessing.Pipe()
worker = multiprocessing.get_context("fork").Process(target=work, args=(theirs,), daemon=True)
worker.start()
server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE)
connection = http.client.HTTPConnection("127.0.0.1", int(server.stdout.readline()), timeout=20)


def visit():
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


ours.send(100)
ours.recv()
visit()


def handler(event, context):
    ours.send(event["add"])
    pid, parent, total = ours.recv()
    web, visits = visit().split()
    return {
        "total": total, "visits": int(visits), "worker": pid == worker.pid and parent == os.getpid(),
        "server": int(web) == server.pid and server.poll() is None}
