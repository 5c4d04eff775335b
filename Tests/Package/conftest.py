"""The package, and Debian roots to install it in.

A root is made once for each release and each set of dependencies, with the packages that it will need downloaded and not
installed: after that the tests use no network.
"""
import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
CACHE = TOP / ".build/package"
RELEASES = ["bookworm", "trixie"]
IMAGES = os.environ.get("THAW_TEST_IMAGES")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
NAMESPACES = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"]


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


DOWNLOAD = 'chroot "$1" apt-get --quiet --yes --no-install-recommends --download-only install /thaw.deb'


def base_root(release, package):
    """A root of `release` with what the package depends on in apt's cache."""
    recipe = f"{release} {field(package, 'Depends')} {DOWNLOAD}"
    root = CACHE / "roots" / f"{release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if root.is_dir():
        return root
    for old in root.parent.glob(f"{release}-*"):
        shutil.rmtree(old)
    root.parent.mkdir(parents=True, exist_ok=True)
    new = root.with_suffix(".new")
    command = [
        "mmdebstrap", "--mode=root", "--variant=apt", "--skip=cleanup/apt", f"--customize-hook=cp {package} $1/thaw.deb",
        f"--customize-hook={DOWNLOAD}", release, new,
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    new.rename(root)
    return root


@pytest.fixture
def volume():
    """A state directory that holds the tests' base images."""
    if not IMAGES:
        pytest.skip("needs base images: THAW_TEST_IMAGES")
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        shutil.copytree(IMAGES, pathlib.Path(directory, "images"), symlinks=True, copy_function=link_or_copy)
        yield directory


def link_or_copy(source, target):
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


class Server:
    def __init__(self, process):
        self.process = process

    @property
    def pid(self):
        """The first process of its namespaces, as the host numbers it."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def client(self):
        command = ["nsenter", "--target", str(self.pid), "--net", sys.executable, TOP / "Tests/Package/client.py"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        return done.stdout + done.stderr


@contextlib.contextmanager
def serving(command):
    """A server that runs until it is asked to stop, which it has to do well."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        said = []
        too_long = threading.Timer(300, process.kill)
        too_long.start()
        try:
            for line in process.stderr:
                said.append(line)
                if "serving http" in line:
                    break
            assert said and "serving http" in said[-1], "".join(said)
            server = Server(process)
            yield server
            os.kill(server.pid, signal.SIGTERM)
            said += process.stderr.readlines()
            assert process.wait(timeout=60) == 0, "".join(said)
        finally:
            too_long.cancel()
            process.kill()
            sys.stderr.write("".join(said))


class Machine:
    """A root that can be written to and is thrown away, in namespaces of its own for each command.

    A plain chroot would not do: in one nobody can make user namespaces. The host's root stays at /mnt.
    """

    MOUNTS = """
        mount -t overlay overlay -o lowerdir="$1",upperdir="$2/upper",workdir="$2/work" "$2/root"
        mount -t proc proc "$2/root/proc"
        mount --rbind /sys "$2/root/sys"
        mount --rbind /dev "$2/root/dev"
        mount -t tmpfs tmpfs "$2/root/run"
        ip link set lo up
        root=$2/root bind=$3
        shift 3
        if [ -n "$bind" ]; then mkdir -p "$root/${bind#*:}"; mount --bind "${bind%:*}" "$root/${bind#*:}"; fi
        cd "$root"
        pivot_root . mnt
        exec chroot . "$@"
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

    def command(self, *command, bind=""):
        """`command` as root in there. `bind`: what of the host is mounted on what for it, as FROM:TO."""
        return [*NAMESPACES, "sh", "-ec", self.MOUNTS, "sh", self.base, self.directory, bind, *command]

    def run(self, *command, check=True, bind=""):
        done = subprocess.run(
            self.command(*command, bind=bind), env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True, capture_output=True)
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done

    def shell(self, script, **options):
        return self.run("sh", "-ec", script, **options).stdout
