"""How fast a server's network slots are built."""

import ctypes
import os
import pathlib
import subprocess
import tempfile
import threading
import time

PART = 100
# A bar for what grows with the number of slots; the measure is coarse.
MOST = 2.0
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_FS, CLONE_NEWNS = 0x200, 0x20000


def build(wanted):
    """Starts a server with so many, and compares the time of its first hundred with that of its last."""
    with tempfile.TemporaryDirectory() as state, open("slots.log", "w") as log:
        began = time.monotonic()
        server = subprocess.Popen(
            ["thaw", "serve", "--config", "/dev/null", "--port", "0", "--state-dir", state, "--slots", str(wanted)],
            stderr=log,
        )  # fmt: skip
        watch = Watch(server, wanted)
        try:
            watch.join()
        finally:
            server.terminate()
            server.wait(60)
    assert not watch.failure, f"{watch.failure}: {pathlib.Path('slots.log').read_text()}"
    first, last = watch.time_of(0, PART), watch.time_of(wanted - PART, wanted)
    assert last < first * MOST, f"the first {PART} took {first:.2f} s, the last {last:.2f} s"
    return (
        f"{first / PART * 1000:.1f} ms each of the first {PART}, {last / PART * 1000:.1f} ms of the last, "
        f"all there {watch.seen[-1][0] - began:.1f} s after the start"
    )


class Watch(threading.Thread):
    """Looks at the namespaces that the server keeps, from inside the mount namespace where their names are."""

    def __init__(self, server, wanted):
        super().__init__(daemon=True)
        self.server = server
        self.wanted = wanted
        self.seen = []
        self.failure = None
        self.start()

    def run(self):
        try:
            self.enter()
            while not self.seen or self.seen[-1][1] < self.wanted:
                found = sum(name.isdigit() for name in os.listdir("/namespaces"))
                if not self.seen or found != self.seen[-1][1]:
                    self.seen.append((time.monotonic(), found))
                self.wait()
        except Exception as error:
            self.failure = error

    def enter(self):
        """A thread that shares its root with no other can have another mount namespace."""
        assert LIBC.unshare(CLONE_FS) == 0
        while True:
            for keep in pathlib.Path("/run/thaw").glob("*/slots/keep"):
                descriptor = os.open(keep, os.O_RDONLY)
                try:
                    if LIBC.setns(descriptor, CLONE_NEWNS) == 0:
                        return
                finally:
                    os.close(descriptor)
            self.wait()

    def wait(self):
        assert self.server.poll() is None, "the server ended"
        time.sleep(0.01)

    def time_of(self, begin, end):
        """Seconds from when there were `begin` until there were `end`."""
        start = max(moment for moment, number in self.seen if number <= max(begin, self.seen[0][1]))
        return min(moment for moment, number in self.seen if number >= end) - start
