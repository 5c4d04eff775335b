"""Hosts as people have them: Debian with its own kernel and real hardware KVM, in a machine that QEMU emulates, slowly."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclasses.dataclass(frozen=True)
class Kind:
    """A root file system of `root`, and one of the kernels in it."""

    root: str
    kernel: str


# In an order in which two at once are not made to wait for one root.
KINDS = {
    "debian12-6.1": Kind("debian12", "6.1"),
    "debian13-6.12": Kind("debian13", "6.12"),
    "debian12-6.12": Kind("debian12", "6.12"),
}


def root_of(kind):
    """The directory of a root, which is made when it is not there."""
    made = subprocess.run([HERE / "root", kind.root], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(made.stdout.strip())


@contextlib.contextmanager
def state_disk(images):
    """A disk that holds a state directory with base images and nothing else."""
    with tempfile.TemporaryDirectory(prefix="state.", dir=scratch()) as directory:
        tree, disk = pathlib.Path(directory, "tree"), pathlib.Path(directory, "disk.img")
        tree.mkdir()
        if subprocess.run(["cp", "-al", images, tree / "images"], stderr=subprocess.DEVNULL).returncode != 0:
            # They are on another file system.
            shutil.rmtree(tree / "images", ignore_errors=True)
            subprocess.run(["cp", "-a", "--sparse=always", images, tree / "images"], check=True)
        with disk.open("xb") as file:
            file.truncate(12 << 30)
        subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", "-d", tree, disk], check=True)
        yield disk


def scratch():
    (ROOT / ".build").mkdir(exist_ok=True)
    return ROOT / ".build"


class Stopped(Exception):
    """The machine crashed or hung as a whole: nothing in it ran any more."""


# What each job does beside its work, so that a machine that stands still can be told from a job that does.
BEATING = "(while sleep 5; do : >beat; done) &\n"
SILENCE = 150


class Watch(threading.Thread):
    """Kills a machine that stands still, or whose time is over."""

    def __init__(self, process, beat, deadline):
        super().__init__(daemon=True)
        self.is_silent = self.is_late = False
        self._process = process
        self._beat = beat
        self._began = time.time()
        self._deadline = deadline
        self._ended = threading.Event()
        self.start()

    def end(self):
        self._ended.set()
        self.join()

    def run(self):
        while not self._ended.wait(5):
            now = time.time()
            last = self._beat.stat().st_mtime if self._beat.exists() else self._began
            self.is_silent = now - last > SILENCE
            self.is_late = not self.is_silent and now - self._began > self._deadline
            if self.is_silent or self.is_late:
                self._process.kill()
                return


class Host:
    """One boot of a host, over its root as it was made: whatever it writes is gone when it ends."""

    def __init__(self, kind, memory=4096, state=None):
        """`state` is a disk for /var/lib/thaw; it stays as it is, too."""
        self.kind = kind
        self.memory = memory
        self.state = state
        self._scratch = contextlib.ExitStack()
        self.share = pathlib.Path(self._scratch.enter_context(tempfile.TemporaryDirectory(prefix="host.", dir=scratch())))
        self.console = self.share.parent / f"{self.share.name}.console"
        self._scratch.callback(self.console.unlink, missing_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._scratch.close()

    def put(self, path):
        """Copies a file or a directory to where the job runs; its name there is its own."""
        path = pathlib.Path(path).resolve()
        if path.is_dir():
            shutil.copytree(path, self.share / path.name, symlinks=True)
        else:
            shutil.copy2(path, self.share)

    def run(self, job, output, deadline):
        """Boots, runs a bash script as root beside what was put, and powers off. Each line it prints is given to `output`.

        Gives the script's exit status, None when it was not over at the deadline. Raises `Stopped` when the machine itself
        came to an end before: an emulated one does, now and then."""
        mount = "mkdir -p /var/lib/thaw\nmount /dev/vdb /var/lib/thaw\n" if self.state else ""
        (self.share / "job").write_text(BEATING + mount + job)
        process = subprocess.Popen(
            self._command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace",
            env={**os.environ, "TMPDIR": str(scratch())},
        )  # fmt: skip
        watch = Watch(process, self.share / "beat", deadline)
        try:
            for line in process.stdout:
                output(line.rstrip("\n"))
            process.wait()
        finally:
            watch.end()
            process.kill()
            process.wait()
        status = self.share / "status"
        if status.exists():
            return int(status.read_text())
        if watch.is_late:
            return None
        raise Stopped(f"its kernel was silent for {SILENCE} s" if watch.is_silent else "it ended by itself")

    def _command(self):
        root = root_of(self.kind)
        disks = [root / "disk.img", *([self.state] if self.state else [])]
        # Of hardware there is nothing but what a job asks for: looking for more takes ten seconds.
        kernel = (
            "console=ttyS0 quiet root=/dev/vda rw systemd.unit=job.service systemd.mask=systemd-udev-trigger.service "
            "net.ifnames=0 mitigations=off panic=-1 no_timer_check"
        )
        # One processor: Linux 6.12, which patches its own code while it runs, crashes on two emulated ones.
        return [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "q35,sata=off,smbus=off", "-accel", "tcg,tb-size=1024", "-smp", "1", "-m", str(self.memory),
            "-cpu", "max,vendor=AuthenticAMD,+svm,+npt",
            "-kernel", str(root / f"vmlinuz-{self.kind.kernel}"), "-initrd", str(root / f"initrd-{self.kind.kernel}"),
            "-append", kernel, "-serial", f"file:{self.console}", "-device", "virtio-rng-pci",
            *(word for disk in disks for word in ("-drive", f"file={disk},if=virtio,format=raw,snapshot=on,cache=unsafe")),
            "-virtfs", f"local,path={self.share},mount_tag=share,security_model=none",
            "-device", "virtio-serial-pci", "-chardev", "file,id=output,path=/dev/stdout",
            "-device", "virtserialport,chardev=output,name=output",
        ]  # fmt: skip
