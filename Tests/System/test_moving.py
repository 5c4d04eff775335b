"""A state directory at another place: renamed, or restored from a backup that was taken while the server ran."""

import json
import pathlib
import shutil
import subprocess

import pytest

import documents
import serving
from conftest import create, publish, wait_active


@pytest.fixture(scope="module")
def state(thaw, base, images, isolation):
    """With version 1 of a function, and no server."""
    state = serving.new_state(images, base / f"moving-{isolation}")
    server = serving.Server(thaw, state, isolation)
    try:
        create(server.client, "probe")
        publish(server.client, "probe")
    finally:
        assert server.stop() == 0
    yield state
    shutil.rmtree(state)


def snapshots(state):
    return sorted(path.name for path in (state / "snapshots").glob("snap-*"))


def serves(thaw, state, isolation):
    """Starts a server there; the version is thawed from the snapshot that came along."""
    before = snapshots(state)
    assert before
    server = serving.Server(thaw, state, isolation)
    try:
        assert server.works("probe")
        assert snapshots(state) == before
        assert not server.log.matches("snapshot unusable")
    finally:
        assert server.stop() == 0


def test_a_state_directory_may_be_renamed(thaw, state, isolation):
    place = state.with_name(f"{state.name}-renamed")
    state.rename(place)
    try:
        serves(thaw, place, isolation)
    finally:
        place.rename(state)


def test_no_manifest_names_a_path(state):
    for manifest in state.glob("snapshots/*/manifest.json"):
        engine = json.loads(manifest.read_text())["snapshot"]["engine"]
        said = {**engine["parameters"], **engine["requirements"]}
        assert said and not [value for value in said.values() if "/" in value and pathlib.Path(value).exists()], said


def typed(heading, **places):
    """Runs a block of docs/operations.md at other places."""
    commands = documents.block(heading, "docs/operations.md")
    for named, place in places.items():
        path = {"state": "/var/lib/thaw", "backup": "/srv/backup/thaw"}[named]
        assert path in commands
        commands = commands.replace(path, str(place))
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands], check=True, timeout=300)


def test_a_backup_of_a_running_server_is_restored_elsewhere(thaw, state, isolation, base):
    backup, restored = base / f"backup-{isolation}", base / f"restored-{isolation}"
    server = serving.Server(thaw, state, isolation)
    try:
        assert server.works("probe")
        server.client.tag_resource(
            Resource="arn:aws:lambda:us-east-1:123456789012:function:probe", Tags={"kept": "yes"}
        )
        typed("Backup", state=state, backup=backup)
        assert server.works("probe")
    finally:
        assert server.stop() == 0
    try:
        assert backup.stat().st_mode & 0o77 == 0
        typed("Restore", state=restored, backup=backup)
        assert {path.name for path in restored.iterdir()} >= {"thaw.db", "code", "images", "snapshots", "secret"}
        serves(thaw, restored, isolation)
    finally:
        shutil.rmtree(backup, ignore_errors=True)
        shutil.rmtree(restored, ignore_errors=True)


def test_what_a_backup_lacks_is_made_again(thaw, state, isolation, base):
    """Without snapshots and code images: as small as a backup can be."""
    place = pathlib.Path(base / f"small-{isolation}")
    (place / "images").mkdir(parents=True)
    for name in ("thaw.db", "secret"):
        shutil.copy2(state / name, place / name)
    shutil.copytree(state / "code", place / "code")
    shutil.copytree(state / "images/base", place / "images/base", copy_function=lambda a, b: pathlib.Path(b).hardlink_to(a))
    server = serving.Server(thaw, place, isolation)
    try:
        with pytest.raises(server.client.exceptions.SnapStartNotReadyException):
            server.client.invoke(FunctionName="probe", Qualifier="1", Payload=b'{"do":"echo"}')
        wait_active(server.client, "probe")
        assert server.works("probe")
    finally:
        assert server.stop() == 0
        shutil.rmtree(place)
