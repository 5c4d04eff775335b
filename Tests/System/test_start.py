"""A start that is killed, or fails, at any of its steps; and one that finds what it needs in another's hands."""

import contextlib
import os
import re
import signal
import socket
import subprocess

import pytest

import host
import namespaces
import serving
import stepping
from test_network import left

OPTIONS = ("--egress", "masquerade", "--max-sandboxes", "1", "--ready", "0")
READY = r"http://127\.0\.0\.1:\d+"
NO_NETWORKS = "no function can use a virtual network"

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def world():
    world = namespaces.World()
    with world.host.entered():
        yield world
    world.close()


@pytest.fixture(scope="module")
def state(base, isolation):
    """Nothing runs here, so there are no images."""
    return base / f"start-{isolation}"


@pytest.fixture(autouse=True)
def nothing_is_left(world, state):
    """But for what was there before."""
    before = host.mounts()
    yield
    host.until(lambda: not left(world, state), 10, f"an end of {left(world, state)}")
    assert host.mounts() <= before


def command(thaw, state, isolation, *options, port=0):
    return [thaw, "serve", "--port", str(port), "--state-dir", str(state), *serving.tuned(isolation, *OPTIONS, *options)]


class Start:
    """One whose steps are counted."""

    def __init__(self, command, **at):
        self.stepped = stepping.Stepped(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **at)
        self.process = self.stepped.process
        self.log = serving.Lines(self.process.stderr)
        # The line, or the end of all lines.
        with contextlib.suppress(AssertionError):
            self.log.expect(READY, seconds=60)
        self.is_ready = self.process.poll() is None and bool(self.log.matches(READY))
        self.count = len(self.stepped.steps)
        # What comes now is no part of a start.
        self.stepped.kill_at = self.stepped.fail_at = None

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    @property
    def said(self):
        return "\n".join(self.log.lines[-30:])


@pytest.fixture(scope="module")
def steps(thaw, state, world, isolation):
    """Those that are tried, of all that a start takes: THAW_TEST_STEPS of them, evenly; 0 is all."""
    start = Start(command(thaw, state, isolation))
    assert start.is_ready, start.said
    assert start.stop() == 0
    wanted = int(os.environ.get("THAW_TEST_STEPS", "24"))
    return range(1, start.count + 1, max(1, start.count // wanted) if wanted else 1)


def test_a_start_that_is_killed_at_any_step_is_made_good_by_the_next(thaw, state, isolation, steps):
    for step in steps:
        killed = Start(command(thaw, state, isolation), kill_at=step)
        # How many there are differs a little from start to start.
        killed.process.kill()
        killed.process.wait(30)
        name = f"killed at step {step}, {killed.stepped.steps[-1]}"
        again = serving.Server(thaw, state, isolation, *OPTIONS)
        assert not again.log.matches(NO_NETWORKS), f"{name}\n" + "\n".join(again.log.lines)
        assert again.stop() == 0, f"{name}\n" + "\n".join(again.log.lines)


def test_a_start_that_fails_at_any_step_leaves_nothing(thaw, state, isolation, world, steps):
    for step in steps:
        failed = Start(command(thaw, state, isolation), fail_at=step)
        name = f"failed at step {step}, {failed.stepped.steps[step - 1:step]}\n{failed.said}"
        if failed.is_ready:
            # What failed was no condition of a start.
            assert failed.stop() == 0, name
        elif failed.process.wait(60) == -signal.SIGABRT:
            # A thread that is kept from coming back from another's namespaces ends all, as a crash does.
            assert failed.stepped.steps[step - 1] == "setns", name
            assert serving.Server(thaw, state, isolation, *OPTIONS).stop() == 0, name
        else:
            assert failed.process.returncode > 0, name
            assert re.search(r"(?m)^Error: \S", failed.said), name
        host.until(lambda: not left(world, state), 10, f"an end of {left(world, state)}: {name}")


def test_port_in_use(thaw, state, isolation):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(command(thaw, state, isolation, port=port), capture_output=True, text=True, timeout=60)
    assert done.returncode > 0
    (error,) = re.findall(r"(?m)^Error: (.*)$", done.stderr)
    assert f"127.0.0.1:{port}" in error and "--port" in error


def test_tunnel_port_in_use(thaw, state, isolation):
    """By somebody who is no server of ours."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 4789))
        server = serving.Server(thaw, state, isolation, *OPTIONS)
        server.log.expect(f"{NO_NETWORKS}.*--tunnel-port", seconds=0)
        assert server.stop() == 0
    server = serving.Server(thaw, state, isolation, *OPTIONS)
    assert not server.log.matches(NO_NETWORKS)
    assert server.stop() == 0


def test_second_server(thaw, state, base, isolation, world):
    """With the first one's options it says what to change; with another state directory only virtual networks are missing."""
    first = serving.Server(thaw, state, isolation, *OPTIONS)
    port = first.endpoint.rsplit(":", 1)[1]
    try:
        done = subprocess.run(command(thaw, state, isolation, port=port), capture_output=True, text=True, timeout=60)
        assert done.returncode > 0
        (error,) = re.findall(r"(?m)^Error: (.*)$", done.stderr)
        assert "--state-dir" in error
        other = base / f"second-{isolation}"
        second = serving.Server(thaw, other, isolation, *OPTIONS)
        (warning,) = second.log.matches(f".*{NO_NETWORKS}.*")
        assert "--tunnel-port" in warning.group() and "thaw slots clean" in warning.group()
        assert second.stop() == 0
        # The first one's packets still leave the host.
        assert world.host.forwards()
        third = serving.Server(thaw, other, isolation, *OPTIONS, "--tunnel-port", "4790")
        assert not third.log.matches(NO_NETWORKS)
        assert third.stop() == 0
    finally:
        assert first.stop() == 0
