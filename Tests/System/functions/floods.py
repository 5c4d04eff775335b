"""Writes more than anybody reads."""

import os


def handler(event, context):
    chunk = (b"x" * 99 + b"\n") * 640
    for _ in range(event["megabytes"] * 16):
        os.write(1, chunk)
    return "done"
