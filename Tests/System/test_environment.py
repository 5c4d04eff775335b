"""What functions find around them: the environment, limits, tools and libraries that AWS's runtimes have."""

import base64
import io
import json
import pathlib
import stat
import zipfile

import pytest

import conftest
import lambdas
import serving

FUNCTIONS = pathlib.Path(__file__).resolve().parent / "functions"

# What is not there by name: for other operating systems, and all that needs Tk.
ELSEWHERE = {
    "_ios_support", "_msi", "_overlapped", "_scproxy", "_tkinter", "_winapi", "_wmi", "idlelib", "msilib", "msvcrt", "nt",
    "tkinter", "turtle", "turtledemo", "winreg", "winsound",
}

# As recorded on AWS, for every runtime but the oldest.
COMMON = {
    "AWS_LAMBDA_RUNTIME_API": "169.254.100.1:9001",
    "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LANG": "en_US.UTF-8",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "TZ": ":UTC",
}
BY_SCRIPT = {"PWD": "/var/task", "SHLVL": "0"}
PLACES = "/opt/nodejs/node{}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
OWN = {
    "python3.11": {**COMMON, **BY_SCRIPT, "PYTHONPATH": "/var/runtime"},
    "python3.13": {**COMMON, **BY_SCRIPT, "PYTHONPATH": "/var/runtime", "LC_CTYPE": "C.UTF-8"},
    "nodejs20.x": {**COMMON, **BY_SCRIPT, "NODE_PATH": PLACES.format(20)},
    "nodejs24.x": {**COMMON, **BY_SCRIPT, "NODE_PATH": PLACES.format(24)},
    "provided.al2023": COMMON,
}
# Set for each function, whatever its runtime.
EACH = {
    "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_XRAY_CONTEXT_MISSING",
    "LAMBDA_RUNTIME_DIR", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_HANDLER",
}

NODE = "exports.handler = async () => ({ environment: process.env });"
SHELL = """#!/bin/sh
set -euo pipefail
while true; do
    headers=$(mktemp)
    curl -sS -LD "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" -o /dev/null
    id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
    answer=$(env -0 | awk -v RS='\\0' -F= '
        { value = substr($0, length($1) + 2); gsub(/["\\\\]/, "", value); gsub(/\\n/, " ", value)
          printf "%s\\"%s\\":\\"%s\\"", separator, $1, value; separator = "," }')
    curl -sS "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "{\\"environment\\":{$answer}}"
done
"""


def zipped(files):
    """{name: (mode, content)}"""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, (mode, content) in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(entry, content)
    return packed.getvalue()


CODE = {
    "python": ("surroundings.handler", {
        "surroundings.py": (0o644, (FUNCTIONS / "surroundings.py").read_text()), "secret": (0o600, "x"), "public": (0o604, "x")}),
    "nodejs": ("index.handler", {"index.js": (0o644, NODE)}),
    "provided": ("any.thing", {"bootstrap": (0o755, SHELL)}),
}


@pytest.fixture
def made(servers):
    """Makes functions, which are deleted after the test."""
    server, names = servers.running(), []

    def make(runtime, handler, files, **settings):
        name = lambdas.unique("environment")
        server.client.create_function(
            FunctionName=name, Runtime=runtime, Handler=handler, Role=lambdas.ROLE, Code={"ZipFile": zipped(files)},
            MemorySize=512, Timeout=60, **settings)
        names.append(name)
        conftest.until_done(server.client, "function_active_v2", FunctionName=name)
        return name

    yield server, make
    for name in names:
        server.client.delete_function(FunctionName=name)


@pytest.mark.process
@pytest.mark.parametrize("runtime", OWN)
def test_environment_is_as_recorded(made, runtime):
    server, make = made
    handler, files = next(code for kind, code in CODE.items() if runtime.startswith(kind))
    answer, _ = server.invoke(make(runtime, handler, files), {}, qualifier="$LATEST")
    found = answer["environment"]
    expected = OWN[runtime]
    assert {name: found.get(name) for name in expected} == expected
    named = EACH | {"_X_AMZN_TRACE_ID"} | ({"AWS_EXECUTION_ENV"} if runtime != "provided.al2023" else set())
    # `_` is the shell's own, which the test's bootstrap is written in.
    assert set(found) - set(expected) - named - {"_", "PWD", "SHLVL", "OLDPWD"} == set()
    assert EACH <= set(found)
    assert found.get("AWS_EXECUTION_ENV") == (None if runtime == "provided.al2023" else f"AWS_Lambda_{runtime}")


def test_surroundings(made, isolation):
    server, make = made
    name = make("python3.11", *CODE["python"])
    event = b'{"all": 1}' if isolation == "process" else b"{}"
    response = server.client.invoke(FunctionName=name, Payload=event, LogType="Tail")
    found = json.loads(response["Payload"].read())
    assert "errorMessage" not in found, found
    assert found["limits"]["RLIMIT_NPROC"] == [742, 742] and found["limits"]["RLIMIT_NOFILE"] == [1024, 1024]
    # As much as the host lets any process have.
    assert found["limits"]["RLIMIT_CORE"][0] in (10_737_418_240, 0)
    if isolation == "process":
        assert set(found["absent"]) <= ELSEWHERE, found["absent"]
        assert found["boto3"] == "s3"
    assert (found["secret"], found["public"]) == ("Permission denied", "x")
    assert found["shell"] == ["1a", "2b", "x"]
    assert (found["grouped"], found["address"], found["zone"]) == ("1,234,567.80", "127.0.0.1", "US/Eastern")
    # There is no /dev/shm.
    assert (found["bundle"], found["entrypoint"], found["lock"]) == (True, True, None)
    log = base64.b64decode(response["LogResult"]).decode()
    assert "one\ntwo\n" in log and "printed\rthus\n" in log


@pytest.mark.process
def test_a_lock_of_processes_at_import_is_no_hindrance(made):
    server, make = made
    name = make("python3.11", *CODE["python"], SnapStart={"ApplyOn": "PublishedVersions"})
    conftest.publish(server.client, name)
    found, response = server.invoke(name, {})
    assert "FunctionError" not in response, found
    assert found["lock"] is None


@pytest.mark.process
def test_a_failed_start_leaves_its_last_words(made):
    server, make = made
    script = "#!/bin/sh\necho begins\necho 'no settings in /opt' >&2\nexit 3\n"
    name = make("provided.al2023", "any.thing", {"bootstrap": (0o755, script)})
    payload, _ = server.invoke(name, {}, qualifier="$LATEST")
    assert payload["errorMessage"].endswith("exited with error: exit status 3")
    log = serving.logs(server.thaw, server.state, name)
    assert {"begins", "no settings in /opt"} <= set(log), log


@pytest.mark.process
@pytest.mark.parametrize("runtime", ["python3.13"])
def test_all_of_another_releases_library(made, runtime):
    server, make = made
    found, _ = server.invoke(make(runtime, *CODE["python"]), {"all": 1}, qualifier="$LATEST")
    assert set(found["absent"]) <= ELSEWHERE, found["absent"]
    # The operating system of this release has no locale of LANG's name, there as here.
    assert found["grouped"] == "unsupported locale setting"


@pytest.mark.process
def test_a_wrapper_runs_the_runtime(made):
    server, make = made
    handler, files = CODE["python"]
    wrapper = '#!/bin/bash\nexport WRAPPED="$1"\nexec "$@"\n'
    environment = {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper", "PYTHONPATH": "/var/task/vendor"}}
    name = make("python3.11", handler, {**files, "wrapper": (0o755, wrapper)}, Environment=environment)
    found, _ = server.invoke(name, {}, qualifier="$LATEST")
    assert found["environment"]["WRAPPED"] == "/var/lang/bin/python3.11"
    payload, response = server.invoke(make("python3.11", handler, files, Environment=environment), {}, qualifier="$LATEST")
    assert payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {response['ResponseMetadata']['RequestId']} Error: Runtime exited with error: exit status 127",
    }


@pytest.mark.process
@pytest.mark.parametrize(
    "files, text",
    [
        ({"bootstrap": (0o755, b"\x00no program")}, "fork/exec /var/task/bootstrap: exec format error"),
        ({"bootstrap": (0o755, "#!/absent/interpreter\n")}, "fork/exec /var/task/bootstrap: no such file or directory"),
        ({"bootstrap": (0o644, "#!/bin/sh\n")}, "fork/exec /var/task/bootstrap: permission denied"),
        ({"other": (0o755, "#!/bin/sh\n")}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
    ],
)
def test_a_bootstrap_that_cannot_be_executed(made, files, text):
    server, make = made
    payload, response = server.invoke(make("provided.al2023", "any.thing", files), {}, qualifier="$LATEST")
    assert response["FunctionError"] == "Unhandled"
    assert payload == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: {response['ResponseMetadata']['RequestId']} Error: {text}",
    }
