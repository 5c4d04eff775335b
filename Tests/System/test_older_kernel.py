"""Isolation `process` where the kernel has only what Linux 6.1 has."""

import pathlib
import sys

import pytest

import host
import programs
import serving
from conftest import create, publish
from test_process_states import State

pytestmark = pytest.mark.process

AS_ON_6_1 = (sys.executable, str(pathlib.Path(__file__).resolve().parent / "older_kernel.py"))

# What is found out, or made, in another way there.
STATES = ["deleted", "epolls", "events", "files", "hugepages", "madvise", "memory", "scheduling.membarrier", "timers"]


@pytest.fixture(scope="module")
def old(thaw, base, images, isolation):
    server = serving.Server(
        thaw, serving.new_state(images, base / "old-kernel"), isolation, "--max-sandboxes", "24", "--ready", "0",
        through=AS_ON_6_1,
    )
    yield server
    assert server.stop() == 0
    assert loop_devices(server.state) == []


@pytest.fixture(scope="module")
def executables(old):
    return programs.build(old.state.parent / "old-states")


def loop_devices(directory):
    """Those over files of a directory."""
    found = []
    for file in pathlib.Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            found += [file.read_text().strip()] if file.read_text().startswith(str(directory)) else []
        except OSError:
            continue  # it has just been freed
    return found


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_carried_into_two_clones_at_once(old, executables, name):
    State(old, name, programs.archive(executables[name.partition(".")[0]])).check_clones()


def test_a_function_is_published_and_cloned_from_images_on_loop_devices(old):
    create(old.client, "probe")
    publish(old.client, "probe")
    assert old.works("probe")
    assert loop_devices(old.state)


def test_nothing_is_left_of_loop_devices_after_a_crash(thaw, base, images, isolation):
    state = serving.new_state(images, base / "old-kernel-crash")
    server = serving.Server(thaw, state, isolation, through=AS_ON_6_1)
    create(server.client, "probe", SnapStart={"ApplyOn": "None"})
    assert server.invoke("probe", {"do": "describe"}, qualifier="$LATEST")
    assert loop_devices(state)
    assert not server.kill()
    host.until(lambda: not loop_devices(state), what="the end of the loop devices")
    assert serving.Server(thaw, state, isolation).stop() == 0
