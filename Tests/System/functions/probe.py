"""Looks around in its sandbox as the event asks."""

import errno
import http.client
import json
import os
import pathlib
import random
import secrets
import socket
import ssl
import sys
import time
import urllib.parse
import uuid

from snapshot_restore_py import register_after_restore, register_before_snapshot

SOURCES = {
    "urandom": lambda: os.urandom(16).hex(),
    "getrandom": lambda: os.getrandom(16).hex(),
    "dev_random": lambda: read_bytes("/dev/random"),
    "secrets": lambda: secrets.token_hex(16),
    "uuid4": lambda: str(uuid.uuid4()),
    "system_random": lambda: random.SystemRandom().getrandbits(128),
    "ssl": lambda: ssl.RAND_bytes(16).hex(),
}


def read_bytes(path):
    with open(path, "rb", buffering=0) as file:
        return file.read(16).hex()


def fresh():
    return {name: make() for name, make in SOURCES.items()}


def credentials(token=None):
    """(status, body) of the credentials endpoint."""
    address = urllib.parse.urlsplit(os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""))
    if not address.netloc:
        return None, {}
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] if token is None else token
    connection.request("GET", address.path, headers={"Authorization": token})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if response.status == 200 else {}


def say(text):
    print(text)
    sys.stdout.flush()


say("probe initialises")
hooks = []
restored = {}
count = 0
made_in_init = fresh()
credentials_in_init = credentials()
with open("/tmp/from-init", "w") as file:
    file.write("init")


def before(name):
    say(f"hook before {name}")
    hooks.append(f"before {name}")


def after(name):
    say(f"hook after {name}")
    hooks.append(f"after {name}")
    restored.setdefault("clock", time.time())
    restored.setdefault("credentials", credentials())
    restored.setdefault("random", fresh())


for each in ("first", "second"):
    register_before_snapshot(before, each)
    register_after_restore(after, each)


def handler(event, context):
    global count
    count += 1
    return ACTIONS[event["do"]](event)


def echo(event):
    return event


def clone():
    """Tells clones apart."""
    return restored.get("random", made_in_init)["urandom"]


def describe(event):
    """Everything that clones may share or must not. With "hold", several can be made to run at once."""
    clock = time.time()
    with open(f"/tmp/{clone()}", "w") as file:
        file.write("clone")
    say(f"describing {event.get('as', clone())}")
    time.sleep(event.get("hold", 0))
    return {
        "clone": clone(),
        "count": count,
        "hooks": hooks,
        "clock": clock,
        "made_in_init": made_in_init,
        "credentials_in_init": credentials_in_init,
        "restored": restored,
        "random": fresh(),
        "credentials": credentials(),
        "credentials_with_wrong_token": credentials(str(uuid.uuid4()))[0],
        "credentials_without_token": credentials("")[0],
        "environment": sorted(os.environ),
        "tmp": sorted(os.listdir("/tmp")),
        "from_init": open("/tmp/from-init").read(),
    }


def forever(event):
    say(f"waiting {event['as']}")
    time.sleep(3600)


def room(event):
    """How large /tmp is, and how much of it a file can have."""
    status = os.statvfs("/tmp")
    found = {"size": status.f_blocks * status.f_frsize, "errors": {}}
    for megabytes in event["megabytes"]:
        with open("/tmp/large", "w") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, megabytes << 20)
                found["errors"][megabytes] = None
            except OSError as error:
                found["errors"][megabytes] = errno.errorcode[error.errno]
        os.unlink("/tmp/large")
    return found


def fill(event):
    """Writes so much that it has to reach the disk."""
    with open("/tmp/filled", "wb", buffering=0) as file:
        for _ in range(event["megabytes"]):
            error = attempt(lambda: file.write(os.urandom(1 << 20))) or attempt(lambda: os.fsync(file.fileno()))
            if error:
                return error
    return None


def attempt(action):
    """What came of it: the name of the error, or None."""
    try:
        action()
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
    return None


def reach(address, port):
    with socket.create_connection((address, port), timeout=2):
        pass


def send(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect((address, int(port)))
        datagrams.send(b"x")


def write(path):
    with open(path, "w") as file:
        file.write("x")


def owner(path):
    return pathlib.Path(path).owner(), pathlib.Path(path).group()


def inside(event):
    """Who we are and what we can reach and change."""
    return {
        "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
        "status": open("/proc/self/status").read(),
        "mounts": open("/proc/mounts").read(),
        "routes": open("/proc/net/route").read(),
        "reach": {place: attempt(lambda: reach(*place.rsplit(":", 1))) for place in event["places"]},
        "send": {place: attempt(lambda: send(*place.rsplit(":", 1))) for place in event["places"]},
        "write": {path: attempt(lambda: write(path)) for path in event["paths"]},
        "owners": {path: ":".join(owner(path)) for path in ("/", "/var/task", "/opt", "/var/runtime", "/tmp")},
        "become_root": attempt(lambda: os.setuid(0)),
        "mount_points": {path: os.path.ismount(path) for path in ("/", "/var/task", "/tmp")},
    }


ACTIONS = {action.__name__: action for action in (echo, describe, forever, room, fill, inside)}
