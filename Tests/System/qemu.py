"""QEMU as other hosts have it: another release's, or a program in its place that does not do what QEMU does."""

import fcntl
import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OWN = "/usr/bin/qemu-system-x86_64"
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")

# What mmdebstrap is told about each release of Debian beside its own. All of their QEMUs boot, freeze and clone.
BACKPORTED = ("qemu-system-x86", "qemu-system-common", "qemu-system-data", "seabios")
RELEASES = {
    "bookworm-backports": (
        "--include=" + ",".join(f"{name}/bookworm-backports" for name in BACKPORTED),
        """--setup-hook=sed -i '/ bookworm main/{p;s/bookworm/bookworm-backports/}' "$1/etc/apt/sources.list" """,
        "bookworm",
    ),
    "trixie": ("--include=qemu-system-x86", "trixie"),
    # A mirror may stand still for longer than a list of sid is valid.
    "sid": ("--include=qemu-system-x86", '--aptopt=Acquire::Check-Valid-Until "false"', "sid"),
}


def in_place(script, *bound):
    """A command that runs the command it is given where QEMU is `script`, for /bin/sh; the host's own is /usr/src/qemu there.
    `bound` are directories that show below /usr/src by their names."""
    setup = """
        set -e
        mount -t tmpfs sources /usr/src
        touch /usr/src/qemu
        mount --bind "$QEMU" /usr/src/qemu
        for directory; do
            [ "$directory" != -- ] || break
            mkdir "/usr/src/${directory##*/}"
            mount --bind "$directory" "/usr/src/${directory##*/}"
            shift
        done
        shift
        printf '#!/bin/sh\\n%s\\n' "$SCRIPT" >/usr/src/script
        chmod 755 /usr/src/script
        mount --bind /usr/src/script "$QEMU"
        exec "$@"
    """
    return [
        "unshare", "--mount", "env", f"QEMU={OWN}", f"SCRIPT={script}", "sh", "-c", setup, "sh", *map(str, bound), "--",
    ]  # fmt: skip


def release(name):
    """The same with the QEMU of a release of Debian, which has its own libraries and firmware."""
    tree = _tree(name)
    inside = f"/usr/src/{tree.name}"
    loader = next(path for path in LIBRARIES if (tree / path / "ld-linux-x86-64.so.2").exists())
    libraries = ":".join(f"{inside}/{path}" for path in LIBRARIES)
    command = [
        f"{inside}/{loader}/ld-linux-x86-64.so.2", "--library-path", libraries, f"{inside}{OWN}",
        "-L", f"{inside}/usr/share/qemu", "-L", f"{inside}/usr/share/seabios",
    ]  # fmt: skip
    script = f'QEMU_MODULE_DIR={inside}/{LIBRARIES[0]}/qemu exec {shlex.join(command)} "$@"'
    return in_place(script, tree)


class NotInstallable(Exception):
    """The release has no QEMU that can be unpacked today."""


def _tree(name):
    """Unpacked once, and kept: remove the directory to have a newer one."""
    kept = ROOT / ".build/qemu"
    kept.mkdir(parents=True, exist_ok=True)
    tree = kept / name
    with open(kept / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (tree / "complete").exists():
            subprocess.run(["rm", "-rf", "--one-file-system", tree], check=True)
            *options, suite = RELEASES[name]
            done = subprocess.run(
                [
                    "mmdebstrap", "--variant=extract", "--mode=root", "--architectures=amd64",
                    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", *options, suite, tree,
                ],
                capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode:
                raise NotInstallable(done.stderr[-2000:])
            (tree / "complete").touch()
    return tree
