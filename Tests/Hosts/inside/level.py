"""What people do at one isolation level."""

import concurrent.futures
import pathlib
import time

import host
import lambdas
from report import need

CODE = {"everything.py": (pathlib.Path(__file__).parent / "everything.py").read_text()}
AT_ONCE = 4
# An emulated machine takes some ten seconds to fill a function's memory when nothing else runs.
TIMEOUT = 60


class Level:
    """One function whose tag says how it is isolated."""

    def __init__(self, name, service, world, function=None):
        self.name = name
        self.service = service
        self.world = world
        self.function = function or f"everything-{name}"
        self.latest = self.version = self.published = self.pair = None

    def checks(self):
        """In their order: name, what to do, and for how long at most."""
        return [
            ("cold start", self.cold_start, 180),
            ("publish", self.publish, 240),
            ("clones one by one", self.one_by_one, 180),
            ("clones at once", self.at_once, 180),
            ("clones are unique", self.unique, 5),
            ("isolated", self.isolated, 60),
            ("egress", self.egress, 60),
            ("virtual network", self.virtual_network, 60),
            ("memory has a limit", self.memory, 120),
            ("processes have a limit", self.processes, 120),
            ("time has a limit", self.time, 120),
        ]

    @property
    def client(self):
        return self.service.client

    def invoke(self, action, qualifier="1", **event):
        return lambdas.invoke(self.client, self.function, {"do": action, **event}, Qualifier=qualifier)

    def told(self, action, **more):
        payload, response = self.invoke(action, **more)
        assert "FunctionError" not in response, payload
        return payload

    def sandboxes(self):
        return host.SANDBOXES[self.name](self.service.pid)

    def cold_start(self):
        self.client.create_function(
            FunctionName=self.function, Runtime="python3.11", Handler="everything.handler", Role=lambdas.ROLE,
            Code={"ZipFile": lambdas.zip_of(CODE)}, MemorySize=256, Timeout=TIMEOUT, Tags={"thaw:isolation": self.name},
            SnapStart={"ApplyOn": "PublishedVersions"},
        )  # fmt: skip
        lambdas.wait(self.client, "function_active_v2", FunctionName=self.function)
        self.told("describe", qualifier="$LATEST")
        assert self.sandboxes(), f"no sandbox is a {self.name}"
        self.latest = True

    def publish(self):
        need(self.latest, "cold start")
        self.client.publish_version(FunctionName=self.function)
        version = {"FunctionName": self.function, "Qualifier": "1"}
        try:
            lambdas.wait(self.client, "published_version_active", **version)
        finally:
            found = self.client.get_function_configuration(**version)
            told = found["State"], found.get("StateReason"), found["SnapStart"]
        assert found["SnapStart"]["OptimizationStatus"] == "On", told
        self.version, self.published = "1", time.time()

    def one_by_one(self):
        need(self.version, "version")
        clones, milliseconds = set(), []
        # One that is still at work after its answer is not waited for: another ends then, and it comes again.
        for _ in range(12):
            if len(clones) == 3:
                break
            began = time.monotonic()
            clones.add(self.told("describe")["clone"])
            milliseconds.append(round((time.monotonic() - began) * 1000))
            assert "FunctionError" in self.invoke("end")[1]
        assert len(clones) == 3, clones
        return f"first responses after {milliseconds} ms"

    def at_once(self):
        need(self.version, "version")
        began = time.time()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda _: self.told("describe", hold=5), range(AT_ONCE)))
        assert len({answer["clone"] for answer in answers}) == AT_ONCE, answers
        self.pair = answers[0], answers[1], (began, time.time())

    def unique(self):
        one, other, (began, ended) = need(self.pair, "pair of clones")
        assert one["made_in_init"] == other["made_in_init"]
        for source in one["random"]:
            values = [one["made_in_init"][source]]
            values += [each["random"][source] for each in (one["restored"], one, other["restored"], other)]
            assert len(set(values)) == 5, (source, values)
        for each in (one, other):
            # One that the check before left may have been thawed before this one began, but none stands at the freeze.
            assert self.published - 2 <= each["restored"]["clock"], (self.published, each)
            assert began - 2 <= each["clock"] <= ended + 2, (began, each, ended)

    # MARK: - Networks

    def asks(self, place, network):
        need(self.version, "version")
        name = f"arn:aws:lambda:{lambdas.REGION}:123456789012:function:{self.function}"
        self.client.tag_resource(Resource=name, Tags={"thaw:network": network})
        return self.told("ask", place=place)

    def isolated(self):
        for place in (self.world.outside, self.world.station):
            said = self.asks(place, "isolated")
            assert said == "ECONNREFUSED", said

    def egress(self):
        said = self.asks(self.world.outside, "egress")
        assert said == f"outside {self.world.HOST}", said

    def virtual_network(self):
        said = self.asks(self.world.station, "vpc:red")
        assert said.startswith("red 10.0.0."), said

    # MARK: - Limits

    def still_works(self):
        assert self.told("describe")["clone"]

    def memory(self):
        need(self.version, "version")
        payload, response = self.invoke("eat")
        assert "FunctionError" in response, payload
        self.still_works()
        reason = payload["errorMessage"].partition("Error: ")[2]
        assert reason == "Runtime exited with error: signal: killed", payload
        return reason

    def processes(self):
        """A virtual machine's own are nobody else's; those of a process are the host's, and may be too many or too large."""
        need(self.version, "version")
        most = {"microvm": 50, "process": 1500}[self.name]
        payload, response = self.invoke("fork", most=most)
        self.still_works()
        if "FunctionError" in response:
            return payload["errorMessage"].partition("Error: ")[2]
        assert self.name == "microvm" or payload["children"] < most, payload
        return f"{payload['children']} children, then {payload['error']}"

    def time(self):
        """The server answers others while a function takes all the time there is, until its own is over."""
        need(self.version, "version")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            spinning = pool.submit(self.invoke, "spin")
            self.still_works()
            assert not spinning.done(), spinning.result()
            payload, _ = spinning.result()
        assert payload["errorMessage"].endswith(f"Task timed out after {TIMEOUT}.00 seconds"), payload
