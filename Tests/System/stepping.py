"""Stops a program at its n-th step and kills it there, or has that step fail: steps are the system calls by which it changes what
others see. The kernel asks this process before each of them (seccomp_unotify(2)), whatever thread makes it."""

import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import threading

LIBC = ctypes.CDLL(None, use_errno=True)

# x86-64's numbers. sendto is netlink's; bind and listen are sockets'.
STEPS = {
    "sendto": 44, "bind": 49, "listen": 50, "flock": 73, "fsync": 74, "fdatasync": 75, "rename": 82, "mkdir": 83, "rmdir": 84,
    "link": 86, "unlink": 87, "symlink": 88, "mknod": 133, "pivot_root": 155, "mount": 165, "umount2": 166, "unlinkat": 263,
    "unshare": 272, "setns": 308, "bpf": 321, "move_mount": 429,
}  # fmt: skip
NAMES = {number: name for name, number in STEPS.items()}

SET_MODE_FILTER, NEW_LISTENER = 1, 1 << 3
RECEIVE, SEND, CONTINUE = 0xC0502100, 0xC0182101, 1
SECCOMP = 317


def _filter():
    """Asks about the steps, lets all else pass."""
    allow, ask = 0x7FFF0000, 0x7FC00000
    code = [(0x20, 0, 0, 0)]  # load the number
    for position, number in enumerate(STEPS.values()):
        code.append((0x15, len(STEPS) - position, 0, number))
    code += [(0x06, 0, 0, allow), (0x06, 0, 0, ask)]
    return b"".join(struct.pack("HBBI", *line) for line in code), len(code)


def _listen():
    """Puts the filter on this process and those that it starts; gives the descriptor by which they are asked about."""
    program, length = _filter()
    buffer = ctypes.create_string_buffer(program)
    fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", length, ctypes.addressof(buffer)))
    descriptor = LIBC.syscall(SECCOMP, SET_MODE_FILTER, NEW_LISTENER, fprog)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return descriptor


class Stepped:
    """A process; `steps` are those that it has come to, as names."""

    def __init__(self, command, kill_at=None, fail_at=None, **more):
        self.kill_at, self.fail_at = kill_at, fail_at
        self.steps = []
        ours, theirs = socket.socketpair()

        def prepare():
            descriptor = _listen()
            socket.send_fds(theirs, [b"."], [descriptor])
            os.close(descriptor)

        with ours, theirs:
            self.process = subprocess.Popen(command, preexec_fn=prepare, **more)
            _, (self._listener,), _, _ = socket.recv_fds(ours, 1, 1)
        threading.Thread(target=self._answer, daemon=True).start()

    def _is_ours(self, thread):
        """Not one of a child, which goes on."""
        return os.path.exists(f"/proc/{self.process.pid}/task/{thread}")

    def _answer(self):
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        while True:
            (_, events), = poll.poll()
            if not events & select.POLLIN:
                break  # All are gone.
            request = bytearray(80)
            try:
                fcntl.ioctl(self._listener, RECEIVE, request)
                identity, thread, _, number = struct.unpack_from("QIIi", request)
                self.steps.append(NAMES[number])
                step = len(self.steps)
                if step == self.kill_at:
                    self.process.send_signal(signal.SIGKILL)
                    if self._is_ours(thread):
                        continue
                failure = -errno.EIO if step == self.fail_at else 0
                answer = struct.pack("QqiI", identity, 0, failure, 0 if failure else CONTINUE)
                fcntl.ioctl(self._listener, SEND, answer)
            except OSError as error:
                if error.errno != errno.ENOENT:  # It has died meanwhile.
                    raise
        os.close(self._listener)
