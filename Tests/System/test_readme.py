"""README's first function, typed in as it stands there, with the AWS command line of PyPI (version 1) and of Debian (2)."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import documents
import namespaces
import serving
from conftest import ROOT

pytestmark = pytest.mark.process


def pypi(_):
    return pathlib.Path(sys.executable).parent


def debian(cache):
    """Debian's own, unpacked beside the build instead of installed."""
    wrapper = cache / "bin/aws"
    if not wrapper.exists():
        archives = cache / "archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            ["apt-get", "install", "--yes", "--download-only", "--no-install-recommends",
             "-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=1", "awscli"],
            capture_output=True, text=True,
        )  # fmt: skip
        if fetched.returncode:
            pytest.skip(f"apt has no awscli here: {fetched.stderr.strip().splitlines()[-1:]}")
        for package in archives.glob("*.deb"):
            subprocess.run(["dpkg", "--extract", package, cache / "root"], check=True)
        program = cache / "root/usr/bin/aws"
        if not program.exists():
            program = pathlib.Path("/usr/bin/aws")  # It is installed.
        wrapper.parent.mkdir(exist_ok=True)
        modules = cache / "root/usr/lib/python3/dist-packages"
        wrapper.write_text(f'#!/bin/sh\nPYTHONPATH={modules} exec /usr/bin/python3 {program} "$@"\n')
        wrapper.chmod(0o755)
    return wrapper.parent


@pytest.fixture
def network():
    """With README's port free, whatever else runs on this machine."""
    namespace = namespaces.Namespace()
    yield namespace
    namespace.close()


@pytest.mark.parametrize("client, version", [(pypi, "aws-cli/1."), (debian, "aws-cli/2.")], ids=["pypi", "debian"])
def test_first_function(thaw, base, images, isolation, network, tmp_path, client, version):
    tools = client(ROOT / ".build/awscli-debian")
    state = serving.new_state(images, base / f"readme-{client.__name__}")
    environment = {
        "PATH": f"{tools}:{pathlib.Path(thaw).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        # As on a machine that has never seen AWS: no configuration, no credentials.
        "HOME": str(tmp_path),
        "THAW_STATE_DIR": str(state),
    }
    told = subprocess.run(["aws", "--version"], env=environment, capture_output=True, text=True, check=True)
    assert (told.stdout + told.stderr).startswith(version)
    with network.entered():
        server = serving.Server(thaw, state, isolation, "--port", "9000")
        try:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", documents.block("Your first function")],
                cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
            )  # fmt: skip
        finally:
            assert server.stop() == 0
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "out.json").read_text())["hello"] == "Ada"
    assert '"ExecutedVersion": "1"' in done.stdout
    assert "RESTORE_START" in done.stdout and "REPORT RequestId" in done.stdout
    assert sorted(os.listdir(tmp_path)) == ["app.py", "event.json", "function.zip", "out.json"]


def test_install_block_names_what_there_is(thaw):
    """The steps that need a machine of their own are run by Tests/Hosts; here: their commands exist."""
    commands = [line.split("#")[0].split() for line in documents.block("Install").splitlines()]
    assert [command[0] for command in commands] == ["apt", "thaw", "thaw", "systemctl"]
    for command in commands:
        if command[0] == "thaw":
            words = command[1:3] if command[1] == "image" else command[1:2]
            subprocess.run([thaw, *words, "--help"], check=True, stdout=subprocess.DEVNULL)
