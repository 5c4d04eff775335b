"""The whole server with real sandboxes, at both isolation levels. Where processors are emulated a publish takes 10 to 20
seconds, so most tests share one function in one state directory, over which servers with different options come and go.

Environment: THAW_TEST_ISOLATION names the levels to test; by default both, one after the other."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import botocore.exceptions
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Support_py")]

import lambdas  # noqa: E402
import serving  # noqa: E402


@pytest.fixture(scope="session")
def thaw():
    command = os.environ.get("THAW", str(ROOT / ".build/dist/bin/thaw"))
    if not os.access(command, os.X_OK):
        pytest.exit(f"{command} is not there: scripts/build and scripts/stage make it", returncode=2)
    return command


@pytest.fixture(scope="session")
def base(thaw):
    """A directory of our own on the file system of the images."""
    (ROOT / ".build").mkdir(exist_ok=True)
    directory = tempfile.mkdtemp(prefix="system.", dir=ROOT / ".build")
    yield pathlib.Path(directory)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def images(thaw):
    directory = pathlib.Path(os.environ.get("THAW_TEST_IMAGES", ROOT / ".build/state/images"))
    # All of them, before the servers get their links to them.
    runtimes = sorted(path.parent.name for path in (ROOT / "Runtimes").glob("*/image.json"))
    subprocess.run([thaw, "image", "build", *runtimes, "--state-dir", directory.parent], check=True)
    return directory


LEVELS = os.environ.get("THAW_TEST_ISOLATION", "microvm process").split()


def pytest_configure(config):
    config.addinivalue_line("markers", "microvm: about virtual machines only")
    config.addinivalue_line("markers", "process: about sandboxes that are processes only")


def pytest_collection_modifyitems(config, items):
    """Leaves out what is about the other level."""
    kept, left_out = [], []
    for item in items:
        level = item.callspec.params.get("isolation") if hasattr(item, "callspec") else None
        others = [other for other in ("microvm", "process") if other != level]
        wrong = level and any(item.get_closest_marker(other) for other in others)
        (left_out if wrong else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


@pytest.fixture(scope="session", params=LEVELS)
def isolation(request):
    """What all servers of a test are started with."""
    return request.param


@pytest.fixture(scope="session")
def servers(thaw, base, images, isolation):
    servers = serving.Servers(thaw, serving.new_state(images, base / isolation), isolation)
    yield servers
    servers.stop()


def create(client, name, module="probe", **settings):
    """Creates a function of functions/ with SnapStart."""
    client.create_function(
        FunctionName=name,
        Code={"ZipFile": lambdas.zip_of({f"{module}.py": (HERE / "functions" / f"{module}.py").read_text()})},
        **{
            "Runtime": "python3.11",
            "Role": lambdas.ROLE,
            "Handler": f"{module}.handler",
            "MemorySize": 256,
            "Timeout": 60,
            "SnapStart": {"ApplyOn": "PublishedVersions"},
            **settings,
        },
    )
    until_done(client, "function_active_v2", FunctionName=name)


def publish(client, name):
    """Publishes and waits until the version is active; fails with the version's own reason."""
    version = client.publish_version(FunctionName=name)["Version"]
    wait_active(client, name, version)
    return version


def wait_active(client, name, version="1"):
    until_done(client, "published_version_active", FunctionName=name, Qualifier=version)


def until_done(client, waiter, **function):
    """Waits; fails with the function's own reason."""
    try:
        lambdas.wait(client, waiter, **function)
    except botocore.exceptions.WaiterError as error:
        found = client.get_function_configuration(**function)
        raise AssertionError(f"{function} is {found['State']}: {found.get('StateReason')}") from error


def wait_failed(client, name, version="1"):
    """Waits until a version has failed; gives its configuration."""
    with pytest.raises(botocore.exceptions.WaiterError) as caught:
        lambdas.wait(client, "published_version_active", FunctionName=name, Qualifier=version)
    assert "terminal failure state" in str(caught.value), caught.value
    return client.get_function_configuration(FunctionName=name, Qualifier=version)


# Published beside the probe, so that nobody waits for them.
WORKING = {"slow-hook": {"module": "slow_hook"}}
FAILING = {
    "no-handler": {"module": "probe", "Handler": "nowhere.handler"},
    "eats-memory": {"module": "eats_memory", "MemorySize": 128},
}


@pytest.fixture(scope="session")
def probe(servers):
    """Version 1 of functions/probe.py, ready, and those of WORKING and FAILING."""
    client = servers.running().client
    for name, settings in {"probe": {}, **WORKING, **FAILING}.items():
        create(client, name, **settings)
        client.publish_version(FunctionName=name)
    for name in ("probe", *WORKING):
        wait_active(client, name)
    for name in FAILING:
        wait_failed(client, name)
    return "probe"


@pytest.fixture
def server(servers, probe):
    """The shared server with the usual options."""
    return servers.running()


def refused(code, status, function, **arguments):
    """Checks that a call is refused with the given AWS error; gives the error."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        function(**arguments)
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    return caught.value
