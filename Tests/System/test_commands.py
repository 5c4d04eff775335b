"""The commands that need no server."""

import json
import os
import subprocess

import pytest


def run(thaw, *arguments, **more):
    return subprocess.run([thaw, *arguments], capture_output=True, text=True, timeout=60, **more)


def test_doctor_finds_this_host_good_enough(thaw, base):
    done = run(thaw, "doctor", "--state-dir", base)
    assert done.returncode == 0, done.stdout
    assert "Thaw can be used here." in done.stdout


def test_doctor_tells_programs(thaw, base):
    done = run(thaw, "doctor", "--json", "--state-dir", base)
    checks = json.loads(done.stdout)
    levels = {check["name"]: check.get("isolation") for check in checks}
    assert {"user", "cgroups", "disk", "memory", "kernel"} <= {name for name in levels if levels[name] is None}
    assert {"virtualisation", "tun", "qemu-system-x86_64"} <= {name for name in levels if levels[name] == "microvm"}
    assert {"user namespaces", "seccomp", "ptrace", "process ids", "page scan", "erofs", "overlay"} <= {
        name for name in levels if levels[name] == "process"
    }
    for check in checks:
        assert check["status"] in ("good", "warning", "failed")
        assert check["found"]
        assert check["status"] == "good" or check["remedy"]


def test_doctor_says_what_an_ordinary_user_lacks(thaw, base):
    done = run(thaw, "doctor", "--json", "--state-dir", base, user=65534, group=65534, extra_groups=[])
    assert done.returncode == 1
    assert "root" in next(check for check in json.loads(done.stdout) if check["name"] == "user")["remedy"]


@pytest.mark.parametrize("level", ["microvm", "process"])
def test_doctor_looks_at_one_level(thaw, base, level):
    """A host that is good enough for both is so for each."""
    done = run(thaw, "doctor", "--isolation", level, "--state-dir", base)
    assert done.returncode == 0 and level in done.stdout.splitlines()[-1], done.stdout


def test_image_list(thaw, images):
    done = run(thaw, "image", "list", "--state-dir", images.parent)
    assert done.returncode == 0
    header, *rows = done.stdout.splitlines()
    assert header.split() == ["RUNTIME", "VERSION", "KERNEL", "DIGEST"]
    # Images that are no longer current stay for the snapshots taken on them.
    images_of_python = [row.split() for row in rows if row.startswith("python3.11 ")]
    assert images_of_python
    for row in images_of_python:
        assert row[1].startswith("python:3.11.v") and len(row[3]) == 64


def test_image_that_nobody_knows(thaw, images):
    done = run(thaw, "image", "build", "cobol85", "--state-dir", images.parent)
    assert done.returncode != 0
    assert "cobol85" in done.stderr and "python3.11" in done.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--port", "70000"], ["--port", "70000"]),
        (["--max-sandboxes", "0"], ["--max-sandboxes", "0"]),
        (["--isolation", "none"], ["isolation"]),
        (["--account", "1"], ["--account"]),
        (["--state-dir", "/proc/nowhere"], ["/proc/nowhere"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_serve_refuses_what_makes_no_sense(thaw, base, arguments, words):
    done = run(thaw, "serve", "--port", "0", *([] if "--state-dir" in arguments else ["--state-dir", base / "x"]), *arguments)
    assert done.returncode != 0
    assert all(word in done.stderr for word in words), done.stderr


def test_serve_needs_root(thaw, base):
    done = run(thaw, "serve", "--port", "0", "--state-dir", base / "y", user=65534, group=65534, extra_groups=[])
    assert done.returncode != 0
    assert "root" in done.stderr


def test_port_in_use(thaw, server):
    port = server.endpoint.rsplit(":", 1)[1]
    other = server.state.parent / "other"
    done = run(thaw, "serve", "--port", port, "--state-dir", other)
    assert done.returncode != 0
    assert port in done.stderr
    assert os.path.isdir(server.state)
