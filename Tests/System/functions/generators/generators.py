"""Draws from every generator of Python that a function may have used before its snapshot."""

import os
import random
import secrets
import sqlite3
import ssl
import tempfile
import time
import uuid

# One that the function keeps for itself, with a state of its own.
own = random.Random(os.urandom(16))
database = sqlite3.connect(":memory:")

FRESH = {
    "os.urandom": lambda: os.urandom(16).hex(),
    "random": lambda: random.getrandbits(64),
    "random.SystemRandom": lambda: random.SystemRandom().getrandbits(64),
    "secrets": lambda: secrets.token_hex(16),
    "sqlite3": lambda: database.execute("SELECT random()").fetchone(),
    "ssl.RAND_bytes": lambda: ssl.RAND_bytes(16).hex(),
    "tempfile": tempfile.mktemp,
    "uuid.uuid1": lambda: hex(uuid.uuid1().node),
    "uuid.uuid4": lambda: str(uuid.uuid4()),
}
COPIED = {
    "random.Random instance": lambda: own.getrandbits(64),
    "hash seed": lambda: hash("the same in all clones"),
}

for draw in (*FRESH.values(), *COPIED.values()):
    draw()


def handler(event, context):
    time.sleep(event["hold"])
    return {kind: {name: str(draw()) for name, draw in draws.items()}
            for kind, draws in (("fresh", FRESH), ("copied", COPIED))}
