"""A server of processes on a host that is a network namespace, and the packages of the workloads.

Environment: THAW_TEST_WORKLOADS=all tests all of them (`make test-workloads`), else a few; THAW_TEST_ISOLATION is the
level, by default process; THAW and THAW_TEST_IMAGES as everywhere."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "System"), str(HERE.parent / "Support_py")]

import debian  # noqa: E402
import namespaces  # noqa: E402
import outside  # noqa: E402
import packages  # noqa: E402
import serving  # noqa: E402

ROWS = []


def pytest_terminal_summary(terminalreporter):
    if ROWS:
        terminalreporter.section("workloads")
        terminalreporter.write_line(f"{'':18} {'publish':>9} {'first answer':>13} {'memory':>8}")
        for name, publish, first, memory in ROWS:
            terminalreporter.write_line(f"{name:18} {publish:7.2f} s {first * 1000:10.0f} ms {memory:>5} MB")


@pytest.fixture(scope="session")
def wheels():
    return packages.wheels(ROOT / ".build" / "workloads")


@pytest.fixture(scope="session")
def parts():
    """Where the packages of Debian's are unpacked."""
    directory = ROOT / ".build" / "workloads" / "debian"
    for _, names, _ in debian.JAVA.values() if packages.ALL else []:
        debian.unpacked(directory, names.split())
    for names, _ in debian.NODE.values() if packages.ALL else []:
        debian.unpacked(directory, names.split())
    return directory


@pytest.fixture(scope="session")
def world():
    world = namespaces.World()
    yield world
    world.close()


@pytest.fixture(scope="session")
def services(world):
    services = outside.Outside(world)
    yield services
    services.close()


@pytest.fixture(scope="session")
def server(wheels, parts, world, services):
    """Runs functions on the world's host; they reach what is outside. The packages come first: there is no way to them."""
    images = pathlib.Path(os.environ.get("THAW_TEST_IMAGES", ROOT / ".build/state/images"))
    thaw = os.environ.get("THAW", str(ROOT / ".build/dist/bin/thaw"))
    runtimes = ["python3.11", "java17", "nodejs20"] if packages.ALL else ["python3.11"]
    subprocess.run([thaw, "image", "build", *runtimes, "--state-dir", images.parent], check=True)
    (ROOT / ".build").mkdir(exist_ok=True)
    directory = tempfile.mkdtemp(prefix="workloads.", dir=ROOT / ".build")
    state = serving.new_state(images, pathlib.Path(directory) / "state")
    try:
        with world.host.entered():
            server = serving.Server(
                thaw, state, os.environ.get("THAW_TEST_ISOLATION", "process"), "--egress", "routed", "--slots", "48",
            )  # fmt: skip
            yield server
            server.stop()
    finally:
        shutil.rmtree(directory)
