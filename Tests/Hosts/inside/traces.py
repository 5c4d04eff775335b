"""What there is on a host that a server may have made."""

import ctypes
import os
import pathlib
import struct
import subprocess

import host

LIBC = ctypes.CDLL(None, use_errno=True)
BPF, PROGRAM_NEXT, PROGRAM_OPEN, INFO = 321, 11, 13, 15  # bpf(2) of x86-64, and its commands
# A sandbox's users are beyond those of the host.
FIRST_USER = 1_000_000


def now():
    """Each thing by a name that says what it is; two of these can be compared."""
    return set().union(
        processes(), below("cgroup", "/sys/fs/cgroup/thaw"), {f"mount {line}" for line in host.mounts()}, host.networks(),
        packet_filter(), routing(), namespaces(), below("pin", "/sys/fs/bpf"), programs(), loop_devices(),
        below("file", "/run/thaw"),
    )  # fmt: skip


def processes():
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            name, user = host.status(entry.name, "Name"), host.status(entry.name, "Uid")
            if user and ((name or [""])[0] in {"thaw", *host.MACHINES} or int(user[0]) >= FIRST_USER):
                found.add(f"process {entry.name} {name[0]}")
    return found


def below(kind, directory):
    return {f"{kind} {path}" for path in pathlib.Path(directory).rglob("*") if path.is_dir() or kind != "cgroup"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def packet_filter():
    return {f"nft {line}" for line in output("nft", "list", "tables").splitlines()}


def routing():
    lines = output("ip", "rule").splitlines() + output("ip", "route", "show", "table", "all").splitlines()
    forwarding = {
        f"forwarding {path.parent.name} {path.read_text().strip()}"
        for path in pathlib.Path("/proc/sys/net/ipv4/conf").glob("*/forwarding")
    }
    return {f"route {' '.join(line.split())}" for line in lines} | forwarding


def namespaces():
    """Of networks that processes are in; those that only a file or a descriptor holds have devices, or are mounts."""
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.add(f"network namespace {os.readlink(entry / 'ns/net')}")
            except OSError:
                continue
    return found


def loop_devices():
    return {
        f"loop device {path.parts[3]} of {path.read_text().strip()}"
        for path in pathlib.Path("/sys/block").glob("loop*/loop/backing_file")
    }


def programs():
    """eBPF programs that are loaded, except those that systemd gives its units."""
    found, identifier = set(), 0
    while (identifier := bpf_next(identifier)) is not None:
        name = bpf_name(identifier)
        if not name.startswith("sd_"):
            found.add(f"eBPF program {identifier} {name}")
    return found


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, 128)
    return LIBC.syscall(BPF, command, buffer, len(buffer)), buffer.raw


def bpf_next(identifier):
    result, attributes = bpf(PROGRAM_NEXT, struct.pack("=II", identifier, 0))
    return struct.unpack_from("=II", attributes)[1] if result == 0 else None


def bpf_name(identifier):
    descriptor, _ = bpf(PROGRAM_OPEN, struct.pack("=III", identifier, 0, 0))
    if descriptor < 0:
        return ""
    try:
        information = ctypes.create_string_buffer(256)
        bpf(INFO, struct.pack("=IIQ", descriptor, len(information), ctypes.addressof(information)))
        # `name` of struct bpf_prog_info.
        return information.raw[64:80].split(b"\0")[0].decode()
    finally:
        os.close(descriptor)
