"""What a server shows of itself: metrics, health, request ids, traces (docs/metrics.md)."""

import collections
import json
import pathlib
import re
import urllib.error
import urllib.request

import pytest

import host
import serving
from conftest import create, refused, wait_active

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/metrics.md"
ROOT = "1-5759e988-bd862e3fe1be46a994272793"
# One sample of the text format 0.0.4.
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"')


def get(url):
    """(status, content type, text) of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.headers["Content-Type"], response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


class Metrics:
    """One scrape, checked against the format."""

    def __init__(self, text):
        assert text.endswith("\n")
        self.types, self.helps = {}, {}
        self.values = {}
        self.labels = collections.defaultdict(set)
        current = None
        for line in text.splitlines():
            if line.startswith("# "):
                _, keyword, current, rest = line.split(" ", 3)
                table = {"HELP": self.helps, "TYPE": self.types}[keyword]
                assert current not in table, line
                table[current] = rest
                continue
            name, labels, value = SAMPLE.fullmatch(line).groups()
            family = re.sub("_(bucket|sum|count)$", "", name) if self.types[current] == "histogram" else name
            assert family == current, f"{line} is not in one group with its family"
            pairs = LABEL.findall(labels or "")
            key = (name, tuple(sorted(pairs)))
            assert key not in self.values, line
            self.values[key] = float(value)
            self.labels[family] |= {pair[0] for pair in pairs} - {"le"}

    def value(self, name, **labels):
        return self.values.get((name, tuple(sorted(labels.items()))), 0)

    def total(self, name, **labels):
        """The sum of all series with these labels."""
        wanted = set(labels.items())
        return sum(value for (each, pairs), value in self.values.items() if each == name and wanted <= set(pairs))


class Watched:
    def __init__(self, server, spans):
        self.server = server
        self.spans_file = spans
        self.metrics_url = server.log.expect(r"serving metrics at (http://127\.0\.0\.1:\d+/metrics)").group(1)

    def scrape(self):
        status, kind, text = get(self.metrics_url)
        assert status == 200 and kind == "text/plain; version=0.0.4; charset=utf-8"
        return Metrics(text)

    def spans(self, **wanted):
        lines = self.spans_file.read_text().splitlines()
        return [span for span in map(json.loads, lines) if wanted.items() <= span.items()]


@pytest.fixture(scope="module")
def spans(tmp_path_factory):
    return tmp_path_factory.mktemp("spans") / "spans.jsonl"


@pytest.fixture
def watched(servers, spans):
    """A server that shows all it can, with version 1 of functions/watched.py."""
    server = servers.running(
        "--metrics-port", "0", "--trace-log", str(spans), "--log-format", "json", "--max-sandboxes", "2", "--ready", "1"
    )
    if not any(each["FunctionName"] == "watched" for each in server.client.list_functions()["Functions"]):
        create(server.client, "watched", module="watched")
        server.publish_id = server.client.publish_version(FunctionName="watched")["ResponseMetadata"]["RequestId"]
        wait_active(server.client, "watched")
    return Watched(server, spans)


def documented():
    """Metric: (type, labels, meaning) as the page has it."""
    rows = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `thaw_"):
            name, kind, labels, meaning = (cell.strip() for cell in line.strip("|").split("|"))
            rows[name.strip("`")] = (kind, set(re.findall("`([a-z_]+)`", labels)), meaning)
    return rows


def test_every_metric_is_documented_and_every_documented_metric_is_there(watched, isolation):
    watched.server.invoke("watched", {})
    shown, told = watched.scrape(), documented()
    assert shown.types == {name: kind for name, (kind, _, _) in told.items()}
    assert shown.helps == {name: meaning for name, (_, _, meaning) in told.items()}
    for name, (_, labels, _) in told.items():
        assert shown.labels[name] == labels, f"{name} of a server with isolation {isolation}"


def test_invocations_are_counted_by_what_came_of_them(watched):
    server, before = watched.server, watched.scrape()
    for _ in range(5):
        server.invoke("watched", {})
    _, failed = server.invoke("watched", {"fail": True})
    assert failed["FunctionError"] == "Unhandled"
    refused("ResourceNotFoundException", 404, server.client.invoke, FunctionName="nobody")
    after = watched.scrape()

    def grown(name, **labels):
        return after.total(name, **labels) - before.total(name, **labels)

    assert grown("thaw_invocations_total", function="watched", outcome="success") == 5
    assert grown("thaw_invocations_total", function="watched", outcome="function_error") == 1
    assert grown("thaw_invocations_total") == 6
    assert grown("thaw_invocation_duration_seconds_count") == 6
    assert grown("thaw_invocation_preparation_seconds_count") == 6
    assert grown("thaw_function_duration_seconds_count", function="watched") == 6
    assert after.value("thaw_invocation_duration_seconds_bucket", start="warm", le="+Inf") == after.value(
        "thaw_invocation_duration_seconds_count", start="warm"
    )
    assert after.total("thaw_invocations_total", function="nobody") == 0
    route = {"method": "POST", "path": "/2015-03-31/functions/{FunctionName}/invocations"}
    assert grown("thaw_api_requests_total", status="2xx", **route) == 6
    assert grown("thaw_api_requests_total", status="4xx", **route) == 1
    assert grown("thaw_api_request_duration_seconds_count", **route) == 7


def test_the_phases_of_thaws_add_up(watched, isolation):
    watched.server.invoke("watched", {})
    shown = watched.scrape()
    thaws = shown.value("thaw_thaws_total", isolation=isolation, outcome="success")
    assert thaws >= 1
    assert shown.total("thaw_thaw_duration_seconds_count", isolation=isolation) == thaws
    whole = shown.total("thaw_thaw_duration_seconds_sum", isolation=isolation)
    phases = shown.total("thaw_thaw_phase_seconds_sum", isolation=isolation)
    assert 0 < whole < 100 and phases == pytest.approx(whole)
    first = shown.total("thaw_first_response_seconds_sum", start="thawed")
    assert first > whole and shown.total("thaw_first_response_seconds_count", start="thawed") == thaws


def test_what_there_is_is_shown(watched, isolation):
    watched.server.invoke("watched", {})
    shown = watched.scrape()
    assert shown.value("thaw_sandboxes_limit") == 2
    sandboxes = sum(shown.value("thaw_sandboxes", state=state) for state in ("busy", "idle", "changing"))
    assert 1 <= sandboxes <= 2
    assert shown.total("thaw_slots") >= 4 and shown.value("thaw_slots", state="claimed") >= 1
    assert shown.value("thaw_slot_claim_seconds_count") >= 1
    assert shown.value("thaw_slot_claim_seconds_sum") < shown.value("thaw_slot_build_seconds_sum")
    assert shown.value("thaw_snapshots") >= 1
    assert shown.value("thaw_snapshots_bytes") > 1 << 20
    assert shown.value("thaw_sandboxes_memory_bytes", isolation=isolation) > 1 << 20
    assert shown.value("thaw_host_memory_available_bytes") < shown.value("thaw_host_memory_bytes")
    assert shown.value("thaw_server_open_files") > 10
    if isolation == "process":
        assert shown.value("thaw_templates", isolation=isolation) >= 1
        host.until(
            lambda: watched.scrape().value("thaw_ready_clones", isolation=isolation) == 1, what="a clone prepared ahead"
        )


def test_what_finds_no_room_is_counted(watched):
    server, before = watched.server, watched.scrape()
    with serving.Busy(server, "watched", "wait", 2, hold=3):
        refused(
            "TooManyRequestsException", 429, server.client.invoke, FunctionName="watched", Qualifier="1", Payload=b"{}"
        )
        during = watched.scrape()
        assert during.value("thaw_sandboxes", state="busy") == 2
        # A server that is full is well.
        assert get(f"{server.endpoint}/healthz")[0] == 200
    name, labels = "thaw_invocations_total", {"function": "watched", "outcome": "throttled"}
    assert during.value(name, **labels) - before.value(name, **labels) == 1


def test_health_is_told_at_both_ports(watched):
    well = {"status": "ok", "checks": {"process": "ok", "store": "ok", "slots": "ok"}}
    for url in (f"{watched.server.endpoint}/healthz", watched.metrics_url.replace("/metrics", "/healthz")):
        status, kind, text = get(url)
        assert (status, kind, json.loads(text)) == (200, "application/json", well)


def test_the_log_names_the_call(watched):
    """A publish ends long after its call; what the log says of it belongs to that call."""
    server = watched.server
    line = server.log.expect('"message":"published".*"function":"watched"').string
    object = json.loads(line)
    assert object["level"] == "info" and object["version"] == "1"
    if hasattr(server, "publish_id"):
        assert object["requestId"] == server.publish_id


def test_publishes_are_counted_by_step(watched):
    shown = watched.scrape()
    assert shown.value("thaw_publishes_total", outcome="active") == 1
    for step in ("image", "specification", "initialization", "freeze", "commit", "warm", "install"):
        assert shown.value("thaw_publish_step_seconds_count", step=step, outcome="success") == 1
    names = {span["name"] for span in host.until(lambda: watched.spans(name="publish") and watched.spans())}
    assert {"publish", "publish initialization", "boot", "publish freeze", "publish commit", "publish install"} <= names


def test_a_call_is_traced_along_its_hops(watched):
    request = urllib.request.Request(
        f"{watched.server.endpoint}/2015-03-31/functions/watched/invocations?Qualifier=1", data=b"{}",
        headers={"X-Amzn-Trace-Id": f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer, header = json.loads(response.read()), response.headers["X-Amzn-Trace-Id"]
    spans = host.until(lambda: [each for each in [watched.spans(trace=ROOT)] if len(each) >= 3], what="its spans")[0]
    by_name = {span["name"]: span for span in spans}
    call = by_name["POST /2015-03-31/functions/{FunctionName}/invocations"]
    assert call["parent"] == "53995c3f42cd8ad8" and call["kind"] == "server"
    assert by_name["sandbox"]["parent"] == by_name["function"]["parent"] == call["span"]
    assert {span["requestId"] for span in spans} == {answer["request"]}
    assert call["seconds"] >= by_name["function"]["seconds"] > 0
    # The function's own spans belong to the hop that called it.
    assert answer["trace"] == f"Root={ROOT};Parent={by_name['function']['span']};Sampled=1"
    assert header == f"Root={ROOT};Parent={call['span']};Sampled=1"


def test_a_server_that_was_not_asked_to_shows_no_metrics(servers, watched):
    server = servers.running(fresh=True)
    assert server.invoke("watched", {})[0]["request"]
    assert get(f"{server.endpoint}/metrics")[0] == 404
    assert get(f"{server.endpoint}/healthz")[0] == 200
    assert not server.log.matches("serving metrics")
