"""A stopped server leaves nothing behind."""

import signal
import socket
import subprocess
import urllib.parse

import botocore.exceptions
import pytest

import host
import serving


def test_clean_stop_answers_what_runs_and_leaves_nothing(servers, probe):
    servers.stop()
    mounts, networks, files = host.mounts(), host.networks(), host.files(servers.state)
    server = servers.running("--ready", "1", fresh=True)
    with serving.Busy(server, probe, "describe", 2, hold=4) as busy:
        traces = host.Traces.of(server.pid)
        assert len(server.machines()) >= 2 and traces.cgroups
        assert server.stop() == 0
        assert [answer["count"] for answer in busy.answers()] == [1, 1]
    assert not host.gone(traces.processes, 0)
    assert not [directory for directory in traces.cgroups if directory.exists()]
    assert host.mounts() <= mounts
    assert host.networks() <= networks
    assert host.files(servers.state) <= files


def test_stop_does_not_wait_longer_than_the_drain_limit(servers, probe):
    server = servers.running("--drain", "1", "--ready", "0", fresh=True)
    with serving.Busy(server, probe, "forever") as busy:
        machines = server.machines()
        assert server.stop(seconds=20) == 0
        with pytest.raises((botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError)):
            busy.answers()
    assert not host.gone(machines, 0)


def test_a_stop_says_what_it_waits_for_and_a_second_signal_ends_that(servers, probe):
    servers.stop()
    mounts, networks, files = host.mounts(), host.networks(), host.files(servers.state)
    server = servers.running("--drain", "600", "--ready", "0", fresh=True)
    with serving.Busy(server, probe, "forever") as busy:
        traces = host.Traces.of(server.pid)
        server.process.send_signal(signal.SIGINT)
        server.log.expect("stopping; a second signal ends at once what still runs")
        waiting = server.log.expect("waiting for invocations under way").string
        assert f"functions={probe}:1" in waiting and "limit=600" in waiting
        server.process.send_signal(signal.SIGINT)
        server.log.expect("ending at once what still runs")
        assert server.process.wait(60) == 0
        with pytest.raises((botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError)):
            busy.answers()
    assert not host.gone(traces.processes, 0)
    assert not [directory for directory in traces.cgroups if directory.exists()]
    assert host.mounts() <= mounts
    assert host.networks() <= networks
    assert host.files(servers.state) <= files


def test_a_signal_during_the_start_ends_it_in_order(thaw, base):
    state = base / "signalled"
    mounts, networks = host.mounts(), host.networks()
    process = subprocess.Popen(
        [thaw, "serve", "--port", "0", "--state-dir", state, "--isolation", "process", "--egress", "none"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        host.until((state / "thaw.lock").exists, 30, "a start")
        process.terminate()
        _, log = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, log
    assert "stopping" in log and log.splitlines()[-1].endswith(" stopped")
    assert host.mounts() <= mounts and host.networks() <= networks


def half_request(server):
    """A connection on which half a body has come, and no more will."""
    address = urllib.parse.urlsplit(server.endpoint)
    connection = socket.create_connection((address.hostname, address.port))
    connection.sendall(
        b"POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000000\r\n\r\n" + b'{"FunctionName": "half'
    )
    return connection


@pytest.mark.parametrize("signals", [1, 2])
def test_half_a_request_does_not_hold_up_a_stop(thaw, base, signals):
    state = base / f"half-{signals}"
    drain = "1" if signals == 1 else "600"
    server = serving.Server(thaw, state, "process", "--drain", drain, "--ready", "0", "--max-sandboxes", "1")
    try:
        with half_request(server):
            for number in range(signals):
                server.process.send_signal(signal.SIGTERM)
                server.log.expect(["stopping", "ending at once what still runs"][number])
            assert server.process.wait(40) == 0
    finally:
        server.process.kill()
        server.process.wait()
