"""Says by what it is known from outside, or fails, or takes its time, as the event asks."""

import os
import time


def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    if "hold" in event:
        print(f"waiting {event['as']}", flush=True)
        time.sleep(event["hold"])
    return {"trace": os.environ.get("_X_AMZN_TRACE_ID"), "request": context.aws_request_id}
