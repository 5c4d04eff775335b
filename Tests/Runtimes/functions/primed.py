"""Remembers what it has handled before and after the snapshot."""

import random

from snapshot_restore_py import register_after_restore, register_before_snapshot

seen = []


@register_before_snapshot
def before():
    seen.append("before")


@register_after_restore
def after():
    seen.append(random.random())


def handler(event, context):
    assert context.get_remaining_time_in_millis() > 0
    seen.append([event, context.aws_request_id])
    if event == "fail":
        raise ValueError("not this one")
    return seen
