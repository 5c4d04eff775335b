"""What Thaw puts around AWS's runtime interface client, which itself is used as published but for its connections."""

import os
import sys

from . import runtime_client

# Before AWS's client looks for its extension module of this name.
sys.modules["runtime_client"] = runtime_client

from awslambdaric import lambda_runtime_client  # noqa: E402

lambda_runtime_client.BaseLambdaRuntimeClient.call_rapid = runtime_client.call_rapid


def make_room_for_function():
    """Puts the function's code and its layers before everything in the search path, in AWS's order."""
    version = "python%d.%d" % sys.version_info[:2]
    sys.path[:0] = [os.getcwd(), f"/opt/python/lib/{version}/site-packages", "/opt/python"]
