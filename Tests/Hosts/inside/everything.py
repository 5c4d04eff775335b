"""A function that does to its sandbox what the event asks."""

import errno
import os
import random
import secrets
import signal
import socket
import ssl
import time
import uuid

from snapshot_restore_py import register_after_restore

SOURCES = {
    "getrandom": lambda: os.getrandom(16).hex(),
    "secrets": lambda: secrets.token_hex(16),
    "uuid4": lambda: str(uuid.uuid4()),
    "system_random": lambda: random.SystemRandom().getrandbits(128),
    "ssl": lambda: ssl.RAND_bytes(16).hex(),
}
made_in_init = {name: make() for name, make in SOURCES.items()}
restored = {}
clone = None


@register_after_restore
def after():
    restored["clock"] = time.time()
    restored["random"] = {name: make() for name, make in SOURCES.items()}


def handler(event, context):
    global clone
    clone = clone or os.urandom(8).hex()
    return ACTIONS[event["do"]](event)


def describe(event):
    """With "hold", several can be made to run at once."""
    time.sleep(event.get("hold", 0))
    return {
        "clone": clone,
        "clock": time.time(),
        "made_in_init": made_in_init,
        "restored": restored,
        "random": {name: make() for name, make in SOURCES.items()},
    }


def end(event):
    os._exit(1)


def ask(event):
    """What a TCP server says, or the name of the error."""
    address, port = event["place"].rsplit(":", 1)
    try:
        with socket.create_connection((address, int(port)), timeout=10) as connection:
            return connection.makefile().read()
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)


def eat(event):
    held, part = [], b"x" * (8 << 20)
    while True:
        held.append(bytearray(part))


def fork(event):
    """As many processes as there can be."""
    children, error = [], None
    try:
        while len(children) < event["most"]:
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError as caught:
        error = errno.errorcode[caught.errno]
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return {"children": len(children), "error": error}


def spin(event):
    while True:
        pass


ACTIONS = {action.__name__: action for action in (describe, end, ask, eat, fork, spin)}
