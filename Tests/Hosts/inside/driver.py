"""Runs on a host, as root: installs the package without a network, starts it as systemd does, and does what people do."""

import json
import os
import pathlib
import subprocess
import sys
import time

import host
import namespaces
import slots
import traces
from level import Level
from report import Report, need
from service import Service, run

LEVELS = {"microvm", "process"}
KVM = pathlib.Path("/dev/kvm")
FIRECRACKER = pathlib.Path("firecracker").absolute()
# Kept by the guest's kernel, whatever runs it.
LIMITS = {"memory has a limit", "processes have a limit", "time has a limit"}
# Here everything is slower than on a host that is no emulation itself.
PATIENCE = {"init_limit": 180, "restore_limit": 100}


class HereNamespace(namespaces.Namespace):
    """The host's own network."""

    def __init__(self):
        self.descriptor = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class World(namespaces.World):
    def __init__(self):
        super().__init__(HereNamespace(), card="eth0")
        self.outside, self.station = f"{self.OUTSIDE}:80", f"{self.STATION}:80"


class Driver:
    def __init__(self, report):
        self.report = report
        self.service = Service()
        self.promised = []
        self.levels = []
        self.before = None

    def run(self):
        check = self.report.check
        if not check("install", self.install):
            return
        self.world = World()
        check("doctor", self.doctor)
        check("virtual network", self.create_network)
        self.before = traces.now()
        if check("start", self.service.start):
            for name in self.promised:
                level = Level(name, self.service, self.world)
                self.levels.append(level)
                for what, body, deadline in level.checks():
                    check(what, body, level=name, deadline=deadline)
            check("kill -9 and restart", self.kill)
        check("stop leaves nothing", self.stop)
        check("doctor, /dev/kvm 0600", self.doctor_without_group)
        if check("start again", self.service.start):
            for level in self.levels:
                check("clone, /dev/kvm 0600", self.works, level, level=level.name)
        check("stop again", self.stop)
        if FIRECRACKER.exists():
            self.firecracker()
        check("500 slots", slots.build, 500, deadline=180)
        check("500 slots leave nothing", self.nothing_left)
        check("remove", self.remove)

    def install(self):
        (package,) = pathlib.Path().glob("*.deb")
        run("apt-get", "install", "--yes", "--no-install-recommends", f"./{package}")
        assert not self.service.pid, "the package starts a server"
        self.service.configure(name_server=namespaces.World.OUTSIDE, **PATIENCE)
        return run("thaw", "--version").strip()

    def doctor(self):
        done = subprocess.run(["thaw", "doctor", "--json"], capture_output=True, text=True, timeout=60)
        checks = json.loads(done.stdout)
        failed = {check.get("isolation") for check in checks if check["status"] == "failed"}
        self.promised = [level for level in sorted(LEVELS) if not {None, level} & failed]
        assert (done.returncode == 0) == bool(self.promised), done.returncode
        wrong = [f"{check['name']}: {check['found']}" for check in checks if check["status"] == "failed"]
        assert set(self.promised) == LEVELS, f"promises {self.promised}; {'; '.join(wrong)}"
        return f"promises {', '.join(self.promised)}"

    def create_network(self):
        world = self.world
        run("thaw", "network", "create", "red", "--vni", str(world.NETWORKS["red"]), "--subnet", world.SUBNET,
            "--endpoint", f"{world.OUTSIDE},{world.SUBNET},{world.MAC}", "--addresses", "10.0.0.128-10.0.0.191")  # fmt: skip

    def firecracker(self):
        """The same with machines of the other kind, as far as the kind makes a difference."""
        self.service.configure(vmm="firecracker", firecracker=FIRECRACKER)
        check, label = self.report.check, "firecracker"
        if check("start", self.service.start, level=label):
            level = Level("microvm", self.service, self.world, function="everything-firecracker")
            for what, body, deadline in level.checks():
                if what not in LIMITS:
                    check(what, body, level=label, deadline=deadline)
            check("machines", self.are_firecrackers, level, level=label)
        check("stop leaves nothing", self.stop, level=label)

    @staticmethod
    def are_firecrackers(level):
        names = {host.status(pid, "Name")[0] for pid in level.sandboxes()}
        assert names == {"firecracker"}, names

    def works(self, level):
        need(level.version, "version")
        level.still_works()
        assert level.sandboxes(), f"no sandbox is a {level.name}"

    def kill(self):
        pid = self.service.pid
        sandboxes = set().union(*(level.sandboxes() for level in self.levels))
        self.service.kill()
        assert not host.gone({pid} | sandboxes), "sandboxes outlive their server"
        host.until(lambda: self.service.pid not in (pid, None), what="the restart")
        self.service.answers()
        for level in self.levels:
            self.works(level)

    def stop(self):
        self.service.stop()
        return self.nothing_left()

    def nothing_left(self):
        need(self.before, "comparison")
        deadline = time.monotonic() + 10
        while left := traces.now() - self.before:
            assert time.monotonic() < deadline, "left: " + "; ".join(sorted(left))
            time.sleep(0.5)

    def doctor_without_group(self):
        """As in containers and where there is no udev."""
        KVM.chmod(0o600)
        os.chown(KVM, 0, 0)
        return self.doctor()

    def remove(self):
        run("apt-get", "remove", "--yes", "thaw")
        assert not pathlib.Path("/usr/bin/thaw").exists()
        assert pathlib.Path("/var/lib/thaw/thaw.db").exists(), "the state is gone"


Driver(Report("results")).run()
sys.exit(0)
