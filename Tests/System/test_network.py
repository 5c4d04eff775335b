"""Where function code gets to in each network mode, and what is left of a server's network slots: a real server whose host
is a network namespace, with others around it. The server of this machine's own network sees none of it."""

import ipaddress
import json
import pathlib
import subprocess

import pytest

import host
import lambdas
import namespaces
import serving
from conftest import create, publish

GUEST = "169.254.0.21"
SHARED = ipaddress.ip_network("100.64.0.0/10")
OUTSIDE = f"{namespaces.World.OUTSIDE}:80"
STATION = f"{namespaces.World.STATION}:80"
METADATA = "169.254.169.254:80"
ROUTED = ("--egress", "routed", "--slots", "48", "--name-server", namespaces.World.OUTSIDE)


@pytest.fixture(scope="module")
def world():
    world = namespaces.World()
    yield world
    world.close()


@pytest.fixture(scope="module")
def hosted(thaw, base, images, isolation, world):
    """Servers on the world's host, over one state directory."""
    state = serving.new_state(images, base / f"network-{isolation}")
    for name, vni in world.NETWORKS.items():
        subprocess.run(
            [thaw, "network", "create", name, "--vni", str(vni), "--subnet", world.SUBNET, "--state-dir", state,
             "--endpoint", f"{world.OUTSIDE},{world.SUBNET},{world.MAC}", "--addresses", "10.0.0.128-10.0.0.191"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    servers = serving.Servers(thaw, state, isolation)
    with world.host.entered():
        yield servers
        servers.stop()


@pytest.fixture(scope="module")
def talks(hosted):
    """Version 1 of functions/network.py."""
    client = hosted.running(*ROUTED).client
    create(client, "talks", module="network")
    publish(client, "talks")
    return "talks"


def tag(server, function, network):
    server.client.tag_resource(
        Resource=f"arn:aws:lambda:{lambdas.REGION}:123456789012:function:{function}", Tags={"thaw:network": network}
    )


def told(server, function, **event):
    payload, response = server.invoke(function, event)
    assert "FunctionError" not in response, payload
    return payload


def slots(server):
    """Those that are not free."""
    done = subprocess.run([server.thaw, "slots", "list", "--json"], check=True, capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [row for row in rows if row["instance"] == instance(server.state)]


def instance(state):
    """How a server names what it makes on its host: FNV-1a of its state directory."""
    value = 2166136261
    for byte in str(state).encode():
        value = (value ^ byte) * 16777619 % 2**32
    digits = ""
    while value:
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36] + digits
        value //= 36
    return digits


def left(world, state):
    """What there is of a server's slots on its host."""
    name = instance(state)
    return (
        {f"device {device}" for device in world.host.devices() if device.startswith("thaw-")}
        | {f"table {table}" for table in world.host.tables()}
        | {f"mount {mount}" for mount in host.mounts() if f"/run/thaw/{name}/" in mount}
        | {f"directory {path}" for path in [pathlib.Path("/run/thaw", name, "slots", "keep")] if path.exists()}
        | ({"forwarding"} if world.host.forwards() else set())
    )


def test_egress_routed_shows_the_slots_address(hosted, talks, world):
    server = hosted.running(*ROUTED)
    tag(server, talks, "egress")
    answer = told(server, talks, ask=[OUTSIDE], send=[OUTSIDE], resolve=["shop.example"])
    assert answer["inside"] == GUEST
    assert answer["resolved"] == {"shop.example": world.names.ANSWER}
    for said in (answer["said"][OUTSIDE], answer["sent"][OUTSIDE]):
        name, address = said.split()
        assert name == "outside" and ipaddress.ip_address(address) in SHARED


@pytest.mark.process
def test_names_are_resolved_where_the_network_has_a_name_server(hosted, talks, world):
    """By the C library, of a clone whose init may have asked before."""
    server = hosted.running(*ROUTED)
    for mode, address in (
        ("egress", world.names.ANSWER), ("isolated", "EAI_AGAIN"), ("vpc:red", "EAI_AGAIN"), ("egress", world.names.ANSWER),
    ):  # fmt: skip
        tag(server, talks, mode)
        answer = told(server, talks, resolve=["shop.example"])
        assert answer["resolved"]["shop.example"] == address, mode


@pytest.mark.process
def test_egress_masquerade_shows_the_hosts_address(hosted, talks, world):
    server = hosted.running("--egress", "masquerade", "--slots", "48")
    tag(server, talks, "egress")
    answer = told(server, talks, ask=[OUTSIDE, STATION, METADATA], send=[OUTSIDE])
    assert answer["inside"] == GUEST
    assert answer["said"].pop(OUTSIDE) == answer["sent"].pop(OUTSIDE) == f"outside {world.HOST}"
    assert answer["said"].pop(METADATA) == "ECONNREFUSED"
    # The host has no route to the virtual networks.
    assert answer["said"].pop(STATION) == "ECONNREFUSED"


@pytest.mark.process
def test_virtual_networks_of_equal_addresses(hosted, talks, world):
    """One snapshot, thawed into one and the other."""
    server = hosted.running(*ROUTED)
    for name in ("red", "blue", "red"):
        tag(server, talks, f"vpc:{name}")
        answer = told(server, talks, ask=[STATION, OUTSIDE, METADATA], send=[STATION])
        assert answer["inside"] == GUEST
        for said in (answer["said"].pop(STATION), answer["sent"].pop(STATION)):
            by, address = said.split()
            assert by == name
            assert ipaddress.ip_address("10.0.0.128") <= ipaddress.ip_address(address) <= ipaddress.ip_address("10.0.0.191")
        assert set(answer["said"].values()) == {"ECONNREFUSED"}


@pytest.mark.process
def test_isolated_reaches_nothing_and_fails_at_once(hosted, talks, world):
    server = hosted.running(*ROUTED)
    before = {name: len(greeter.seen) for name, greeter in world.greeters.items()}
    tag(server, talks, "isolated")
    places = [OUTSIDE, STATION, METADATA, f"{world.HOST}:{server.endpoint.rsplit(':', 1)[1]}"]
    answer = told(server, talks, ask=places, send=places)
    assert answer["inside"] == GUEST
    assert answer["said"] == dict.fromkeys(places, "ECONNREFUSED")
    assert answer["sent"] == dict.fromkeys(places, "ENETUNREACH")
    assert {name: len(greeter.seen) for name, greeter in world.greeters.items()} == before


@pytest.mark.process
def test_next_clone_is_in_the_network_that_the_tag_says_then(hosted, talks):
    server = hosted.running(*ROUTED)
    tag(server, talks, "egress")
    first, second = (told(server, talks, ask=[OUTSIDE]) for _ in range(2))
    assert first["clone"] == second["clone"]
    tag(server, talks, "isolated")
    third = told(server, talks, ask=[OUTSIDE])
    assert third["clone"] != first["clone"]
    assert third["said"] == {OUTSIDE: "ECONNREFUSED"}
    tag(server, talks, "egress")
    assert told(server, talks, ask=[OUTSIDE])["said"][OUTSIDE].startswith("outside ")


@pytest.mark.process
def test_slots_are_listed_with_what_passed_them(hosted, talks):
    server = hosted.running(*ROUTED, fresh=True)
    tag(server, talks, "egress")
    answer = told(server, talks, ask=[OUTSIDE, METADATA])
    address = answer["said"][OUTSIDE].split()[1]
    (slot,) = [slot for slot in slots(server) if slot.get("mode") == "egress"]
    assert slot["state"] == "claimed" and slot["occupant"] == "process" and slot["address"] == address
    assert slot["sentPackets"] >= 4 and slot["receivedPackets"] >= 4
    assert slot["sentBytes"] > 0 and slot["receivedBytes"] > 0
    assert slot["dropped"]["policy"] >= 1
    tag(server, talks, "vpc:blue")
    told(server, talks, ask=[STATION])
    (slot,) = [slot for slot in slots(server) if slot.get("mode") == "vpc"]
    assert slot["vni"] == 200 and slot["address"].startswith("10.0.0.")
    assert slot["sentPackets"] >= 4 and slot["receivedPackets"] >= 4
    # The clone with the other mode is no more.
    host.until(lambda: not [slot for slot in slots(server) if slot.get("mode") == "egress"], what="the old clone's end")


@pytest.mark.process
def test_crash_with_claimed_slots_and_a_start_that_takes_them_over(hosted, talks):
    server = hosted.running(*ROUTED)
    tag(server, talks, "egress")
    told(server, talks, ask=[OUTSIDE])
    assert [slot for slot in slots(server) if slot["state"] == "claimed"]
    assert not server.kill()
    # They are still there, and still say what they were.
    assert [slot for slot in slots(server) if slot.get("mode") == "egress"]
    server = hosted.running(*ROUTED)
    server.log.expect(r"network slots are taken over")
    assert told(server, talks, ask=[OUTSIDE])["said"][OUTSIDE].startswith("outside ")
    tag(server, talks, "vpc:red")
    assert told(server, talks, ask=[STATION])["said"][STATION].startswith("red ")
    # A running server's are nobody else's to take away.
    done = subprocess.run([server.thaw, "slots", "clean"], check=True, capture_output=True, text=True)
    assert f"{instance(server.state)}: its server runs, left alone" in done.stdout
    assert told(server, talks, ask=[STATION])["said"][STATION].startswith("red ")


@pytest.mark.process
@pytest.mark.parametrize("egress", ["routed", "masquerade"])
def test_clean_after_a_crash_leaves_nothing(hosted, talks, world, egress):
    server = hosted.running("--egress", egress, "--slots", "48")
    tag(server, talks, "egress")
    told(server, talks, ask=[OUTSIDE])
    assert not server.kill()
    kinds = {trace.split()[0] for trace in left(world, server.state)}
    # The keep's mounts are in a mount namespace of its own: on the host there is its file alone.
    # Its tables translate for one way out, and keep other interfaces from being routed for both.
    assert {"device", "directory", "mount", "forwarding", "table"} <= kinds
    done = subprocess.run([server.thaw, "slots", "clean"], check=True, capture_output=True, text=True)
    assert f"{instance(server.state)}: cleaned" in done.stdout
    host.until(lambda: not left(world, server.state), 10, f"an end of {left(world, server.state)}")


@pytest.mark.process
def test_clean_stop_leaves_nothing(hosted, talks, world):
    server = hosted.running("--egress", "masquerade", "--slots", "48", fresh=True)
    tag(server, talks, "egress")
    told(server, talks, ask=[OUTSIDE])
    assert left(world, server.state)
    assert server.stop() == 0
    host.until(lambda: not left(world, server.state), 10, f"an end of {left(world, server.state)}")
