"""The commands that need no server."""

import json
import os
import re
import subprocess

import pytest

import host
import serving


def run(thaw, *arguments, **more):
    return subprocess.run([thaw, *arguments], capture_output=True, text=True, timeout=60, **more)


def test_doctor_finds_this_host_good_enough(thaw, base):
    done = run(thaw, "doctor", "--state-dir", base)
    assert done.returncode == 0, done.stdout
    assert "Thaw can be used here." in done.stdout


def test_doctor_tells_what_it_tried(thaw, base):
    done = run(thaw, "doctor", "--json", "--state-dir", base)
    checks = json.loads(done.stdout)
    levels = {check["name"]: check.get("isolation") for check in checks}
    assert {"user", "cgroups", "disk", "memory", "kernel", "network slots"} <= {
        name for name in levels if levels[name] is None
    }
    assert {"virtualisation", "tun", "qemu"} <= {name for name in levels if levels[name] == "microvm"}
    assert {"image files", "sandboxes", "freezing", "clones"} <= {name for name in levels if levels[name] == "process"}
    for check in checks:
        assert check["status"] in ("good", "warning", "failed")
        assert check["found"]
        assert check["status"] == "good" or check["remedy"]


def test_doctor_tells_an_ordinary_user_one_thing(thaw, base):
    """What only root may try is neither promised nor found wanting."""
    ordinary = {"user": 65534, "group": 65534, "extra_groups": []}
    done = run(thaw, "doctor", "--json", "--state-dir", base, **ordinary)
    assert done.returncode == 1
    (check,) = json.loads(done.stdout)
    assert check["name"] == "user" and check["status"] == "failed" and "root" in check["remedy"]
    done = run(thaw, "doctor", "--state-dir", base, **ordinary)
    assert done.returncode == 1
    assert len([line for line in done.stdout.splitlines() if line.startswith("- ")]) == 1
    assert "can be used" not in done.stdout and "cannot be used" not in done.stdout


def test_doctor_leaves_nothing(thaw, base):
    mounts, networks, files = host.mounts(), host.networks(), host.files(base)
    run(thaw, "doctor", "--state-dir", base)
    assert host.mounts() <= mounts and host.networks() <= networks and host.files(base) <= files


def test_doctor_tells_what_a_server_would_do(thaw, base, tmp_path):
    """Of its options, given or configured."""
    configuration = tmp_path / "thaw.conf"
    configuration.write_text(f"state-dir = {base}\nisolation = process\nslot-layout = bridged\negress = none\n")
    done = run(thaw, "doctor", "--config", configuration)
    assert done.returncode == 0, done.stdout
    assert "A server would use isolation process: as asked for." in done.stdout
    assert "nft" not in done.stdout and "name server" not in done.stdout
    done = run(thaw, "doctor", "--config", configuration, "--max-sandboxes", "9", "--slots", "1")
    assert done.returncode == 1 and "1 network slots are too few" in done.stderr


@pytest.mark.parametrize("level", ["microvm", "process"])
def test_doctor_looks_at_one_level(thaw, base, level):
    """A host that is good enough for both is so for each."""
    done = run(thaw, "doctor", "--isolation", level, "--state-dir", base)
    assert done.returncode == 0 and level in done.stdout.splitlines()[-1], done.stdout


def test_networks_are_made_listed_and_deleted(thaw, tmp_path):
    state = tmp_path / "new" / "state"

    def network(*arguments, status=0):
        done = run(thaw, "network", *arguments, "--state-dir", state)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stderr

    assert json.loads(network("list", "--json")) == []
    made = network("create", "shop", "--vni", "7001", "--subnet", "10.1.0.0/16", "--endpoint", "192.0.2.7")
    assert made.splitlines()[1].split() == [
        "shop", "7001", "10.1.0.0/16", "10.1.128.0-10.1.255.254", "-", "192.0.2.7", "0.0.0.0/0", "02:54:48:41:57:fe",
    ]  # fmt: skip
    bank = ("create", "bank", "--vni", "7002", "--subnet", "10.1.0.0/24", "--addresses", "10.1.0.9-10.1.0.20")
    network(
        *bank, "--endpoint", "192.0.2.7,10.2.0.0/16,02:00:00:00:00:01", "--endpoint", "192.0.2.8", "--name-server",
        "10.1.0.2",
    )  # fmt: skip
    listed = json.loads(network("list", "--json"))
    assert [(entry["name"], entry["vni"], len(entry["endpoints"])) for entry in listed] == [
        ("bank", 7002, 2), ("shop", 7001, 1),
    ]  # fmt: skip
    assert listed[0]["nameServer"] == "10.1.0.2" and "nameServer" not in listed[1]
    assert listed[0]["addresses"] == {"first": "10.1.0.9", "last": "10.1.0.20"}
    assert len(network("list").splitlines()) == 4
    for wrong, text in (
        (("delete", "nobody"), "there is no network 'nobody'"),
        (bank, "--endpoint"),
        ((*bank, "--endpoint", "host"), "host"),
        ((*bank, "--endpoint", "192.0.2.7"), "there is a network 'bank' already"),
        (("create", "Shop", "--vni", "1", "--subnet", "10.1.0.0/16", "--endpoint", "192.0.2.7"), "lower-case"),
        (("create", "c", "--vni", "0", "--subnet", "10.1.0.0/16", "--endpoint", "192.0.2.7"), "VNI 0"),
        (("create", "c", "--vni", "1", "--subnet", "10.1.0.1/16", "--endpoint", "192.0.2.7"), "10.1.0.1/16"),
        (("create", "c", "--vni", "1", "--subnet", "10.1.0.0/30", "--endpoint", "192.0.2.7"), "8 to 29"),
        (("create", "c", "--vni", "7001", "--subnet", "10.1.0.0/16", "--endpoint", "192.0.2.7"), "of the network 'shop'"),
    ):
        # What can be told from the arguments alone is a wrong use of the command.
        assert text in network(*wrong, status=1 if "there is" in text or "of the network" in text else 64)
    network("delete", "shop")
    assert [entry["name"] for entry in json.loads(network("list", "--json"))] == ["bank"]


def test_image_list(thaw, images):
    done = run(thaw, "image", "list", "--state-dir", images.parent)
    assert done.returncode == 0
    header, *rows = done.stdout.splitlines()
    assert header.split() == ["RUNTIME", "VERSION", "RELEASE", "KERNEL", "SIZE", "AGE", "USED", "BY", "DIGEST"]
    # Images that are no longer current stay for the snapshots taken on them.
    images_of_python = [row.split() for row in rows if row.startswith("python3.11 ")]
    assert images_of_python
    for row in images_of_python:
        assert row[1].startswith("python:3.11.v") and len(row[-1]) == 64 and (row[2] == "-" or row[2].startswith("3.11."))


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
    """Told before anything is built."""
    port = server.endpoint.rsplit(":", 1)[1]
    other = server.state.parent / "other"
    done = run(thaw, "serve", "--port", port, "--state-dir", other, "--slots", "4000")
    assert done.returncode != 0
    assert done.stderr == f"Error: 127.0.0.1:{port} is in use. Stop what listens there, or choose another --port.\n"
    assert os.path.isdir(server.state)


def test_a_second_server_hears_who_is_there_and_what_it_needs(thaw, server):
    done = run(thaw, "serve", "--port", "0", "--state-dir", server.state)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    for words in (str(server.state), server.endpoint, f"process {server.pid}", "--state-dir", "--port", "--tunnel-port"):
        assert words in line


def test_the_start_is_summed_up_in_a_line(server):
    line = server.log.expect(r".* serving http://.*").group()
    assert f"serving {server.endpoint}, isolation {server.isolation} (as asked for" in line
    assert line.endswith(f"network slots, state in {server.state}")


def test_slots_are_told_with_server_function_and_mode(thaw, server, probe):
    with serving.Busy(server, probe, "describe", hold=2):
        text = run(thaw, "slots", "list").stdout
        listed = run(thaw, "slots", "list", "--json", "--state-dir", server.state).stdout
    port = int(server.endpoint.rsplit(":", 1)[1])
    assert f"{server.state}: {server.endpoint}, process {server.pid}, isolation {server.isolation}" in text
    assert f"{probe}:1" in text
    rows = [json.loads(line) for line in listed.splitlines()]
    assert {row["stateDirectory"] for row in rows} == {str(server.state)}
    ours = [row for row in rows if row.get("function") == f"{probe}:1"]
    assert ours and all((row["port"], row["process"], row["mode"]) == (port, server.pid, "isolated") for row in ours)
    assert run(thaw, "slots", "list", "--state-dir", "/nowhere").stdout == "No server on this host has network slots.\n"


def test_versions_that_have_logged_are_named(thaw, server, probe):
    done = run(thaw, "logs", probe, "--version", "9", "--state-dir", server.state)
    assert done.returncode == 1
    # Other tests publish more of them.
    named = r"These have logged: (\$LATEST, )?1(, \d+)*\.\n$"
    assert re.search(f"nothing has been logged for version 9 of {probe}. {named}", done.stderr), done.stderr
    assert "--state-dir" not in done.stderr


def test_where_the_state_is_need_not_be_repeated(thaw, tmp_path):
    def lists(*arguments, **environment):
        done = run(thaw, "network", "list", "--json", *arguments, env={**os.environ, **environment})
        assert done.returncode == 0, done.stderr
        return [network["name"] for network in json.loads(done.stdout)]

    for name in ("one", "two", "three"):
        network = ("--vni", "7001", "--subnet", "10.1.0.0/16", "--endpoint", "192.0.2.7")
        assert run(thaw, "network", "create", name, *network, "--state-dir", tmp_path / name).returncode == 0
    configuration = tmp_path / "thaw.conf"
    configuration.write_text(f"# where it is\nport = 9001\nstate-dir = {tmp_path / 'one'}\n")
    assert lists("--config", configuration) == ["one"]
    assert lists("--config", configuration, THAW_STATE_DIR=str(tmp_path / "two")) == ["two"]
    assert lists("--state-dir", tmp_path / "three", THAW_STATE_DIR=str(tmp_path / "two")) == ["three"]


@pytest.mark.parametrize("command", ["serve", "doctor", "logs hello", "image list"])
def test_a_configuration_that_is_wrong_is_told_with_its_line(thaw, tmp_path, command):
    configuration = tmp_path / "thaw.conf"
    configuration.write_text("port = 9001\n\nslots = many\n")
    done = run(thaw, *command.split(), "--config", configuration)
    assert done.returncode == 64
    assert done.stderr.startswith(f"Error: {configuration}, line 3: slots = many: ")
    done = run(thaw, *command.split(), "--config", tmp_path / "nowhere")
    assert done.returncode == 64
    assert str(tmp_path / "nowhere") in done.stderr


def test_a_server_is_configured_by_file(thaw, images, tmp_path, base):
    state = serving.new_state(images, base / "configured")
    configuration = tmp_path / "thaw.conf"
    configuration.write_text(f"state-dir = {state}\nport = 0\nslots = 9\nmax-sandboxes = 1\nready = 0\nseeds = false\n")
    arguments = ("--config", configuration, "--isolation", "process", "--egress", "none", "--slots", "11")
    process = subprocess.Popen(
        [thaw, "serve", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        line = serving.Lines(process.stderr).expect("serving http://.*").group()
        assert line.endswith(f"11 network slots, state in {state}")
    finally:
        process.terminate()
        assert process.wait(60) == 0
