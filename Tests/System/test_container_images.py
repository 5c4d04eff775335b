"""Functions that are container images, made without an engine of this host's own programs: a static program and nothing else, the
same with musl, and this host's Python with AWS's runtime interface client."""

import importlib.util
import pathlib
import subprocess

import pytest

import lambdas
import layouts

SOURCE = pathlib.Path(__file__).parent / "functions" / "container" / "bootstrap.c"
LABEL = {"com.amazonaws.lambda.feature.snapstart": "Allow"}
HANDLER = """\
import os
import threading

import snapshot_restore_py

seen = {"hooks": []}


@snapshot_restore_py.register_before_snapshot
def before():
    seen["hooks"].append("before")


@snapshot_restore_py.register_after_restore
def after():
    seen["hooks"].append("after")


def handler(event, context):
    return {**seen, "user": os.getuid(), "directory": os.getcwd(), "event": event,
            "start": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]}
"""


@pytest.fixture(scope="module")
def layout(base):
    """With an image for each tag."""
    layout = base / "layout"
    for name, options in {"static": ["gcc", "-static"], "musl": ["musl-gcc"]}.items():
        program = base / name
        subprocess.run([*options, "-O1", "-o", program, SOURCE], check=True)
        files = {"/bin/app": program, "/work/dir": None}
        if name == "musl":
            files["/lib/ld-musl-x86_64.so.1"] = pathlib.Path("/lib/ld-musl-x86_64.so.1")
        layers = [layouts.layer({"/bin/app": "replaced", "/gone/file": "x"}), layouts.layer({**files, "/gone/.wh.file": ""})]
        config = {
            "Entrypoint": ["app", "one"], "Cmd": ["two"], "WorkingDir": "/work/dir", "User": "0:0",
            "Env": ["OWN=image", "AWS_REGION=mars", "PATH=/nowhere:/bin"],
        }  # fmt: skip
        layouts.write(layout, layers, name, **config)
        layouts.write(layout, layers, f"{name}-allowed", **config, Labels=LABEL)
        layouts.write(layout, layers, f"{name}-restoring", **{**config, "Entrypoint": ["/bin/app", "--restore"]})
    modules = [pathlib.Path(importlib.util.find_spec(name).origin) for name in ("runtime_client", "snapshot_restore_py")]
    modules += [pathlib.Path(importlib.util.find_spec(name).origin).parent for name in ("awslambdaric", "simplejson")]
    layouts.write(
        layout, [layouts.layer(layouts.python(modules)), layouts.layer({"/function/app.py": HANDLER})], "python",
        Entrypoint=["python3", "-m", "awslambdaric"], Cmd=["app.handler"], WorkingDir="/function",
    )
    return layout


@pytest.fixture
def server(servers):
    return servers.running()


@pytest.fixture
def function(server, layout):
    """Creates a function of an image of the layout; it is gone after the test."""
    name = lambdas.unique("image")

    def create(tag, **given):
        answer = server.client.create_function(
            FunctionName=name, Role=lambdas.ROLE, PackageType="Image", Code={"ImageUri": f"oci:{layout}:{tag}"},
            Timeout=60, **given,
        )
        lambdas.wait(server.client, "function_active_v2", FunctionName=name)
        return answer

    create.name = name
    yield create
    lambdas.call(server.client.delete_function, FunctionName=name)


def publish(server, name):
    version = server.client.publish_version(FunctionName=name)["Version"]
    while True:
        found = server.client.get_function_configuration(FunctionName=name, Qualifier=version)
        if found["State"] != "Pending":
            return found
        waiter = "published_version_active"
        lambdas.call(lambdas.wait, client=server.client, waiter=waiter, FunctionName=name, Qualifier=version)


def test_an_image_runs_as_it_says_and_as_lambda_does(server, function, layout):
    created = function("static", Environment={"Variables": {"GIVEN": "client"}})
    digest = created["CodeSha256"]
    assert created["PackageType"] == "Image" and not {"Runtime", "Handler", "RuntimeVersionConfig"} & created.keys()
    code = server.client.get_function(FunctionName=function.name)["Code"]
    assert code == {
        "RepositoryType": "ECR", "ImageUri": f"oci:{layout}:static", "ResolvedImageUri": f"oci:{layout}@sha256:{digest}",
    }  # fmt: skip
    payload, response = lambdas.invoke(server.client, function.name, {})
    assert "FunctionError" not in response, payload
    assert payload == {
        "words": ["app", "one", "two"], "directory": "/work/dir", "user": 993, "root": 0, "tmp": 1, "OWN": "image",
        "AWS_REGION": "us-east-1", "PATH": "/nowhere:/bin", "LAMBDA_TASK_ROOT": "/var/task", "_HANDLER": "two",
        "AWS_LAMBDA_FUNCTION_NAME": function.name, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "GIVEN": "client",
    }  # fmt: skip


@pytest.mark.process
def test_image_config_replaces_what_the_image_says(server, function):
    function("musl", ImageConfig={"Command": ["other", "words"], "WorkingDirectory": "/work"})
    payload, _ = lambdas.invoke(server.client, function.name, {})
    assert (payload["words"], payload["directory"]) == (["app", "one", "other", "words"], "/work")
    for config, error in (
        ({"EntryPoint": ["/no/such"]}, "fork/exec /no/such: no such file or directory"),
        ({"WorkingDirectory": "/no/such"}, "chdir /no/such: no such file or directory"),
    ):
        server.client.update_function_configuration(FunctionName=function.name, ImageConfig=config)
        lambdas.wait(server.client, "function_updated_v2", FunctionName=function.name)
        payload, response = lambdas.invoke(server.client, function.name, {})
        assert response["FunctionError"] == "Unhandled" and error in payload["errorMessage"], payload


@pytest.mark.process
@pytest.mark.parametrize("kind", ["static", "musl"])
def test_a_snapshot_needs_the_label_or_a_runtime_that_knows_of_it(server, function, layout, kind):
    function(kind, SnapStart={"ApplyOn": "PublishedVersions"})
    refused = publish(server, function.name)
    assert refused["State"] == "Failed"
    assert "error occurred during function initialization" in refused["StateReason"]
    assert 'LABEL com.amazonaws.lambda.feature.snapstart="Allow"' in refused["StateReason"]
    for tag in ("allowed", "restoring"):
        server.client.update_function_code(FunctionName=function.name, ImageUri=f"oci:{layout}:{kind}-{tag}")
        lambdas.wait(server.client, "function_updated_v2", FunctionName=function.name)
        version = publish(server, function.name)
        assert (version["State"], version["SnapStart"]["OptimizationStatus"]) == ("Active", "On"), version
        payload, response = server.invoke(function.name, {}, version["Version"])
        assert payload["AWS_LAMBDA_INITIALIZATION_TYPE"] == "snap-start", response


def test_python_with_awss_client_is_frozen_with_its_hooks(server, function):
    function("python", SnapStart={"ApplyOn": "PublishedVersions"}, MemorySize=256)
    version = publish(server, function.name)
    assert (version["State"], version["SnapStart"]["OptimizationStatus"]) == ("Active", "On"), version
    payload, response = server.invoke(function.name, {"n": 1}, version["Version"])
    assert payload == {
        "hooks": ["before", "after"], "user": 993, "directory": "/function", "event": {"n": 1}, "start": "snap-start",
    }, response  # fmt: skip


@pytest.mark.process
def test_an_image_can_be_tried_without_a_server(thaw, servers, isolation, layout):
    def tried(tag):
        command = [thaw, "image", "try", f"oci:{layout}:{tag}", "--isolation", isolation, "--state-dir", servers.state]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    good, bad = tried("static-restoring"), tried("static")
    assert good.returncode == 0 and "/restore/next" in good.stdout and "\nsnapshot        taken" in good.stdout, good
    assert bad.returncode == 1 and "/invocation/next" in bad.stdout and "snapshot        none, FunctionError" in bad.stdout
    assert not list(servers.state.glob("try.*"))
