"""The package, and Debian roots to install it in.

A root is made once for each release and each set of dependencies, with the packages that it will need downloaded and not
installed: after that the tests use no network.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
CACHE = TOP / ".build/package"
RELEASES = ["bookworm", "trixie"]


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root: packages are installed in roots of their own"))


@pytest.fixture(scope="session")
def package():
    made = subprocess.run([TOP / "packaging/package"], cwd=TOP, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return pathlib.Path(made.stdout.splitlines()[-1])


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module", params=RELEASES)
def machine(request, package):
    with Machine(base_root(request.param, package)) as machine:
        machine.give(package, "/thaw.deb")
        yield machine


def base_root(release, package):
    """A root of `release` with what the package depends on in apt's cache."""
    recipe = f"{release} {field(package, 'Depends')} {pathlib.Path(__file__).read_text()}"
    root = CACHE / "roots" / f"{release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if root.is_dir():
        return root
    for old in root.parent.glob(f"{release}-*"):
        shutil.rmtree(old)
    root.parent.mkdir(parents=True, exist_ok=True)
    new = root.with_suffix(".new")
    download = 'chroot "$1" apt-get --quiet --yes --no-install-recommends --download-only install /thaw.deb'
    command = [
        "mmdebstrap", "--mode=root", "--variant=apt", "--skip=cleanup/apt", f"--customize-hook=cp {package} $1/thaw.deb",
        f"--customize-hook={download}", release, new,
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    new.rename(root)
    return root


class Machine:
    """A root that can be written to and is thrown away, in namespaces of its own for each command."""

    MOUNTS = """
        mount -t overlay overlay -o lowerdir="$1",upperdir="$2/upper",workdir="$2/work" "$2/root"
        mount -t proc proc "$2/root/proc"
        mount --rbind /sys "$2/root/sys"
        mount --rbind /dev "$2/root/dev"
        mount -t tmpfs tmpfs "$2/root/run"
        ip link set lo up
        root=$2/root bind=$3
        shift 3
        if [ -n "$bind" ]; then mount --bind "$root/${bind%:*}" "$root/${bind#*:}"; fi
        exec chroot "$root" "$@"
    """

    def __init__(self, base):
        self.base = base
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=CACHE))
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def give(self, source, path):
        shutil.copy(source, self.directory / "upper" / path.lstrip("/"))

    def run(self, *command, check=True, bind=""):
        """Runs a command as root in there. `bind`: what is mounted on what for it, as FROM:TO."""
        inside = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-ec", self.MOUNTS, "sh"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [*inside, self.base, self.directory, bind, *command], env=environment, stdin=subprocess.DEVNULL, text=True,
            capture_output=True)  # fmt: skip
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done

    def shell(self, script, **options):
        return self.run("sh", "-ec", script, **options).stdout
