"""A tracer with native threads, a fork handler and a statsd client of its own."""

import os

os.environ.setdefault("DD_TRACE_AGENT_URL", "http://127.0.0.1:9")
os.environ.setdefault("DD_TRACE_STARTUP_LOGS", "false")

import ddtrace.auto  # noqa: E402, F401
from ddtrace.trace import tracer  # noqa: E402

with tracer.trace("init"):
    pass


def use(context):
    with tracer.trace("call") as span:
        with tracer.trace("inner") as inner:
            assert inner.trace_id == span.trace_id
    return [str(span.trace_id), str(span.span_id)]
