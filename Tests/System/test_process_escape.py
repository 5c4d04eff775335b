"""What a program tries in vain to get out of a sandbox that is a process: before the snapshot, and in its clones."""

import os
import pathlib
import socket

import pytest

import conftest
import lambdas
import programs
from test_isolation import own_addresses

pytestmark = pytest.mark.process

# What an attempt may come to; EPERM where nothing else is said.
NOT_THERE = {"ENOENT", "ENXIO"}
NOT_READABLE = {"EACCES", "EPERM", "EIO"}
NOT_WRITABLE = {"EACCES", "EPERM", "EROFS", "EINVAL"}
ERRORS = {
    "old_gate": {"SYS"},
    "old_abi": {"EPERM", "ENOSYS"},
    "new_user_namespace3": {"ENOSYS"},
    "dcookie": {"EPERM", "ENOSYS"},
    "trace_me": {"EPERM"},
    "become_root": {"EPERM", "EINVAL"},
    "become_another": {"EPERM", "EINVAL"},
    "become_root_group": {"EPERM", "EINVAL"},
    "give_away": {"EPERM", "EINVAL"},
    "join_groups": {"EPERM", "EINVAL"},
    "trusted_attribute": {"EPERM", "EOPNOTSUPP"},
    "lower_nice": {"EACCES", "EPERM"},
    "allow_new_privileges": {"EINVAL"},
    "move_memory_map": {"EPERM"},
    "never_out_of_memory": NOT_WRITABLE,
    "shadow": NOT_THERE | NOT_READABLE,
    "memory_of_init": NOT_READABLE,
    "environment_of_init": NOT_READABLE,
    "root_of_init": NOT_READABLE | NOT_THERE,
    "maps_of_init": NOT_READABLE | NOT_THERE,
    **{name: NOT_THERE | NOT_READABLE for name in (
        "kernel_core", "kernel_messages", "device_memory", "device_kvm", "device_fuse", "device_loop", "device_disk",
        "device_tun")},
    **{name: NOT_THERE | NOT_WRITABLE for name in (
        "system_request", "kernel_setting", "network_setting", "map_users", "map_groups", "time_offsets", "base_image",
        "join_cgroup", "write_system")},
    "code_image": NOT_WRITABLE | {"ETXTBSY"},
    "own_program": NOT_WRITABLE | {"ETXTBSY"},
    "enter_init": NOT_READABLE,
    "signal_others": {"ESRCH"},
    "list_others": NOT_THERE,
    "host_file": NOT_THERE,
    "reach": {"ENETUNREACH", "EHOSTUNREACH", "ECONNREFUSED"},
    "reach_slots": {"ENETUNREACH"},
    "by_handle": {"EPERM"},
}

DEVICES = {
    "fd", "full", "null", "ptmx", "pts", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero",
}


@pytest.fixture(scope="module")
def escape(servers, base):
    """What the program told, in two invocations of a clone."""
    server = servers.running()
    executable = programs.build(pathlib.Path(server.thaw).parent.parent.parent / "states", ["escape"])["escape"]
    host_file = base / "readable"
    host_file.write_text("of the host")
    for directory in [host_file, *host_file.parents]:
        if directory == base.parent:
            break
        os.chmod(directory, 0o755)
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        addresses = ["127.0.0.1", *own_addresses(), "169.254.169.254", "169.254.0.22", "192.0.2.1"]
        server.client.create_function(
            FunctionName="escape", Code={"ZipFile": programs.archive(executable)}, Runtime="provided.al2023",
            Role=lambdas.ROLE, Handler="escape", MemorySize=512, Timeout=60, SnapStart={"ApplyOn": "PublishedVersions"},
            Environment={"Variables": {
                "HOST_FILE": str(host_file), "PLACES": " ".join(f"{address}:{port}" for address in addresses)}},
        )
        conftest.until_done(server.client, "function_active_v2", FunctionName="escape")
        conftest.publish(server.client, "escape")
        answers = [server.invoke("escape", {})[0] for _ in range(2)]
        yield answers
    server.client.delete_function(FunctionName="escape")


def attempts(text):
    return dict(each.split("=") for each in text.split())


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_attempt_is_denied(escape, when):
    for answer in escape:
        assert answer["ok"], answer["why"]
        found = attempts(answer[when])
        assert len(found) > 100
        wrong = {name: error for name, error in found.items() if error not in ERRORS.get(name, {"EPERM"})}
        assert not wrong


def test_a_clone_is_denied_what_its_source_was(escape):
    for answer in escape:
        assert attempts(answer["before"]) == attempts(answer["after"])


def test_no_thread_has_any_right(escape):
    for answer in escape:
        threads = [text for name, text in answer.items() if name.startswith("thread")]
        assert len(threads) == 4
        for thread in threads:
            fields = dict(each.split("=") for each in thread.rstrip(";").split(";"))
            assert fields["Uid"].split() == ["993"] * 4 and fields["Gid"].split() == ["990"] * 4
            assert fields["Groups"].strip() in ("", "990")
            assert {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
            assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"


def test_no_other_process_and_no_device_is_there(escape):
    for answer in escape:
        assert answer["processes"].split() == ["1", answer["id"]]
        assert set(answer["devices"].split()) <= DEVICES
