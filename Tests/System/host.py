"""What a server leaves on its host, as /proc and /sys show it."""

import dataclasses
import os
import pathlib
import select
import time

MACHINES = {"qemu-system-x86", "firecracker"}  # of comm, which has 15 characters
# Who sandboxes are, outside of their user namespaces: of two ids for each, the first. Process 1 of a sandbox has the second.
SANDBOX_IDS = range(1_900_100_000, 1_900_100_000 + 131_072, 2)


def status(pid, key):
    """One field of /proc/PID/status, split; nothing when the process is gone."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return line.split()[1:]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return []


def children(pid):
    processes = (int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit())
    return {process for process in processes if status(process, "PPid") == [str(pid)]}


def machines(pid):
    """The virtual machines of a server, by process."""
    return {child for child in children(pid) if (status(child, "Name") or [""])[0] in MACHINES}


def runtimes(pid):
    """The runtimes of a server that are its own children: those in sandboxes that are processes."""
    return {child for child in children(pid) if int((status(child, "Uid") or [0])[0]) in SANDBOX_IDS}


def templates(pid):
    """The processes that the clones of a server are made of."""
    return {child for child in children(pid) if status(child, "Name") == ["thaw-template"]}


SANDBOXES = {"microvm": machines, "process": runtimes}


def gone(pids, seconds=30):
    """Waits until none of the processes is alive; gives those that still are."""
    deadline = time.monotonic() + seconds
    left = set()
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
                left.add(pid)
        finally:
            os.close(handle)
    return left


def until(condition, seconds=60, what="it"):
    """Polls what nothing announces; gives the first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds} s"
        time.sleep(0.02)
    return answer


def cgroups(pids):
    """The directories of the cgroups that processes are in, in every hierarchy that knows ours, without those of processes
    that have ended meanwhile."""
    found = set()
    for pid in pids:
        try:
            lines = pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in lines:
            _, controllers, path = line.split(":", 2)
            if "/thaw/" in path:
                for root in ["", *controllers.split(",")]:
                    directory = pathlib.Path("/sys/fs/cgroup", root, path.lstrip("/"))
                    if directory.is_dir():
                        found.add(directory)
    return found


def files(directory, below=("sandboxes", "snapshots", "code")):
    """What is in a state directory, except logs and what only grows."""
    directory = pathlib.Path(directory)
    return {
        str(path.relative_to(directory)) for name in below for path in (directory / name).rglob("*")
    } | {entry.name for entry in directory.iterdir()}


@dataclasses.dataclass
class Traces:
    """What may not be there any more once a server has stopped."""

    processes: set
    cgroups: set
    mounts: set
    networks: set

    @staticmethod
    def of(pid):
        processes = children(pid)
        return Traces(processes, cgroups(processes), mounts(), networks())


def mounts():
    return set(pathlib.Path("/proc/self/mounts").read_text().splitlines())


def networks():
    """Network namespaces that have a name, and devices of this one."""
    named = pathlib.Path("/run/netns")
    return {f"netns {entry.name}" for entry in (named.iterdir() if named.is_dir() else ())} | {
        f"device {entry.name}" for entry in pathlib.Path("/sys/class/net").iterdir()
    }
