"""What function code, and the QEMU around it, can reach."""

import os
import pathlib
import select
import socket

import pytest

import host

METADATA = "169.254.169.254:80"
GATEWAY = "169.254.0.22:9000"
GATEWAY_IN_HEXADECIMAL = "1600FEA9"  # as /proc/net/route has it


def own_addresses():
    """An address of this host that packets to elsewhere would carry, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 53))
            return [probe.getsockname()[0]]
        except OSError:
            return []


@pytest.fixture(scope="module")
def inside(servers, probe):
    """What a function told; in "arrived", what got out of its sandbox to this host."""
    server = servers.running()
    paths = ["/made", "/etc/made", "/var/task/made", "/usr/made", "/var/runtime/made", "/tmp/made"]
    with socket.create_server(("0.0.0.0", 0)) as connections, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        port = connections.getsockname()[1]
        datagrams.bind(("0.0.0.0", port))
        own = [f"{address}:{port}" for address in ("127.0.0.1", *own_addresses())]
        places = ["192.0.2.1:80", METADATA, GATEWAY, *own]
        payload, response = server.invoke(probe, {"do": "inside", "places": places, "paths": paths})
        assert "FunctionError" not in response, payload
        payload["arrived"] = [name for name, one in {"connection": connections, "datagram": datagrams}.items()
                              if select.select([one], [], [], 0.2)[0]]
    return payload


def test_function_code_is_an_unprivileged_user(inside):
    assert inside["ids"][:2] == [[993] * 3, [990] * 3]
    assert 0 not in inside["ids"][2]
    assert inside["become_root"] == "EPERM"
    assert inside["owners"] == dict.fromkeys(["/", "/var/task", "/opt", "/var/runtime", "/tmp"], "root:root")
    status = dict(line.split(":\t", 1) for line in inside["status"].splitlines() if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert int(status["CapBnd"], 16) == 0 or status["NoNewPrivs"] == "1"


def test_nothing_but_tmp_can_be_written(inside):
    assert inside["write"].pop("/tmp/made") is None
    assert set(inside["write"].values()) <= {"EROFS", "EACCES"}, inside["write"]
    assert inside["mount_points"] == {"/": True, "/var/task": True, "/tmp": True}
    mounts = {line.split()[1]: line.split() for line in inside["mounts"].splitlines()}
    for path in ("/", "/var/task"):
        assert mounts[path][2] == "erofs" and "ro" in mounts[path][3].split(",")


def test_no_network_but_loopback(inside):
    """Connections are refused at once, wherever they lead. A datagram may seem to be sent; it does not arrive."""
    assert set(inside["reach"].values()) == {"ECONNREFUSED"}, inside["reach"]
    assert set(inside["send"].values()) <= {None, "ENETUNREACH", "ECONNREFUSED"}, inside["send"]
    assert not inside["arrived"]
    routes = [line.split() for line in inside["routes"].splitlines()[1:]]
    (default,) = [route for route in routes if route[1] == "00000000"]
    assert default[0] == "eth0" and default[2] == GATEWAY_IN_HEXADECIMAL, routes


@pytest.fixture
def machine(server, probe):
    """The process that a sandbox is: a virtual machine, or a runtime."""
    server.works(probe)
    return sorted(server.machines())[0]


def test_sandbox_has_no_rights(machine):
    user, *_ = host.status(machine, "Uid")
    assert int(user) > 1_000_000
    for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
        assert int(host.status(machine, name)[0], 16) == 0, name
    assert host.status(machine, "NoNewPrivs") == ["1"]
    assert host.status(machine, "Seccomp") == ["2"]


def test_sandbox_is_alone_in_its_namespaces(machine, server, isolation):
    namespaces = {"mnt", "pid", "net", "ipc", "uts"} | ({"user"} if isolation == "process" else set())
    for name in namespaces:
        assert os.readlink(f"/proc/{machine}/ns/{name}") != os.readlink(f"/proc/{server.pid}/ns/{name}"), name
    devices = pathlib.Path(f"/proc/{machine}/net/dev").read_text().splitlines()[2:]
    assert {line.split(":")[0].strip() for line in devices} == {"lo", "eth0", "tap0"}
    # Into its slot, and to whatever the slot lets through.
    routes = [line.split() for line in pathlib.Path(f"/proc/{machine}/net/route").read_text().splitlines()[1:]]
    assert {route[0] for route in routes} == {"eth0"}
    assert {route[2] for route in routes} <= {"00000000", GATEWAY_IN_HEXADECIMAL}


def test_sandbox_sees_no_file_of_the_host(machine, server, isolation):
    root = pathlib.Path(f"/proc/{machine}/root")
    assert not (root / str(server.state).lstrip("/")).exists()
    if isolation == "microvm":
        assert {entry.name for entry in root.iterdir()} <= {"usr", "lib", "lib64", "bin", "sbin", "etc", "dev", "proc"}
        assert {entry.name for entry in (root / "etc").iterdir()} == {"ld.so.cache"}
    else:
        assert root.stat().st_dev != os.stat("/").st_dev


def test_sandbox_is_in_a_cgroup_with_limits(machine):
    directories = host.cgroups([machine])
    assert directories
    limits = {}
    for directory in directories:
        for name in ("memory.max", "memory.limit_in_bytes", "pids.max"):
            if (directory / name).exists():
                limits[name.partition(".")[0]] = (directory / name).read_text().strip()
    assert int(limits["memory"]) < 1 << 30
    assert int(limits["pids"]) < 2000
