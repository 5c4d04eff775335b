"""Base images that move between hosts, and those that nobody needs any more."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import namespaces
import serving


def image(thaw, state, *arguments, status=0, **more):
    done = subprocess.run(
        [thaw, "image", *arguments, "--state-dir", state], capture_output=True, timeout=120, **more
    )
    assert done.returncode == status, (done.stdout[-2000:], done.stderr[-2000:])
    return done


def lines(done):
    return done.stdout.decode().splitlines()


def names(state):
    """What is below, without the empty files that are locks."""
    directory = pathlib.Path(state) / "images"
    return {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and "locks" not in path.parts
    }


def files(state):
    """The same with what is in each, as a digest: images are large."""
    digests = {}
    for name in names(state):
        with open(pathlib.Path(state) / "images" / name, "rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").digest()
    return digests


def current(thaw, state, runtime="python3.11"):
    """The digest of what functions start from now."""
    (row,) = [line for line in lines(image(thaw, state, "list")) if line.startswith(f"{runtime} ") and "new functions" in line]
    return row.split()[-1]


@pytest.fixture
def nowhere():
    """A network without a way out."""
    namespace = namespaces.Namespace()
    yield namespace
    namespace.close()


@pytest.fixture(scope="module")
def exported(thaw, base, images):
    """A file with two runtimes."""
    path = base / "images.thaw"
    told = lines(image(thaw, images.parent, "export", "python3.11", "nodejs20.x", path))
    assert [line.split()[0] for line in told] == ["python3.11", "nodejs20"]
    yield path
    path.unlink()


def test_an_image_moves_without_network(thaw, images, exported, nowhere, tmp_path):
    with nowhere.entered():
        told = lines(image(thaw, tmp_path, "import", exported))
        assert [line.split()[0] for line in told] == ["python3.11", "nodejs20"]
        # Nothing is left to build, nor is the network asked.
        assert lines(image(thaw, tmp_path, "build", "python3.11", "nodejs20.x"))[0] == told[0]
    digest = told[0].split()[1]
    assert digest == current(thaw, images.parent) == current(thaw, tmp_path)
    here, there = pathlib.Path(images) / "base" / digest, tmp_path / "images/base" / digest
    for name in ("kernel", "initramfs", "root.erofs", "image.json"):
        assert (here / name).read_bytes() == (there / name).read_bytes()
    assert not os.listdir(tmp_path / "images/staging")


def test_an_image_goes_through_a_pipe(thaw, images, tmp_path):
    out = image(thaw, images.parent, "export", "python3.11", "-")
    told = lines(image(thaw, tmp_path, "import", "-", input=out.stdout))
    assert told[0] in out.stderr.decode().splitlines()


def cut(content):
    return content[: len(content) // 2]


def flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage, words",
    [
        (cut, "it is cut off"),
        (flip, "is damaged"),
        (lambda content: content + b"x", "goes on behind its end"),
        (lambda _: b"", "it is cut off"),
        (lambda _: bytes(1000), "no file of `thaw image export`"),
    ],
    ids=["cut off", "changed", "too long", "empty", "zeros"],
)
def test_a_damaged_file_is_refused_and_leaves_nothing(thaw, exported, tmp_path, damage, words):
    path = tmp_path / "damaged"
    path.write_bytes(damage(exported.read_bytes()))
    done = image(thaw, tmp_path, "import", path, status=1)
    assert words in done.stderr.decode() and "Nothing was imported" in done.stderr.decode()
    assert files(tmp_path) == {}
    assert not os.listdir(tmp_path / "images/staging")


def test_a_host_with_other_recipes_says_so(thaw, images, exported, other_share, tmp_path):
    recipe = other_share / "runtimes/python3.11/image.json"
    content = json.loads(recipe.read_text())
    content["packages"].append("zlib1g")
    recipe.write_text(json.dumps(content))
    done = image(thaw, tmp_path, "import", exported, status=1, env={**os.environ, "THAW_SHARE_DIR": str(other_share)})
    assert "python3.11 is made from another recipe" in done.stderr.decode()
    assert "same version of Thaw" in done.stderr.decode()
    assert files(tmp_path) == {}


@pytest.mark.parametrize("wrong", [["python3.11"], ["cobol85", "x"], ["python3.11", "/nowhere/x"]], ids=lambda words: words[-1])
def test_an_export_that_cannot_be(thaw, images, wrong):
    done = subprocess.run(
        [thaw, "image", "export", *wrong, "--state-dir", images.parent], capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert wrong[-1] in done.stderr or "file to write" in done.stderr or "cobol85" in done.stderr


@pytest.fixture
def other_share(thaw, tmp_path_factory):
    """What Thaw is installed with, to be changed."""
    root = pathlib.Path(thaw).parent.parent
    share = root / "lib/thaw"
    copy = tmp_path_factory.mktemp("share") / "thaw"
    shutil.copytree(share, copy, symlinks=True)
    return copy


def old_image(state, digest):
    """Beside the image with this digest, one that was made from something else."""
    bases = pathlib.Path(state) / "images/base"
    old = "0" * 64
    shutil.copytree(bases / digest, bases / old)
    manifest = json.loads((bases / old / "image.json").read_text())
    manifest.update(digest=old, inputs="of long ago")
    (bases / old / "image.json").write_text(json.dumps(manifest))
    return old


def test_what_nobody_uses_is_pruned(thaw, base, images):
    state = serving.new_state(images, base / "pruned")
    old = old_image(state, current(thaw, state))
    (row,) = [line for line in lines(image(thaw, state, "list")) if line.endswith(old)]
    assert " nothing " in row
    before = names(state)
    assert f"would remove python3.11 {old}" in lines(image(thaw, state, "prune", "--dry-run"))
    assert names(state) == before
    told = lines(image(thaw, state, "prune"))
    assert f"removed python3.11 {old}" in told and told[-1].endswith("MiB freed")
    assert {name for name in before if old not in name} >= names(state)
    assert current(thaw, state)
    assert lines(image(thaw, state, "prune")) == ["0.0 MiB freed"]


def test_what_a_server_or_a_snapshot_uses_is_kept(thaw, servers, probe, other_share):
    """For an installation with another guest supervisor no image here is current."""
    server = servers.running()
    server.works(probe)
    digest = current(thaw, servers.state)
    guest = other_share / "guest/ThawGuest"
    guest.write_bytes(guest.read_bytes() + b"another")
    environment = {**os.environ, "THAW_SHARE_DIR": str(other_share)}
    told = lines(image(thaw, servers.state, "prune", "--dry-run", env=environment))
    assert f"kept python3.11 {digest}: a running server uses it" in told
    assert not any(digest in line for line in told if line.startswith("would remove"))
    servers.stop()
    told = lines(image(thaw, servers.state, "prune", "--dry-run", env=environment))
    assert not any(digest in line for line in told)
    (row,) = [line for line in lines(image(thaw, servers.state, "list", env=environment)) if line.endswith(digest)]
    assert f"{probe}:1" in row
