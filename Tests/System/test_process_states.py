"""Every kind of state that a frozen process can have: carried into its clones, or refused by name."""

import base64
import concurrent.futures
import pathlib
import re
import time

import pytest

import host
import lambdas
import programs
import serving

pytestmark = pytest.mark.process

STATES = [*programs.CARRIED, *programs.EITHER, *programs.REFUSED]
AT_ONCE = 3
TIMES = 12  # invocations of two at once until both were the first and the second of a clone


class State:
    """A state's function: its version, and what its clones answered."""

    def __init__(self, server, name, code):
        self.server = server
        self.name = name
        self.function = "state-" + re.sub(r"[^a-z0-9]", "-", name)
        self.answers = []
        try:
            self.version = self._publish(code)
            self.reason = self.version.get("StateReason", "")
            if self.version["State"] == "Active":
                self._meet_two_clones()
            self.log = serving.logs(server.thaw, server.state, self.function, "--version", "1")
        finally:
            server.client.delete_function(FunctionName=self.function)

    def _publish(self, code):
        client = self.server.client
        client.create_function(
            FunctionName=self.function, Code={"ZipFile": code}, Runtime="provided.al2023", Role=lambdas.ROLE,
            Handler=self.name, MemorySize=512, Timeout=60, SnapStart={"ApplyOn": "PublishedVersions"},
        )
        self._settled()
        client.publish_version(FunctionName=self.function)
        return self._settled(Qualifier="1")

    def _settled(self, **qualifier):
        def look():
            found = self.server.client.get_function_configuration(FunctionName=self.function, **qualifier)
            return found if found["State"] != "Pending" else None

        return host.until(look, what=f"the end of Pending of {self.function}")

    def _meet_two_clones(self):
        """Invokes two clones at once, and each again. How long both take decides whether they meet."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for turn in range(TIMES):
                event = {"hold": min(100 * 2 ** turn, 3000)}
                calls = [pool.submit(self.server.invoke, self.function, event) for _ in range(2)]
                for call in calls:
                    payload, response = call.result()
                    assert "FunctionError" not in response, payload
                    self.answers.append(payload)
                if self._clones_seen_twice() >= 2 or not all(answer["ok"] for answer in self.answers):
                    break

    def _clones_seen_twice(self):
        counts = {}
        for answer in self.answers:
            counts.setdefault(answer["clone"], set()).add(answer["count"])
        return sum({1, 2} <= each for each in counts.values())

    def check_clones(self):
        assert self.version["State"] == "Active", "\n".join([self.reason, *self.log])
        assert not [answer["why"] for answer in self.answers if not answer["ok"]]
        assert self._clones_seen_twice() >= 2, self.answers
        unique = [answer["unique"] for answer in self.answers if "unique" in answer]
        assert len(set(unique)) == len(unique), unique

    def check_refusal(self, words):
        assert self.version["State"] == "Failed", "the version became active"
        assert self.version["StateReasonCode"] == "FunctionError.SnapshotRefused", self.reason
        assert re.search(words, self.reason), self.reason
        for line in self.log:
            if line.startswith("detail: "):
                assert line.removeprefix("detail: ") in self.reason, (line, self.reason)

    @property
    def denied(self):
        return {answer["unavailable"] for answer in self.answers} - {""}


@pytest.fixture(scope="module")
def server(servers):
    return servers.running("--max-sandboxes", "24", "--ready", "0", fresh=True)


@pytest.fixture(scope="module")
def states(server, request):
    """The states that the tests chosen ask for, on their way."""
    chosen = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {params["name"] for params in chosen if "name" in params}
    executables = programs.build(pathlib.Path(server.thaw).parent.parent.parent / "states")
    archives = {program: programs.archive(executable) for program, executable in executables.items()}
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    futures = {
        name: pool.submit(State, server, name, archives[name.partition(".")[0]]) for name in STATES if name in wanted
    }
    yield futures
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", programs.CARRIED)
def test_a_state_is_carried_into_two_clones_at_once(states, name):
    states[name].result().check_clones()


@pytest.mark.parametrize("name", programs.EITHER)
def test_a_rare_state_is_carried_or_refused(states, name):
    state = states[name].result()
    if state.version["State"] == "Active":
        state.check_clones()
    else:
        state.check_refusal(programs.EITHER[name])


@pytest.mark.parametrize("name", programs.REFUSED)
def test_a_state_that_no_clone_could_have_is_refused_by_name(states, name):
    state = states[name].result()
    if state.denied:
        assert state.denied <= programs.DENIED.get(name, set())
    else:
        state.check_refusal(programs.REFUSED[name])


@pytest.mark.parametrize("name", programs.REFUSED)
def test_nothing_is_left_of_a_refused_state(states, name):
    states[name].result()
    comm = ("-" + name.partition(".")[2])[:15]
    host.until(lambda: not processes({comm, "the-child"}), what="the end of the process")


@pytest.mark.parametrize("name", ["wake"])
def test_clones_are_told_what_they_are_unique_by(states, name):
    answers = states[name].result().answers
    by_clone = {answer["clone"]: answer for answer in answers}.values()
    for key in ("Thaw-Generation", "Thaw-Entropy", "Thaw-Wall-Clock"):
        assert len({each[key] for each in by_clone}) == len(by_clone), key
    assert len({answer["shared"] for answer in answers}) == 1
    for each in by_clone:
        assert len(base64.b64decode(each["Thaw-Entropy"])) == 64
        assert abs(int(each["Thaw-Wall-Clock"]) - int(each["time"])) < 60e9
        assert abs(int(each["time"]) - time.time_ns()) < 600e9


def test_the_server_has_no_sandbox_when_all_functions_are_gone(states, server):
    for state in states.values():
        state.exception()
    host.until(lambda: not server.machines(), what="the end of all sandboxes")


def processes(names):
    """The processes of the host that have one of these names."""
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "comm").read_text().strip() in names:
                    found.add(entry.name)
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found
