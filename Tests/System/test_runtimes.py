"""What only some releases of a language have, in clones of processes."""

import pathlib
import subprocess
import tempfile

import pytest

import conftest
import lambdas

SOURCES = pathlib.Path(__file__).resolve().parent / "functions"
# What require() takes has no await at its top level.
REQUIRED, IMPORTED = "export const answer = 42;", "export const answer = await Promise.resolve(42);"


@pytest.fixture
def published(servers, thaw, isolation):
    """Makes and publishes functions, which are deleted after the test."""
    if isolation == "microvm":
        pytest.skip("a machine is frozen whole, whatever runs in it")
    server, names = servers.running(), []

    def publish(runtime, handler, files, **settings):
        subprocess.run([thaw, "image", "build", runtime, "--state-dir", servers.state], check=True)
        name = lambdas.unique("release")
        server.client.create_function(
            FunctionName=name, Code={"ZipFile": lambdas.zip_of(files)}, Runtime=runtime, Role=lambdas.ROLE, Handler=handler,
            MemorySize=512, Timeout=60, SnapStart={"ApplyOn": "PublishedVersions"}, **settings)
        names.append(name)
        conftest.until_done(server.client, "function_active_v2", FunctionName=name)
        conftest.publish(server.client, name)
        return name

    yield server, publish
    for name in names:
        server.client.delete_function(FunctionName=name)


@pytest.mark.parametrize(("runtime", "options", "collector"), [("java21", "", "Copy"), ("java25", "-XX:+UseZGC", "ZGC")])
def test_virtual_threads_go_on_in_clones(published, runtime, options, collector):
    server, publish = published
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["javac", "--release", "17", "-d", directory, str(SOURCES / "Threads.java")], check=True)
        files = {path.name: path.read_bytes() for path in pathlib.Path(directory).glob("*.class")}
    environment = {"Variables": {"JAVA_TOOL_OPTIONS": options} if options else {}}
    name = publish(runtime, "Threads::handle", files, Environment=environment)
    for _ in range(2):
        payload, response = server.invoke(name, {})
        assert "FunctionError" not in response, payload
        assert (payload["sum"], payload["slept"], payload["kept"]) == (9900, True, 789)
        assert collector in payload["collectors"]


def test_modules_can_be_required(published):
    server, publish = published
    code = 'const { answer } = require("./lib.mjs"); exports.handler = async () => answer;'
    name = publish("nodejs24.x", "index.handler", {"index.js": code, "lib.mjs": REQUIRED})
    assert server.invoke(name, {})[0] == 42
    code = 'import { answer } from "./lib.mjs"; export const handler = async () => answer;'
    files = {"index.js": code, "lib.mjs": IMPORTED, "package.json": '{"type": "module"}'}
    name = publish("nodejs24.x", "index.handler", files)
    assert server.invoke(name, {})[0] == 42
