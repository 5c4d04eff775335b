"""Runs a command as on Linux 6.1: what later kernels have fails in it as it would there.

    older_kernel.py COMMAND...
"""

import ctypes
import errno
import os
import struct
import sys

# Instructions of classic BPF: load a word of the call, go on unless equal or below, answer.
LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARGUMENTS = 0, 16
ALLOW, FAIL = 0x7FFF0000, 0x00050000

IOCTL, MADVISE, PRCTL, MEMBARRIER, OPEN_TREE = 16, 28, 157, 324, 428
FIRST_NEWER = 451  # cachestat of Linux 6.5
SECCOMP, SET_MODE_FILTER, SPECULATE = 317, 1, 4

# Number, argument, its value, the error.
NEWER = [
    (IOCTL, 1, 0xC0606610, errno.ENOTTY),  # PAGEMAP_SCAN, 6.7
    (IOCTL, 1, 0x8008B705, errno.ENOTTY),  # NS_GET_MNTNS_ID, 6.11
    (MADVISE, 2, 102, errno.EINVAL),  # MADV_GUARD_INSTALL, 6.13
    (MADVISE, 2, 103, errno.EINVAL),
    (PRCTL, 0, 77, errno.EINVAL),  # PR_TIMER_CREATE_RESTORE_IDS, 6.15
    (MEMBARRIER, 0, 1 << 9, errno.EINVAL),  # MEMBARRIER_CMD_GET_REGISTRATIONS, 6.3
]


def instructions():
    for number, argument, value, error in NEWER:
        yield LOAD, 0, 0, NUMBER
        yield IF_EQUAL, 0, 3, number
        yield LOAD, 0, 0, ARGUMENTS + 8 * argument
        yield IF_EQUAL, 0, 1, value
        yield ANSWER, 0, 0, FAIL | error
    # Cloning a mount that is in no namespace, 6.15: the one use of AT_EMPTY_PATH.
    yield LOAD, 0, 0, NUMBER
    yield IF_EQUAL, 0, 3, OPEN_TREE
    yield LOAD, 0, 0, ARGUMENTS + 8 * 2
    yield IF_ANY, 0, 1, 0x1000
    yield ANSWER, 0, 0, FAIL | errno.EINVAL
    yield LOAD, 0, 0, NUMBER
    yield IF_AT_LEAST, 0, 1, FIRST_NEWER
    yield ANSWER, 0, 0, FAIL | errno.ENOSYS
    yield ANSWER, 0, 0, ALLOW


def grow_old():
    code = b"".join(struct.pack("HBBI", *each) for each in instructions())
    text = ctypes.create_string_buffer(code)
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SECCOMP, SET_MODE_FILTER, SPECULATE, program) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    grow_old()
    os.execvp(sys.argv[1], sys.argv[1:])
