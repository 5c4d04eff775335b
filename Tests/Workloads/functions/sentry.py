"""A client that sends errors from a thread of its own, started before the freeze, over a connection that is kept."""

import http.server
import threading

import sentry_sdk
from sentry_sdk.integrations.aws_lambda import AwsLambdaIntegration

received = []


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()
sentry_sdk.init(
    dsn=f"http://key@127.0.0.1:{server.server_port}/1", integrations=[AwsLambdaIntegration()], traces_sample_rate=1.0
)
sentry_sdk.capture_message("warm")
sentry_sdk.flush(5)


def use(context):
    count = len(received)
    try:
        1 / 0
    except ZeroDivisionError as error:
        event = sentry_sdk.capture_exception(error)
    sentry_sdk.flush(5)
    assert len(received) > count, "nothing was sent"
    return [event]
