"""Locks on files in /tmp, held and given back over the freeze."""

import uuid

from filelock import FileLock, SoftFileLock, Timeout

held = FileLock("/tmp/held.lock")
held.acquire()
soft = SoftFileLock("/tmp/soft.lock")
soft.acquire()


def use(context):
    other = FileLock("/tmp/held.lock", timeout=0.1)
    try:
        other.acquire()
        raise AssertionError("two hold one lock")
    except Timeout:
        pass
    held.release()
    with other:
        pass
    held.acquire()
    assert soft.is_locked
    return [str(uuid.uuid4())]
