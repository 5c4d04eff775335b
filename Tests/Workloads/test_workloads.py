"""Functions made of packages as people use them: init imports and warms a package, its version is frozen, and two clones at
once do with it what the clone of a microVM would."""

import base64
import concurrent.futures
import re
import time

import pytest

import conftest
import debian
import host
import lambdas
import packages

TURNS = 6


def published(server, services, name, runtime, handler, code):
    """Version 1, and how long its publish took."""
    client = server.client
    client.create_function(
        FunctionName=name, Runtime=runtime, Role=lambdas.ROLE, Handler=handler, MemorySize=1024,
        Timeout=60, Code={"ZipFile": code}, SnapStart={"ApplyOn": "PublishedVersions"},
        Environment={"Variables": services.environment}, Tags={"thaw:network": "egress"},
    )  # fmt: skip
    settled(client, FunctionName=name)
    began = time.monotonic()
    client.publish_version(FunctionName=name)
    version = settled(client, FunctionName=name, Qualifier="1")
    return version, time.monotonic() - began


def settled(client, **function):
    def look():
        found = client.get_function_configuration(**function)
        return found if found["State"] != "Pending" else None

    return host.until(look, 120, f"the end of Pending of {function}")


def call(server, name, hold):
    began = time.monotonic()
    payload, response = server.invoke(name, {"hold": hold}, LogType="Tail")
    seconds = time.monotonic() - began - hold / 1000
    log = base64.b64decode(response["LogResult"]).decode(errors="replace")
    assert "FunctionError" not in response, f"{payload}\n{log}"
    memory = re.search(r"Max Memory Used: (\d+) MB", log)
    return payload, seconds, int(memory[1]) if memory else 0


@pytest.mark.parametrize("name", packages.CHOSEN)
def test_python(server, services, wheels, name):
    check(server, services, name, "python3.11", "workload.handler", packages.code(name, wheels))


@pytest.mark.parametrize("name", debian.JAVA if packages.ALL else [])
def test_java(server, services, parts, name):
    check(server, services, name, *debian.java(name, parts))


@pytest.mark.parametrize("name", debian.NODE if packages.ALL else [])
def test_node(server, services, parts, name):
    check(server, services, name, *debian.node(name, parts))


def check(server, services, name, *function):
    """Two clones do what their function does, and draw differently."""
    try:
        version, publish = published(server, services, name, *function)
        assert version["State"] == "Active", version.get("StateReason")
        clones, unique, firsts, memory = set(), [], [], 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            # How long both take decides whether two clones meet.
            for turn in range(TURNS):
                calls = [pool.submit(call, server, name, 100 * 2**turn) for _ in range(2)]
                for payload, seconds, megabytes in [each.result() for each in calls]:
                    if payload["clone"] not in clones:
                        firsts.append(seconds)
                    clones.add(payload["clone"])
                    unique += payload["unique"]
                    memory = max(memory, megabytes)
                if len(clones) > 1:
                    break
        assert len(clones) > 1
        assert len(set(unique)) == len(unique), f"clones have the same: {unique}"
        conftest.ROWS.append((name, publish, firsts[0], memory))
    finally:
        server.client.delete_function(FunctionName=name)
