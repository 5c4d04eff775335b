"""What hostile code can make a server keep: on its disk by files in /tmp, in its memory by half-sent requests."""

import pathlib

import conftest
import pytest

MEGABYTE = 1 << 20


def taken(directory):
    return sum(path.lstat().st_blocks * 512 for path in pathlib.Path(directory).rglob("*") if not path.is_symlink())


@pytest.mark.process
def test_holes_of_sparse_files_take_no_room_on_the_host(servers):
    server = servers.running()
    before = taken(server.state / "snapshots")
    conftest.create(server.client, "sparse", module="hoards", Environment={"Variables": {"KEEPS": "sparse"}})
    conftest.publish(server.client, "sparse")
    assert taken(server.state / "snapshots") - before < 200 * MEGABYTE
    assert server.invoke("sparse", {"do": "look", "name": "sparse"})[0] == [1500 * MEGABYTE, "middle"]
    assert server.invoke("sparse", {"do": "look", "name": "larger"})[0] == [4096 * MEGABYTE, "\0" * 6]
    server.client.delete_function(FunctionName="sparse")


@pytest.mark.process
def test_strange_files_come_back_in_clones(servers):
    server = servers.running()
    conftest.create(server.client, "strange", module="hoards", Environment={"Variables": {"KEEPS": "strange"}})
    conftest.publish(server.client, "strange")
    assert server.invoke("strange", {"do": "strange"})[0] == [200, "end", "secret", "named", 2, 5000]
    server.client.delete_function(FunctionName="strange")


@pytest.mark.process
def test_half_sent_requests_take_little_of_the_servers_memory(servers):
    def resident():
        words = pathlib.Path(f"/proc/{server.pid}/status").read_text().split("VmRSS:")[1].split()
        return int(words[0]) * 1024

    server = servers.running()
    conftest.create(server.client, "half", module="hoards")
    conftest.publish(server.client, "half")
    assert server.invoke("half", {"do": "nothing"})[0]
    before = resident()
    assert server.invoke("half", {"do": "half", "count": 31})[0] == 31
    # Each of them alone has sent 6 MB.
    assert resident() - before < 40 * MEGABYTE
    server.client.delete_function(FunctionName="half")
