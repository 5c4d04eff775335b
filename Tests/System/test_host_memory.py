"""A host whose memory is short: the server gives back what waits, refuses what does not fit, and goes on."""

import concurrent.futures
import contextlib
import os
import pathlib

import botocore.exceptions
import pytest

import conftest
import host
import serving

pytestmark = pytest.mark.process

LIMIT = 1 << 30
CALLS = 1000


@contextlib.contextmanager
def small_host():
    """A memory cgroup around a whole server, as a container has it; gives the command that runs another inside."""
    second = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
    top = pathlib.Path("/sys/fs/cgroup" if second else "/sys/fs/cgroup/memory")
    group = top / f"thaw-test-{os.getpid()}"
    group.mkdir()
    home = group / "server" if second else group
    if second:
        (top / "cgroup.subtree_control").write_text("+memory +cpu +pids")
        (group / "memory.swap.max").write_text("0")
        home.mkdir()
    (group / ("memory.max" if second else "memory.limit_in_bytes")).write_text(str(LIMIT))
    inside = f"echo 0 > {home}/cgroup.procs && mount --bind {group} {top} && exec " + '"$@"'
    try:
        yield group, ["unshare", "--mount", "--propagation", "private", "sh", "-ec", inside, "sh"]
    finally:
        for directory in sorted(group.rglob("*/"), key=lambda path: -len(path.parts)):
            directory.rmdir()
        group.rmdir()


def killed(group):
    """How often the kernel killed for want of memory, in the whole of it."""
    events = group / "memory.events"
    text = (events if events.exists() else group / "memory.oom_control").read_text()
    return dict(line.split() for line in text.splitlines()).get("oom_kill", "0")


def test_a_thousand_calls_on_a_host_of_one_gigabyte(thaw, base, images):
    state = serving.new_state(images, base / "short-of-memory")
    with small_host() as (group, inside):
        server = serving.Server(
            thaw, state, "process", "--max-sandboxes", "64", "--ready", "2", "--log-level", "notice", through=inside
        )
        try:
            names = [f"grows-{number}" for number in range(4)]
            for name in names:
                conftest.create(server.client, name, module="grows", MemorySize=256)
                conftest.publish(server.client, name)
            # Some eight at a time fit, and 24 are asked for.
            assert storm(server, names) > 0, "nothing was refused: this is no storm"
            assert server.process.poll() is None
            assert killed(group) == "0", "the kernel had to kill"
            # It comes back by itself.
            answer, _ = server.invoke(names[0], {"megabytes": 1, "token": "afterwards"})
            assert answer["token"] == "afterwards"
            assert server.stop() == 0
        finally:
            server.kill()


def storm(server, names):
    """Calls from 24 clients at once, each made again as often as it is refused, as AWS's clients do; how often that was."""

    def call(number):
        event = {"megabytes": 8 if number % 3 else 60, "token": f"call {number}"}
        refused = 0
        while True:
            try:
                answer, response = server.invoke(names[number % len(names)], event)
                break
            except botocore.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "TooManyRequestsException", error
                assert error.response.get("Reason"), error.response
                refused += 1
        assert "FunctionError" not in response, answer
        assert answer["token"] == event["token"] and answer["pages"] == event["megabytes"] * 256, answer
        return refused

    with concurrent.futures.ThreadPoolExecutor(24) as clients:
        return sum(clients.map(call, range(CALLS)))


def test_what_serves_is_killed_before_what_it_is_made_of_and_the_server_last(servers, probe):
    server = servers.running()
    assert server.works(probe)

    def score(pid):
        return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())

    clones = [score(pid) for pid in server.machines()]
    templates = [score(pid) for pid in host.templates(server.pid)]
    assert clones and templates
    # A score below what it was needs CAP_SYS_RESOURCE, which not every root has: then both stay where they are.
    assert min(clones) > max(templates) >= score(server.pid)
