"""One function for most tests: the event says what to do."""

import json
import os
import sys
import threading
import time

from snapshot_restore_py import register_after_restore, register_before_snapshot

MADE_IN_INIT = os.urandom(8).hex()
hooks = []
count = 0
ticks = 0
START = None

register_before_snapshot(lambda: hooks.append("before"))
register_after_restore(lambda: hooks.append("after"))

print("app is initialised")


class Custom(Exception):
    pass


def handler(event, context):
    return ACTIONS[event.get("action", "echo")](event, context)


def echo(event, context):
    return event


def nothing(event, context):
    return None


def describe(event, context):
    global count
    count += 1
    print("describing")
    return {
        "count": count,
        "hooks": hooks,
        "made_in_init": MADE_IN_INIT,
        "random": os.urandom(8).hex(),
        "initialization_type": os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE"),
        "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        "memory": os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        "variable": os.environ.get("COLOUR"),
        "clock": time.time(),
        "request_id": context.aws_request_id,
        "arn": getattr(context, "invoked_function_arn", None),
        "function_version": context.function_version,
        "custom": context.client_context.custom if context.client_context else None,
    }


def fail(event, context):
    raise Custom("as asked")


def leave(event, context):
    sys.stdout.flush()
    os._exit(3)


def hang(event, context):
    time.sleep(3600)


def large(event, context):
    return "x" * event["size"]


def measure(event, context):
    return len(json.dumps(event))


def tick():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.005)


def count_ticks(event, context):
    """How often a thread that the first call started has woken up, every 5 ms where nothing stops it."""
    global START
    if START is None:
        START = time.time()
        threading.Thread(target=tick, daemon=True).start()
    return {"ticks": ticks, "monotonic": time.monotonic(), "wall": time.time(), "start": START}


def doze(event, context):
    time.sleep(event["seconds"])


ACTIONS = {
    function.__name__: function
    for function in (echo, nothing, describe, fail, leave, hang, large, measure, count_ticks, doze)
}
