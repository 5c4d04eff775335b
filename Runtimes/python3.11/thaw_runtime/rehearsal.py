"""Runs the client's way of an invocation on a made-up event, so that a clone finds all of it imported and cached."""

import sys

from awslambdaric import bootstrap, lambda_runtime_client

REQUEST_ID = "00000000-0000-0000-0000-000000000000"


class _Nobody:
    """Takes the place of the Runtime API: hears every answer, tells nobody."""

    marshaller = lambda_runtime_client.BaseLambdaRuntimeClient.marshaller

    def post_invocation_result(self, *_):
        pass

    def post_invocation_error(self, *_):
        pass


class _Silence:
    def log(self, *_):
        pass

    log_error = log


def run():
    # Imported by the client when it first needs them.
    import http
    import http.client  # noqa: F401

    def serve(handler):
        bootstrap.handle_event_request(
            _Nobody(), handler, REQUEST_ID, b'{"text": "\\u00fc", "list": [1, 2.5, null, true]}', "application/json",
            None, None, "arn:aws:lambda:us-east-1:123456789012:function:rehearsal", "0", None, _Silence())

    def fail(event, context):
        raise ValueError("rehearsal")

    serve(lambda event, context: event)
    serve(fail)
