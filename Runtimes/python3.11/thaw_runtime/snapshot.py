"""What happens around a snapshot beside the function's own hooks.

Before: priming, the function's hooks, a rehearsal, garbage collection. After: fresh randomness, then the function's hooks.
"""

import gc
import json
import os
import sys
import time
import traceback

from . import randomness, rehearsal

# An event that the function handles before it is frozen, so that its clones need not load what handling takes; how often.
PRIMING_EVENT = "THAW_PRIME_EVENT"
PRIMING_COUNT = "THAW_PRIME_COUNT"


def prepare(bootstrap):
    """Call before the function is loaded. Does nothing unless this process is to be frozen."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    from snapshot_restore_py import register_after_restore, register_before_snapshot

    # Hooks run in reverse before a snapshot and in order after it: registered first, these are next to it on both sides.
    register_before_snapshot(_settle)
    register_after_restore(randomness.refresh)
    load = bootstrap._get_handler

    def load_and_prime(name):
        handler = load(name)
        if PRIMING_EVENT in os.environ:
            # Registered last, so the first to run: hooks that close connections come after it.
            register_before_snapshot(_prime, bootstrap, handler)
        return handler

    bootstrap._get_handler = load_and_prime


def _settle():
    rehearsal.run()
    randomness.look_ahead()
    # Twice: finalisers of the first run leave garbage. Frozen objects are not visited again, so clones do not copy them.
    gc.collect()
    gc.collect()
    gc.freeze()


def _prime(bootstrap, handler):
    """Has the function handle the priming event. Its answers are dropped; a failure is logged, ends this, changes nothing."""
    try:
        arn = ":".join((
            "arn:aws:lambda", os.environ.get("AWS_REGION", "us-east-1"), "000000000000", "function",
            os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "function")))
        deadline = int(time.time() * 1000) + 60_000
        for _ in range(int(os.environ.get(PRIMING_COUNT, 1))):
            event = json.loads(os.environ[PRIMING_EVENT])
            handler(event, bootstrap.create_lambda_context(None, None, deadline, "thaw-priming", arn, None))
    except Exception:
        print("priming failed; clones start without it", file=sys.stderr)
        traceback.print_exc()
