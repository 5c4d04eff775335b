"""Says what it sees of the network."""

import errno
import os
import socket

clone = None


def name(error):
    return errno.errorcode.get(error.errno, type(error).__name__)


def ask(place):
    """What a TCP server says to whoever connects, or the name of the error."""
    address, port = place.rsplit(":", 1)
    try:
        with socket.create_connection((address, port), timeout=3) as connection:
            return connection.makefile().read()
    except OSError as error:
        return name(error)


def send(place):
    """What comes back for a datagram, or the name of the error."""
    address, port = place.rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(3)
        try:
            datagrams.connect((address, int(port)))
            datagrams.send(b"x")
            return datagrams.recv(100).decode()
        except OSError as error:
            return name(error)


def resolve(host):
    """The address of a name, or the name of the error."""
    try:
        return socket.gethostbyname(host)
    except socket.gaierror as error:
        return next(name for name in dir(socket) if name.startswith("EAI_") and getattr(socket, name) == error.errno)


def inside():
    """The address that this end would have; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect(("192.0.2.1", 9))
        return datagrams.getsockname()[0]


def handler(event, context):
    global clone
    # Not in init, which all clones have in common.
    clone = clone or os.urandom(8).hex()
    return {
        "clone": clone,
        "inside": inside(),
        "said": {place: ask(place) for place in event.get("ask", [])},
        "resolved": {host: resolve(host) for host in event.get("resolve", [])},
        "sent": {place: send(place) for place in event.get("send", [])},
    }
