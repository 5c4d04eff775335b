"""What one sandbox that is a process can take from the others and from its host: nothing that the kernel counts by user."""

import contextlib
import json
import pathlib
import subprocess
import sys

import pytest

import conftest
import host

pytestmark = pytest.mark.process


@contextlib.contextmanager
def setting(name, value):
    """A setting of the host's, for so long."""
    file = pathlib.Path("/proc/sys", name)
    before = file.read_text()
    file.write_text(str(value))
    try:
        yield
    finally:
        file.write_text(before)


@pytest.fixture(scope="module")
def spending(servers):
    """A server with a clone that holds all it could get, and what that is; a function beside it."""
    server = servers.running()
    for name in ("hostile", "neighbour"):
        # Hundreds of processes are to be refused for their number, not ended for their memory.
        conftest.create(server.client, name, module="spends", MemorySize=1024)
    for name in ("hostile", "neighbour"):
        conftest.publish(server.client, name)
    limits = server.invoke("neighbour", {"do": "limits"})[0]
    # As on a small host; where there is much memory nobody gets that far.
    with setting("fs/epoll/max_user_watches", 50_000):
        taken = server.invoke("hostile", {"do": "take"})[0]
        yield server, taken, limits
    for name in ("hostile", "neighbour"):
        server.client.delete_function(FunctionName=name)


def test_the_hostile_clone_has_all_it_could_get(spending):
    _, taken, _ = spending
    assert taken["watches"] == 50_000
    assert taken["large pipes"] <= 1024
    # The whole host has one stock of these.
    assert taken["asynchronous I/O"] == [0, "ENOSYS"]
    assert {name: taken[name][1] for name in ("instances", "message queues", "signals", "timers", "files", "processes")} == {
        "instances": "EMFILE", "message queues": "EMFILE", "signals": "EAGAIN", "timers": "EAGAIN", "files": "EMFILE",
        "processes": "EAGAIN",
    }  # fmt: skip


def test_another_clone_lacks_nothing(spending):
    server, _, _ = spending
    for _ in range(2):
        assert server.invoke("neighbour", {"do": "attempts"})[0] == {"asynchronous I/O": "ENOSYS"}


def test_root_on_the_host_lacks_nothing(spending):
    script = "import json, spends; print(json.dumps(spends.attempts()))"
    told = subprocess.run([sys.executable, "-c", script], cwd=conftest.HERE / "functions", capture_output=True, check=True)
    assert json.loads(told.stdout) == {}


def test_every_sandbox_is_a_user_of_its_own(spending):
    server, _, _ = spending
    server.invoke("neighbour", {"do": "attempts"})
    clones = {pid for pid in server.machines() if host.status(pid, "NSpid")[-1:] != ["1"]}
    sandboxes = {}
    for pid in clones:
        user, group = host.status(pid, "Uid")[0], host.status(pid, "Gid")[0]
        sandboxes.setdefault((user, group), set()).add(host.status(pid, "NSpid")[-1])
    assert len(sandboxes) >= 2
    namespaces = {pid: pathlib.Path(f"/proc/{pid}/ns/user").readlink() for pid in clones}
    assert len({host.status(pid, "Uid")[0] for pid in clones}) == len(set(namespaces.values()))


def test_limits_inside_a_sandbox_are_the_same_on_every_host(spending):
    _, _, limits = spending
    assert limits == {
        "signals": [4096, 4096], "message queue bytes": [819_200, 819_200], "max_user_namespaces": 0,
        "max_inotify_instances": 128, "max_inotify_watches": 8192,
    }  # fmt: skip
