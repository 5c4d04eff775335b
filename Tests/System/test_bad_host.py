"""A host that lacks something: room on the disk, or QEMU."""

import contextlib
import os
import pathlib
import re
import subprocess

import pytest

import host
import lambdas
import qemu
import serving
from conftest import create, publish, refused, wait_failed


@pytest.fixture
def small(base, images, isolation):
    """A state directory, with the images, on a file system of its own."""
    directory, disk = base / f"small-{isolation}", base / f"small-{isolation}.ext4"
    directory.mkdir()
    # Every build of a base image leaves one more.
    used = sum(os.lstat(path).st_blocks * 512 for path in pathlib.Path(images).rglob("*"))
    with open(disk, "wb") as file:
        file.truncate(used + (1 << 29))
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-m", "0", disk], check=True)
    subprocess.run(["mount", "-o", "loop", disk, directory], check=True)
    try:
        subprocess.run(["cp", "-a", "--sparse=always", images, directory / "images"], check=True)
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)
        disk.unlink()


@contextlib.contextmanager
def room(directory, megabytes):
    """While this lasts, so much is free and no more."""
    ballast = pathlib.Path(directory) / "ballast"
    with open(ballast, "wb") as file:
        status = os.statvfs(directory)
        size = status.f_bavail * status.f_frsize - (megabytes << 20)
        # What a file's own map takes is not known before: give back until it fits.
        while size > 0:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
                break
            except OSError:
                size -= 1 << 16
    try:
        yield
    finally:
        ballast.unlink()


# What is less than a snapshot of the function takes: the machine's memory, or the runtime's pages.
TOO_SMALL = {"microvm": 40, "process": 4}


def test_full_disk(thaw, servers, small, isolation):
    servers.stop()
    server = serving.Server(thaw, small, isolation, "--ready", "0")
    client = server.client
    try:
        create(client, "first", MemorySize=128, Timeout=10)

        # The snapshot does not fit.
        with room(small, TOO_SMALL[isolation]):
            assert client.publish_version(FunctionName="first")["State"] == "Pending"
            failed = wait_failed(client, "first")
        assert failed["StateReasonCode"] == "InternalError"
        assert re.search(r"(?i)no space|enough space|disk|room", failed["StateReason"]), failed["StateReason"]
        assert not server.machines()
        assert not [name for name in host.files(small) if re.match(r"snapshots/(\.staging/|snap-)", name)]
        assert lambdas.invoke(client, "first", {"do": "echo"})[0] == {"do": "echo"}

        # Nothing fits.
        with room(small, 0):
            caught = lambdas.call(
                client.create_function, FunctionName="second", Runtime="python3.11", Role=lambdas.ROLE,
                Handler="app.handler", Code={"ZipFile": lambdas.zip_of({"app.py": os.urandom(20_000).hex()})},
            )
            assert "FunctionArn" not in caught if isinstance(caught, dict) else True, caught
            assert re.search(r"(?i)no space|full|room", str(caught)), caught
            assert lambdas.invoke(client, "first", {"do": "echo"})[0] == {"do": "echo"}
        refused("ResourceNotFoundException", 404, client.get_function, FunctionName="second")

        # Room again.
        client.update_function_configuration(FunctionName="first", Description="again")
        lambdas.wait(client, "function_updated_v2", FunctionName="first")
        version = publish(client, "first")
        assert server.invoke("first", {"do": "echo"}, qualifier=version)[0] == {"do": "echo"}

        # A function whose /tmp is on the disk feels it, and nobody else.
        with room(small, 0):
            answer, _ = server.invoke("first", {"do": "fill", "megabytes": 8}, qualifier=version)
            assert answer in (("EIO", "ENOSPC") if isolation == "microvm" else (None,)), answer
        assert server.invoke("first", {"do": "echo"}, qualifier=version)[0] == {"do": "echo"}
    finally:
        assert server.stop() == 0


@pytest.mark.microvm
def test_qemu_missing(thaw, servers, probe, base):
    """The server's own view of /usr has no QEMU in it."""
    servers.stop()
    upper = base / "upper"
    upper.mkdir()
    script = """
        set -e
        mount -t tmpfs upper "$1"; shift
        mkdir "$0/files" "$0/work"
        mount -t overlay -o "lowerdir=/usr,upperdir=$0/files,workdir=$0/work" overlay /usr
        rm /usr/bin/qemu-system-x86_64
        exec "$@"
    """
    without = ["unshare", "--mount", "sh", "-c", script, upper, upper]
    doctor = subprocess.run([*without, thaw, "doctor", "--isolation", "microvm"], capture_output=True, text=True, timeout=60)
    assert doctor.returncode == 1, doctor.stdout + doctor.stderr
    assert "apt-get install qemu-system-x86" in doctor.stdout
    server = serving.Server(thaw, servers.state, "microvm", "--ready", "0", through=without)
    try:
        for qualifier in ("1", "$LATEST"):
            error = refused(
                "ServiceException", 500, server.client.invoke, FunctionName=probe, Qualifier=qualifier, Payload=b"{}"
            )
            # The host's paths are for its log.
            assert "cannot start" in error.response["Error"]["Message"]
            server.log.expect("cannot start /usr/bin/qemu-system-x86_64")
        server.client.update_function_configuration(FunctionName=probe, Description="without QEMU")
        lambdas.wait(server.client, "function_updated_v2", FunctionName=probe)
        server.client.publish_version(FunctionName=probe)
        failed = wait_failed(server.client, probe, "2")
        assert failed["StateReasonCode"] == "InternalError"
        assert "cannot start" in failed["StateReason"]
        server.client.delete_function(FunctionName=probe, Qualifier="2")
    finally:
        assert server.stop() == 0
    servers.running().works(probe)


BROKEN = {
    # What takes the place of QEMU, what the server says of it, and whether doctor finds it out.
    "ends at once": ("echo no such machine >&2; exit 3", "no such machine", True),
    "floods": ("exec yes nonsense >&2", "QEMU did not start", True),
    "floods its control socket": ("exec yes nonsense >&3", "not QMP|QEMU did not start", True),
    "boots without an initramfs": (
        # The kernel panics, which ends the machine.
        """for word; do shift; case $word in -initrd) skip=1; continue; esac
        if [ "$skip" ]; then skip=; continue; fi; set -- "$@" "$word"; done; exec /usr/src/qemu "$@" """,
        "did not boot, which is not the function's doing: .*Kernel panic", False,
    ),
    "says nothing": ('exec /usr/src/qemu "$@" -S', "did not boot.*did not come up within 90 seconds", True),
}  # fmt: skip


@pytest.mark.microvm
@pytest.mark.parametrize("script, said, found", BROKEN.values(), ids=BROKEN.keys())
def test_machine_that_does_not_boot_is_the_platforms_failure(thaw, images, base, isolation, script, said, found):
    through = qemu.in_place(script)
    doctor = subprocess.run(
        [*through, thaw, "doctor", "--isolation", "microvm"], capture_output=True, text=True, timeout=60
    )
    assert doctor.returncode == (1 if found else 0), doctor.stdout + doctor.stderr
    state = serving.new_state(images, base / lambdas.unique("broken"))
    server = serving.Server(thaw, state, isolation, "--ready", "0", through=through)
    try:
        create(server.client, "patient", Timeout=300)
        # Both at once, because one of them takes its time.
        assert server.client.publish_version(FunctionName="patient")["State"] == "Pending"
        error = refused(
            "ServiceException", 500, server.client.invoke, FunctionName="patient", Payload=b'{"do": "echo"}'
        )
        assert re.search(said, error.response["Error"]["Message"]), error
        assert "timed out" not in error.response["Error"]["Message"]
        failed = wait_failed(server.client, "patient")
        assert failed["StateReasonCode"] == "InternalError"
        assert re.search(said, failed["StateReason"]), failed["StateReason"]
        assert not server.machines()
        if not found:
            server.log.expect("Kernel panic.* a virtual machine failed before its function was ready")
    finally:
        assert server.stop() == 0
