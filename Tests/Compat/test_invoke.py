"""Invoke in all its forms."""

import base64
import concurrent.futures
import json
import re
import time

import pytest

from lambdas import invoke, payload_of


@pytest.mark.parametrize(
    "event",
    [{}, {"a": [1, 2.5, None, True]}, {"text": "é😀\n\"\\"}, {"deep": {"er": {"still": []}}}],
    ids=["empty", "values", "text", "deep"],
)
def test_event_comes_back(client, app, event):
    payload, response = invoke(client, app.name, event, Qualifier="1")
    assert payload == event
    assert response["StatusCode"] == 200
    assert response["ExecutedVersion"] == "1"
    assert "FunctionError" not in response
    assert response["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/json"


def test_no_payload_is_an_empty_event(client, app):
    assert invoke(client, app.name, Qualifier="1")[0] == {}


def test_none_becomes_null(client, app):
    response = client.invoke(FunctionName=app.name, Qualifier="1", Payload=b'{"action":"nothing"}')
    assert response["Payload"].read() == b"null"


def test_version_starts_from_its_snapshot(client, app):
    payload, response = invoke(client, app.name, {"action": "describe"}, Qualifier="1")
    assert payload["initialization_type"] == "snap-start"
    assert payload["hooks"] == ["before", "after"]
    assert payload["version"] == payload["function_version"] == "1"
    assert payload["memory"] == "256"
    assert payload["variable"] == "blue"
    assert payload["request_id"] == response["ResponseMetadata"]["RequestId"]
    assert payload["arn"].endswith(f":function:{app.name}:1")
    assert abs(payload["clock"] - time.time()) < 60


def test_without_snapstart_starts_on_demand(client, plain):
    payload, response = invoke(client, plain.name, {"action": "describe"}, Qualifier="1")
    assert payload["initialization_type"] == "on-demand"
    assert payload["hooks"] == []
    assert response["ExecutedVersion"] == "1"


def test_latest_starts_on_demand(client, plain):
    payload, response = invoke(client, plain.name, {"action": "describe"})
    assert payload["initialization_type"] == "on-demand"
    assert payload["version"] == "$LATEST"
    assert response["ExecutedVersion"] == "$LATEST"


def test_clones_share_what_init_made_and_nothing_random(client, app):
    def one(_):
        return invoke(client, app.name, {"action": "describe"}, Qualifier="1")[0]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one, range(4)))
    assert len({answer["made_in_init"] for answer in answers}) == 1
    assert len({answer["random"] for answer in answers}) == 4
    assert len({answer["request_id"] for answer in answers}) == 4


def test_warm_clone_keeps_its_memory(client, app):
    first, _ = invoke(client, app.name, {"action": "describe"}, Qualifier="1")
    counts = [invoke(client, app.name, {"action": "describe"}, Qualifier="1")[0]["count"] for _ in range(5)]
    assert max(counts) > 1, (first, counts)


@pytest.mark.parametrize("qualifier", ["1", "$LATEST"])
def test_sandbox_stands_still_between_invocations(client, isolation, app, plain, qualifier):
    """A thread of the function's does not run while nothing is asked of the function; a process's clocks go on."""
    rates, last = [], None
    for _ in range(8):
        answer, _ = invoke(client, app.name, {"action": "count_ticks"}, Qualifier=qualifier)
        answered = time.monotonic()
        if last and answer["start"] == last["start"]:
            if isolation == "process":
                elapsed = answer["monotonic"] - last["monotonic"]
                assert elapsed > 0.4
                assert abs(answer["wall"] - last["wall"] - elapsed) < 0.3
            # 200 where it runs, and less than half of that on a machine that is busy.
            rates.append((answer["ticks"] - last["ticks"]) / (answered - began))
            if rates[-1] < 20:
                return
        last, began = answer, answered
        # A machine that stood still itself may find its first sleep over when its clock catches up.
        while time.monotonic() - began < 0.5:
            invoke(client, plain.name, {"action": "doze", "seconds": 0.5})
    pytest.fail(f"ticks a second: {rates}")


def test_log_tail(client, app):
    _, response = invoke(client, app.name, {"action": "describe"}, Qualifier="1", LogType="Tail")
    request = response["ResponseMetadata"]["RequestId"]
    log = base64.b64decode(response["LogResult"]).decode()
    assert f"START RequestId: {request} Version: 1\n" in log
    assert "describing\n" in log
    assert f"END RequestId: {request}\n" in log
    report = re.search(
        rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\t",
        log,
    )
    assert report, log
    assert log.index("START") < log.index("describing") < log.index("END ") < log.index("REPORT")
    assert "app is initialised" not in log  # that was before the snapshot


def test_no_log_unless_asked_for(client, app):
    assert "LogResult" not in invoke(client, app.name, {}, Qualifier="1")[1]


def test_dry_run_checks_and_does_not_run(client, app, raises):
    response = client.invoke(FunctionName=app.name, Qualifier="1", InvocationType="DryRun", Payload=b"{}")
    assert response["StatusCode"] == 204
    assert response["Payload"].read() == b""
    assert "ExecutedVersion" not in response
    raises(
        "ResourceNotFoundException", 404, client.invoke,
        FunctionName=app.name, Qualifier="99", InvocationType="DryRun",
    )


def test_client_context(client, app):
    context = base64.b64encode(json.dumps({"custom": {"key": "value"}}).encode()).decode()
    payload, _ = invoke(client, app.name, {"action": "describe"}, Qualifier="1", ClientContext=context)
    assert payload["custom"] == {"key": "value"}


def test_handler_that_raises(client, app):
    payload, response = invoke(client, app.name, {"action": "fail"}, Qualifier="1", LogType="Tail")
    assert response["StatusCode"] == 200
    assert response["FunctionError"] == "Unhandled"
    assert response["ExecutedVersion"] == "1"
    assert payload["errorType"] == "Custom"
    assert payload["errorMessage"] == "as asked"
    assert payload["requestId"] == response["ResponseMetadata"]["RequestId"]
    assert "in fail" in "".join(payload["stackTrace"])
    assert "[ERROR] Custom: as asked" in base64.b64decode(response["LogResult"]).decode()


def test_process_that_exits(client, app):
    payload, response = invoke(client, app.name, {"action": "leave"}, Qualifier="1")
    request = response["ResponseMetadata"]["RequestId"]
    assert response["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].startswith(f"RequestId: {request} Error: Runtime exited")
    assert invoke(client, app.name, {"next": "works"}, Qualifier="1")[0] == {"next": "works"}


def test_handler_that_takes_too_long(client, app):
    started = time.monotonic()
    payload, response = invoke(client, app.name, {"action": "hang"}, Qualifier="1")
    assert 10 <= time.monotonic() - started < 40
    request = response["ResponseMetadata"]["RequestId"]
    assert response["FunctionError"] == "Unhandled"
    assert payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request} Error: Task timed out after 10.00 seconds",
    }
    assert invoke(client, app.name, {"next": "works"}, Qualifier="1")[0] == {"next": "works"}


def test_answer_too_large(client, app):
    payload, response = invoke(client, app.name, {"action": "large", "size": 6_291_556}, Qualifier="1")
    assert response["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert "exceeded maximum allowed payload size (6291556 bytes)" in payload["errorMessage"]


def test_large_payloads_pass(client, app):
    event = {"action": "measure", "filler": "x" * 1_000_000}
    assert invoke(client, app.name, event, Qualifier="1")[0] == len(json.dumps(event))
    assert len(invoke(client, app.name, {"action": "large", "size": 1_000_000}, Qualifier="1")[0]) == 1_000_000


def test_payload_too_large(client, raises, app):
    error = raises(
        "RequestTooLargeException", 413, client.invoke,
        FunctionName=app.name, Qualifier="1", Payload=b'"' + b"x" * 6_291_556 + b'"',
    )
    assert isinstance(error, client.exceptions.RequestTooLargeException)


@pytest.mark.parametrize("payload", [b"nonsense", b"{", b'{"a":}', b"\xff", b'"\xff"', b"{} {}"])
def test_payload_that_is_not_json(client, raises, app, payload):
    error = raises(
        "InvalidRequestContentException", 400, client.invoke, FunctionName=app.name, Qualifier="1", Payload=payload
    )
    assert error.response["Error"]["Message"].startswith("Could not parse request body into json")


def test_unknown_qualifier(client, raises, app):
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{app.name}"
    for qualifier in ("99", "live"):
        error = raises(
            "ResourceNotFoundException", 404, client.invoke, FunctionName=app.name, Qualifier=qualifier, Payload=b"{}"
        )
        assert f"{arn}:{qualifier}" in error.response["Error"]["Message"]


def test_event_invocation_is_accepted(client, app):
    response = client.invoke(FunctionName=app.name, Qualifier="1", InvocationType="Event", Payload=b'{"n":1}')
    assert response["StatusCode"] == 202
    assert response["Payload"].read() == b""
    assert "ExecutedVersion" not in response


def test_qualified_name_and_arn(client, app):
    for name in (f"{app.name}:1", f"{app.created['FunctionArn']}:1"):
        response = client.invoke(FunctionName=name, Payload=b'{"n":1}')
        assert payload_of(response) == {"n": 1} and response["ExecutedVersion"] == "1"
