"""Network namespaces that end with the test, and a small internet of them."""

import contextlib
import ctypes
import json
import os
import socket
import subprocess
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def enter(descriptor):
    """Moves the calling thread, and what it starts from now on."""
    if LIBC.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    """One that has no name: nothing is left of it when its last process and descriptor are gone."""

    def __init__(self):
        with self._back():
            if LIBC.unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "unshare")
            self.descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link", "set", "lo", "up")

    @property
    def path(self):
        """As ip(8) takes it."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @staticmethod
    @contextlib.contextmanager
    def _back():
        """Puts the calling thread back to where it was."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield
        finally:
            enter(here)
            os.close(here)

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is inside, and so is every process and socket that it makes."""
        with self._back():
            enter(self.descriptor)
            yield self

    def run(self, *command, **more):
        with self.entered():
            return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout

    def ip(self, *arguments):
        return self.run("ip", *arguments)

    def devices(self):
        return {link["ifname"] for link in json.loads(self.ip("-json", "link"))}

    def tables(self):
        """The names of the packet filter's tables."""
        return {line.split()[2] for line in self.run("nft", "list", "tables").splitlines()}

    def forwards(self):
        """Whether any of its interfaces passes on what comes by it."""
        return "1" in self.run("sh", "-c", "cat /proc/sys/net/ipv4/conf/*/forwarding").split()

    def close(self):
        os.close(self.descriptor)


class Greeter:
    """Says its name and whom it sees, to whoever connects and to whoever sends a datagram."""

    def __init__(self, namespace, name, port=80):
        with namespace.entered():
            self._listener = socket.create_server(("", port))
            self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._datagrams.bind(("", port))
        self.name = name
        # Every address that got through, by connection or datagram.
        self.seen = []
        for serve in (self._connections, self._messages):
            threading.Thread(target=serve, daemon=True).start()

    def _greeting(self, peer):
        self.seen.append(peer[0])
        return f"{self.name} {peer[0]}".encode()

    def _connections(self):
        with contextlib.suppress(OSError):
            while True:
                connection, peer = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.sendall(self._greeting(peer))

    def _messages(self):
        with contextlib.suppress(OSError):
            while True:
                _, peer = self._datagrams.recvfrom(100)
                if not peer:
                    return  # Shut down.
                self._datagrams.sendto(self._greeting(peer), peer)

    def close(self):
        for one in (self._listener, self._datagrams):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class NameServer:
    """Answers every question for names (RFC 1035) with one address."""

    ANSWER = "192.0.2.53"

    def __init__(self, namespace):
        with namespace.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(("", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                asked, peer = self._socket.recvfrom(512)
                if not peer:
                    return  # Shut down.
                question = asked[12 : asked.index(0, 12) + 5]
                wants_v4 = question[-4:-2] == b"\0\1"
                head = asked[:2] + b"\x81\x80\0\1" + (b"\0\1" if wants_v4 else b"\0\0") + b"\0\0\0\0"
                answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(self.ANSWER)
                self._socket.sendto(head + question + (answer if wants_v4 else b""), peer)

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class World:
    """A host, a server beside it, and two virtual networks of equal addresses whose tunnels end at the server."""

    HOST = "198.51.100.1"
    OUTSIDE = "198.51.100.2"
    STATION = "10.0.0.1"
    SUBNET = "10.0.0.0/24"
    MAC = "02:00:00:00:00:01"
    NETWORKS = {"red": 100, "blue": 200}

    def __init__(self, host=None, card="server"):
        """`host` is the namespace of a host that is there already, `card` the device that it gets."""
        self.host, self.server = host or Namespace(), Namespace()
        # Not eth0: before Linux 6.13 a device made for another namespace cannot be called what one of this is called.
        self.server.ip("link", "add", "host", "type", "veth", "peer", "name", card, "netns", self.host.path)
        self.server.ip("address", "add", f"{self.OUTSIDE}/24", "dev", "host")
        self.server.ip("link", "set", "host", "up")
        self.host.ip("address", "add", f"{self.HOST}/24", "dev", card)
        self.host.ip("link", "set", card, "up")
        self.server.ip("route", "add", "default", "via", self.HOST)
        self.stations = {name: self._station(vni) for name, vni in self.NETWORKS.items()}
        self.greeters = {"outside": Greeter(self.server, "outside")}
        self.names = NameServer(self.server)
        for name, station in self.stations.items():
            self.greeters[name] = Greeter(station, name)

    def _station(self, vni):
        """Made at the server, where the tunnel's packets travel; its frames come out in a namespace of their own."""
        station = Namespace()
        self.server.ip(
            "link", "add", "name", "eth0", "address", self.MAC, "netns", station.path,
            "type", "vxlan", "id", str(vni), "remote", self.HOST, "dstport", "4789", "nolearning",
        )  # fmt: skip
        station.ip("address", "add", f"{self.STATION}/24", "dev", "eth0")
        station.ip("link", "set", "eth0", "up")
        return station

    def close(self):
        for service in (self.names, *self.greeters.values()):
            service.close()
        for namespace in (self.host, self.server, *self.stations.values()):
            namespace.close()
