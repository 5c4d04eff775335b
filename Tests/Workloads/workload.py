"""Beside each function in its zip: calls its `use`, and tells which clone that was."""

import time
import uuid

from function import use

clone = None


def handler(event, context):
    global clone
    clone = clone or str(uuid.uuid4())
    found = use(context)
    # So that two at once are two clones.
    time.sleep(event.get("hold", 0) / 1000)
    return {"clone": clone, "unique": found}
