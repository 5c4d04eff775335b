"""Snapshots that were changed, or made elsewhere: never run, made anew."""

import json
import os

import pytest

import host
from conftest import refused, wait_active


def flip(path):
    """Inverts a byte where the file has data."""
    with open(path, "r+b") as file:
        position = os.lseek(file.fileno(), 0, os.SEEK_DATA) + 100
        (value,) = os.pread(file.fileno(), 1, position)
        os.pwrite(file.fileno(), bytes([value ^ 0xFF]), position)


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def edit(path, change):
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def foreign(manifest):
    requirements = manifest["snapshot"]["engine"]["requirements"]
    requirements[min(requirements)] = "another"


DAMAGE = {
    "memory": lambda snapshot: flip(snapshot / "memory"),
    "state": lambda snapshot: flip(snapshot / "state"),
    "cut off": lambda snapshot: cut(snapshot / "memory"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_unusable_snapshot_is_made_anew(servers, probe, damage):
    servers.stop()
    (snapshot,) = snapshots(servers, probe)
    damage(snapshot)
    server = servers.running("--ready", "0")
    error = refused(
        "SnapStartNotReadyException", 409, server.client.invoke, FunctionName=probe, Qualifier="1",
        Payload=b'{"do":"echo"}',
    )
    assert error.response["Error"]["Message"].startswith("Lambda is initializing your function.")
    pending = server.client.get_function_configuration(FunctionName=probe, Qualifier="1")
    assert (pending["State"], pending["StateReasonCode"]) == ("Pending", "Restoring")
    refused("ResourceConflictException", 409, server.client.invoke, FunctionName=probe, Qualifier="1")
    wait_active(server.client, probe)
    server.works(probe)
    (made,) = snapshots(servers, probe)
    assert made.name != snapshot.name


def older(manifest):
    manifest["snapshot"]["engine"]["parameters"]["qemu"] = "6.2.0 (Debian 1:6.2)"


OUTGROWN = [(foreign, "needs .* another"), pytest.param(older, "QEMU 6.2.0", marks=pytest.mark.microvm)]


@pytest.mark.parametrize("change, reason", OUTGROWN, ids=["host", "QEMU"])
def test_snapshot_of_another_host_is_made_anew_before_anybody_asks(servers, probe, change, reason):
    servers.stop()
    (snapshot,) = snapshots(servers, probe)
    edit(snapshot / "manifest.json", change)
    server = servers.running("--ready", "0")
    server.log.expect(rf"snapshot unusable.*({reason})|({reason}).*snapshot unusable")
    server.log.expect(rf"\bfunction={probe}\b.*\bpublished\b|\bpublished\b.*\bfunction={probe}\b", seconds=180)
    wait_active(server.client, probe)
    server.works(probe)
    (made,) = snapshots(servers, probe)
    assert made.name != snapshot.name


def snapshots(servers, name):
    """The snapshots of a function, by what their manifests say."""
    found = []
    for manifest in (servers.state / "snapshots").glob("snap-*/manifest.json"):
        if json.loads(manifest.read_text())["snapshot"]["functionName"] == name:
            found.append(manifest.parent)
    return found


def test_snapshot_of_nobody_is_removed(servers, probe):
    servers.stop()
    (snapshot,) = snapshots(servers, probe)
    stray = snapshot.parent / "snap-0123456789abcdef"
    stray.mkdir()
    (stray / "manifest.json").write_text("{}")
    staged = snapshot.parent / ".staging" / "half-made"
    staged.mkdir(parents=True)
    (staged / "memory").write_bytes(bytes(1000))
    server = servers.running("--ready", "0")
    assert not stray.exists() and not staged.exists()
    server.works(probe)
    assert snapshot.exists()
    assert not [name for name in host.files(servers.state) if name.startswith("snapshots/.staging/")]
