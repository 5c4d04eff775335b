"""The container image, and a server in it: its first process and all."""
import hashlib
import json
import pathlib
import subprocess
import tarfile
import tempfile

import pytest

from conftest import CACHE, NAMESPACES, TOP, serving

# Into the image's root as a container's runtime goes.
START = """
    mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount --rbind /sys "$1/sys"
    mount --rbind /dev "$1/dev"
    mount --bind "$2" "$1/var/lib/thaw"
    ip link set lo up
    cd "$1"
    pivot_root . mnt
    exec chroot . tini -- thaw serve --isolation process
"""


@pytest.fixture(scope="module")
def archive(package):
    made = subprocess.run([TOP / "packaging/oci-image", package], cwd=TOP, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return pathlib.Path(made.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def contents(archive):
    """The members of the archive, with the digests of blobs compared with their names."""
    blobs = {}
    with tarfile.open(archive) as file:
        for member in file:
            content = file.extractfile(member)
            if member.name.startswith("blobs/sha256/"):
                digest = hashlib.file_digest(content, "sha256").hexdigest()
                assert member.name == f"blobs/sha256/{digest}"
                content.seek(0)
            if member.size < 1 << 20:
                blobs[member.name] = json.loads(content.read())
    return blobs


def blob(contents, descriptor):
    return contents["blobs/" + descriptor["digest"].replace(":", "/")]


def test_the_archive_is_an_image_layout(contents):
    assert contents["oci-layout"] == {"imageLayoutVersion": "1.0.0"}
    (manifest,) = [blob(contents, each) for each in contents["index.json"]["manifests"]]
    config = blob(contents, manifest["config"])
    assert len(manifest["layers"]) == len(config["rootfs"]["diff_ids"]) == 2
    assert config["config"]["Entrypoint"] == ["/usr/bin/tini", "--", "/usr/bin/thaw"]
    assert config["config"]["Volumes"] == {"/var/lib/thaw": {}}


def test_the_archive_is_one_that_older_dockers_load(contents):
    (image,) = contents["manifest.json"]
    assert "thaw:latest" in image["RepoTags"]
    assert contents[image["Config"]]["os"] == "linux"
    (manifest,) = [blob(contents, each) for each in contents["index.json"]["manifests"]]
    assert image["Layers"] == ["blobs/" + each["digest"].replace(":", "/") for each in manifest["layers"]]


@pytest.fixture
def root(archive):
    """The image unpacked."""
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        root = pathlib.Path(directory, "root")
        root.mkdir()
        with tarfile.open(archive) as file:
            (image,) = json.load(file.extractfile("manifest.json"))
            for layer in image["Layers"]:
                unpack = ["tar", "--extract", "--gzip", "--directory", root]
                subprocess.run(unpack, input=file.extractfile(layer).read(), check=True)
        yield root


def test_a_server_in_it_answers_and_stops_at_a_signal(root, volume):
    command = [*NAMESPACES, "sh", "-ec", START, "sh", root, volume]
    with serving(command) as server:
        # For whom the port is published.
        assert "00000000:2328" in pathlib.Path(f"/proc/{server.pid}/net/tcp").read_text()
        assert server.client() == "answered\n"
