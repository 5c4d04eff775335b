"""Clones of one snapshot are unique: randomness, clock, credentials, /tmp."""

import base64
import concurrent.futures
import re
import subprocess
import time

import pytest

import serving

SOURCES = ["urandom", "getrandom", "dev_random", "secrets", "uuid4", "system_random", "ssl"]


@pytest.fixture(scope="module")
def pair(servers, probe):
    """What two clones that ran at the same time told, the host's clock around them, and the log of each invocation."""
    server = servers.running(fresh=True)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        began = time.time()
        calls = [
            pool.submit(server.invoke, probe, {"do": "describe", "hold": 4}, LogType="Tail") for _ in range(2)
        ]
        answers = [call.result() for call in calls]
        ended = time.time()
    found = []
    for payload, response in answers:
        assert "FunctionError" not in response, payload
        payload["tail"] = base64.b64decode(response["LogResult"]).decode()
        payload["request"] = response["ResponseMetadata"]["RequestId"]
        payload["window"] = began, ended
        found.append(payload)
    return found


def test_two_invocations_at_once_have_two_clones_of_one_init(pair):
    assert pair[0]["clone"] != pair[1]["clone"]
    assert pair[0]["made_in_init"] == pair[1]["made_in_init"]
    assert [each["count"] for each in pair] == [1, 1]


@pytest.mark.parametrize("source", SOURCES)
def test_randomness_is_shared_by_nobody(pair, source):
    values = [each[when][source] for each in pair for when in ("random", "made_in_init")]
    values += [each["restored"]["random"][source] for each in pair]
    # Both clones tell the same init.
    assert len(set(values)) == 5, values


def test_clock_is_right_before_any_code_runs(pair):
    for each in pair:
        began, ended = each["window"]
        assert began - 2 <= each["restored"]["clock"] <= each["clock"] <= ended - 2, each


@pytest.mark.parametrize("qualifier", ["1", "$LATEST"])
def test_clock_is_right_in_a_warm_sandbox(server, probe, qualifier):
    server.invoke(probe, {"do": "echo"}, qualifier=qualifier)
    began = time.time()
    payload, _ = server.invoke(probe, {"do": "describe"}, qualifier=qualifier)
    assert began - 1 <= payload["clock"] <= time.time() + 1, payload["clock"] - began


def test_credentials_are_each_clones_own(pair):
    for each in pair:
        status, credentials = each["credentials"]
        assert status == 200
        assert set(credentials) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
        # Hooks have them already.
        assert each["restored"]["credentials"] == [200, credentials]
    sets = [each["credentials"][1] for each in pair] + [pair[0]["credentials_in_init"][1]]
    for key in ("AccessKeyId", "SecretAccessKey", "Token"):
        assert len({each[key] for each in sets}) == 3, key


def test_credentials_are_for_the_token_only(pair):
    for each in pair:
        assert each["credentials_with_wrong_token"] == 404
        assert each["credentials_without_token"] in (400, 404)


def test_no_credentials_in_the_environment(pair):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_LOG_STREAM_NAME"):
        assert name not in pair[0]["environment"]


def test_tmp_has_what_init_wrote_and_nothing_of_another_clone(pair):
    for each in pair:
        assert each["from_init"] == "init"
        assert [name for name in each["tmp"] if name != "lost+found"] == sorted(["from-init", each["clone"]])


def test_tmp_is_as_large_as_configured(server, probe, isolation):
    # A file system of a disk needs room for itself; one in memory has as much more for files.
    beyond = {"microvm": 530, "process": 540}[isolation]
    payload, _ = server.invoke(probe, {"do": "room", "megabytes": [500, beyond]})
    # A little more than what files can have, as on AWS.
    assert 500 << 20 < payload["size"] <= beyond << 20
    assert payload["errors"] == {"500": None, str(beyond): "ENOSPC"}


# What the same clones logged.


def test_hooks_run_in_order_on_either_side_of_the_snapshot(pair):
    for each in pair:
        assert each["hooks"] == ["before second", "before first", "after first", "after second"]


def test_log_of_a_restored_invocation(pair):
    for each in pair:
        request = each["request"]
        start, *output, end, report = each["tail"].splitlines()
        assert start == f"START RequestId: {request} Version: 1"
        assert output == [f"describing {each['clone']}"]
        assert end == f"END RequestId: {request}"
        assert each["tail"].endswith("\t\n")
        name, duration, billed, size, used, restore, billed_restore, rest = report.split("\t")
        assert name == f"REPORT RequestId: {request}" or name.startswith(f"REPORT RequestId: {request}")
        milliseconds = {}
        for field in (duration, billed, restore, billed_restore):
            label, value = field.split(": ")
            milliseconds[label] = value.removesuffix(" ms")
        assert list(milliseconds) == ["Duration", "Billed Duration", "Restore Duration", "Billed Restore Duration"]
        assert float(milliseconds["Duration"]) >= 4000
        assert milliseconds["Restore Duration"].partition(".")[2].isdigit()
        assert int(milliseconds["Billed Duration"]) >= 4000 + int(milliseconds["Billed Restore Duration"])
        assert size == "Memory Size: 256 MB"
        assert 10 < int(used.removeprefix("Max Memory Used: ").removesuffix(" MB")) <= 256
        assert rest == ""


def test_streams_of_publish_and_clones(pair, thaw, servers, probe):
    publish, *clones = serving.streams(thaw, servers.state, probe, "1")
    version = r"Runtime Version: python:3\.11\.v\d+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}"
    expect(
        publish,
        f"INIT_START {version}", "probe initialises", "hook before second", "hook before first",
        r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init",
    )
    for each in pair:
        stream = next(lines for lines in clones if f"describing {each['clone']}" in lines)
        expect(
            stream[:7],
            f"RESTORE_START {version}", "hook after first", "hook after second",
            r"RESTORE_REPORT Restore Duration: \d+\.\d\d ms", f"START RequestId: {each['request']} Version: 1",
            f"describing {each['clone']}", f"END RequestId: {each['request']}",
        )
        assert stream[7].startswith(f"REPORT RequestId: {each['request']}\tDuration: ")


def expect(lines, *patterns):
    assert len(lines) == len(patterns), lines
    for line, pattern in zip(lines, patterns):
        assert re.fullmatch(pattern, line), (line, pattern)


def test_warm_invocation_reports_no_start(server, probe):
    server.invoke(probe, {"do": "echo"})
    _, response = server.invoke(probe, {"do": "echo"}, LogType="Tail")
    log = base64.b64decode(response["LogResult"]).decode()
    assert "Restore Duration" not in log and "Init Duration" not in log
    assert log.count("\n") == 3, log


def test_logs_follow_shows_a_new_invocation(server, probe, thaw):
    with serving.Follower(thaw, server.state, probe) as output:
        output.expect("INIT_REPORT")
        _, response = server.invoke(probe, {"do": "echo"})
        request = response["ResponseMetadata"]["RequestId"]
        output.expect(f"START RequestId: {request}")
        output.expect(f"REPORT RequestId: {request}")


def test_logs_of_nobody(thaw, servers):
    done = subprocess.run(
        [thaw, "logs", "nobody", "--state-dir", servers.state], capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0 and "nobody" in done.stderr
