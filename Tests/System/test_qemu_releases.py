"""The QEMU of every release of Debian that has one from 7.2 on: an upgrade takes the snapshots along, by making them anew."""

import concurrent.futures

import pytest

import lambdas
import qemu
import serving
from conftest import create, publish, wait_active

pytestmark = pytest.mark.microvm


@pytest.fixture(scope="module")
def upgraded(thaw, images, base, isolation):
    """A state directory in which this host's own QEMU has published a version."""
    state = serving.new_state(images, base / "releases")
    server = serving.Server(thaw, state, isolation, "--ready", "0")
    try:
        create(server.client, "probe")
        publish(server.client, "probe")
        server.works("probe")
    finally:
        assert server.stop() == 0
    return state


@pytest.mark.parametrize("release", qemu.RELEASES)
def test_release_boots_freezes_and_clones(thaw, upgraded, isolation, release):
    try:
        through = qemu.release(release)
    except qemu.NotInstallable as error:
        if release != "sid":
            raise
        pytest.skip(f"sid has no QEMU that can be unpacked today: {error}")
    server = serving.Server(thaw, upgraded, isolation, "--ready", "1", through=through)
    try:
        # Nobody has asked for the version.
        server.log.expect(r"it was taken with QEMU .* this host has")
        server.log.expect(r"\bpublished\b", seconds=120)
        wait_active(server.client, "probe")

        server.works("probe")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(server.invoke, "probe", {"do": "describe", "hold": 4}) for _ in range(2)]
            one, other = [call.result(120)[0] for call in calls]
        assert one["clone"] != other["clone"] and one["made_in_init"] == other["made_in_init"]
        assert one["random"]["urandom"] != other["random"]["urandom"]
        answer, _ = lambdas.invoke(server.client, "probe", {"do": "echo", "value": 3})
        assert answer == {"do": "echo", "value": 3}
    finally:
        assert server.stop() == 0
