"""Every kind of state that a frozen process can have: carried into its clones, or refused by name.

Each program in states/programs is a small Lambda runtime of its own that sets a state up before the snapshot and looks at it
in every invocation after it."""

import concurrent.futures
import pathlib
import re
import subprocess
import zipfile

import pytest

import conftest
import lambdas

pytestmark = pytest.mark.process

PROGRAMS = pathlib.Path(__file__).resolve().parent / "states" / "programs"
SHARED = ["runtime.c", "support.c"]
# Linked dynamically: what it loads is what it is about.
DYNAMIC = {"libraries"}

CARRIED = [
    *(f"{program}" for program in (
        "altstack", "connections", "deleted", "epolls", "events", "hugepages", "itimers", "libraries", "locks",
        "madvise", "masks", "pipes", "registers", "restart", "rseq",
        "scheduling", "signals", "stack", "tls", "vdso", "wake")),
    "itimers.far", "signals.next",
    "threads.1", "threads.2", "threads.17", "threads.60",
]

# What the version's StateReason must contain.
REFUSED = {
    "refused.child": r"process \d+ \(the-child\)",
    "refused.shared-memory": "shared",
    "refused.sysv": "shared|System V|SYSV",
    "refused.memfd-mapped": "the-memfd|memfd",
    "refused.shared-file": "the-shared-file",
    "refused.pending": "SIGUSR2|signal 12",
    "refused_descriptors.tcp": r"fd \d+ is a connected TCP socket to 127\.0\.0\.1:\d+: close it in a before-snapshot hook",
    "refused_descriptors.udp": r"fd \d+ is a UDP socket connected to",
    "refused_descriptors.memfd": r"fd \d+ .*memfd",
    "refused_descriptors.inotify": r"fd \d+ .*inotify",
    "timers": r"timer \d+ runs by clock -6: delete it",
    "madvise.guard": 'unknown property "gu"',
    "refused_descriptors.netlink": r"fd \d+ .*netlink",
    "refused_descriptors.flock": r"fd \d+ .*lock",
    "refused_descriptors.posix-lock": r"fd \d+ .*lock",
}


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """A zip with a bootstrap for each program."""
    directory = tmp_path_factory.mktemp("states")

    def build(program):
        binary = directory / program
        subprocess.run(
            ["gcc", "-std=gnu2x", "-D_GNU_SOURCE", "-O1", "-w", "-pthread",
             *([] if program in DYNAMIC else ["-static"]), "-o", binary,
             *(PROGRAMS / name for name in (f"{program}.c", *SHARED)), *(["-ldl"] if program in DYNAMIC else [])],
            check=True)
        archive = directory / f"{program}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            file.writestr(entry, binary.read_bytes())
        return archive.read_bytes()

    programs = sorted({handler.partition(".")[0] for handler in (*CARRIED, *REFUSED)})
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(programs, pool.map(build, programs)))


@pytest.fixture(scope="module")
def states(servers, thaw, archives, isolation):
    """Publishes a handler's version; gives its server and the function's name."""
    subprocess.run([thaw, "image", "build", "provided", "--state-dir", servers.state], check=True)
    server = servers.running()

    def publish(handler):
        name = "state-" + re.sub(r"[^a-z0-9]", "-", handler)
        server.client.create_function(
            FunctionName=name, Code={"ZipFile": archives[handler.partition(".")[0]]}, Runtime="provided.al2023",
            Role=lambdas.ROLE, Handler=handler, MemorySize=256, Timeout=60,
            SnapStart={"ApplyOn": "PublishedVersions"})
        conftest.until_done(server.client, "function_active_v2", FunctionName=name)
        server.client.publish_version(FunctionName=name)
        return server, name

    return publish


@pytest.mark.parametrize("handler", CARRIED)
def test_a_state_is_carried_into_two_clones_at_once(states, handler):
    server, name = states(handler)
    conftest.wait_active(server.client, name)
    for hold in (300, 0):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(server.invoke, name, {"hold": hold}) for _ in range(2)]
            answers = [call.result() for call in calls]
        for answer, response in answers:
            assert "FunctionError" not in response, answer
            assert answer["ok"], answer["why"]


@pytest.mark.parametrize("handler", REFUSED)
def test_a_state_that_no_clone_could_have_is_refused_by_name(states, handler):
    server, name = states(handler)
    found = conftest.wait_failed(server.client, name)
    assert found["StateReasonCode"] == "FunctionError.SnapshotRefused", found["StateReason"]
    assert re.search(REFUSED[handler], found["StateReason"]), found["StateReason"]
