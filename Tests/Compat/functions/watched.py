"""A function with an extension in its own process: a thread that is handed every event's head."""

import json
import os
import threading
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension"


def call(path, headers, body=None):
    with urllib.request.urlopen(urllib.request.Request(f"{API}/{path}", body, headers)) as answer:
        return answer.headers, json.load(answer)


headers, function = call("register", {"Lambda-Extension-Name": "watch"}, b'{"events": ["INVOKE"]}')
identifier = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
seen = {}
arrived = threading.Condition()


def watch():
    while True:
        _, event = call("event/next", identifier)
        with arrived:
            seen[event["requestId"]] = event
            arrived.notify_all()


threading.Thread(target=watch, daemon=True).start()


def handler(event, context):
    with arrived:
        arrived.wait_for(lambda: context.aws_request_id in seen, timeout=8)
        return {"function": function, "event": seen.get(context.aws_request_id)}
