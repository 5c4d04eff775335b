"""thaw deploy, invoke, ls and rm, which speak to a server as any client does."""

import json
import os
import subprocess

import pytest
from lambdas import unique

pytestmark = pytest.mark.once

CODE = """
import os

try:
    from shared import END
except ImportError:
    END = ""

GREETING = os.environ.get("GREETING", "hello") + END


def handler(event, context):
    print("answering")
    if event.get("fail"):
        raise ValueError("as asked for")
    return {"greeting": GREETING, "version": context.function_version, "name": event.get("name")}
"""


@pytest.fixture
def thaw(endpoint):
    def run(*arguments):
        done = subprocess.run(
            [os.environ["THAW_TEST_COMMAND"], *arguments, "--endpoint", endpoint],
            capture_output=True, text=True, timeout=180,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_directory_becomes_a_function_with_a_snapshot(thaw, client, tmp_path):
    name = unique("deployed")
    (tmp_path / "app.py").write_text(CODE)
    what = ("deploy", str(tmp_path), "--name", name, "--runtime", "python3.11", "--handler", "app.handler")
    status, out, err = thaw(*what, "--snapstart", "--alias", "live", "--env", "GREETING=hi=there")
    assert (status, out) == (0, f"{name}:live\n"), err
    assert client.get_function_configuration(FunctionName=name, Qualifier="1")["SnapStart"]["OptimizationStatus"] == "On"

    status, out, err = thaw("invoke", f"{name}:live", '{"name": "you"}', "--logs")
    assert status == 0, err
    assert json.loads(out) == {"greeting": "hi=there", "version": "1", "name": "you"}
    assert "answering" in err

    (tmp_path / "app.py").write_text(CODE.replace("hello", "good day"))
    status, out, err = thaw("deploy", str(tmp_path), "--name", name, "--alias", "live")
    assert (status, out) == (0, f"{name}:live\n"), err
    assert json.loads(thaw("invoke", f"{name}:live")[1])["version"] == "2"

    status, out, err = thaw("ls")
    assert status == 0, err
    assert name in out
    assert thaw("rm", name)[0] == 0
    assert name not in thaw("ls")[1]


def test_a_template_becomes_its_functions(thaw, client, tmp_path):
    name = unique("deployed")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(CODE)
    (tmp_path / "shared" / "python").mkdir(parents=True)
    (tmp_path / "shared" / "python" / "shared.py").write_text("END = '?'\n")
    (tmp_path / "template.yaml").write_text(f"""
Transform: AWS::Serverless-2016-10-31
Globals: {{Function: {{Runtime: python3.11, Handler: app.handler, Environment: {{Variables: {{GREETING: hey}}}}}}}}
Resources:
  Snap:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: {name}
      CodeUri: src
      SnapStart: {{ApplyOn: PublishedVersions}}
      AutoPublishAlias: live
      Layers: [!Ref Shared]
  Shared: {{Type: AWS::Serverless::LayerVersion, Properties: {{LayerName: {name}, ContentUri: shared}}}}
  Table: {{Type: AWS::DynamoDB::Table}}
""")
    status, out, err = thaw("deploy", str(tmp_path / "template.yaml"))
    assert (status, out) == (0, f"{name}:live\n"), err
    assert "left out: Table: resources of type AWS::DynamoDB::Table" in err
    assert json.loads(thaw("invoke", f"{name}:live")[1])["greeting"] == "hey?"
    # Once more nothing has changed, then the layer has.
    for text, version in (("END = '?'\n", 1), ("END = '!'\n", 2)):
        (tmp_path / "shared" / "python" / "shared.py").write_text(text)
        status, _, err = thaw("deploy", str(tmp_path / "template.yaml"))
        assert status == 0, err
        (layer,) = client.get_function_configuration(FunctionName=name, Qualifier="live")["Layers"]
        assert layer["Arn"].endswith(f":layer:{name}:{version}")
    assert json.loads(thaw("invoke", f"{name}:live")[1])["greeting"] == "hey!"


def test_what_goes_wrong_is_said(thaw, tmp_path):
    name = unique("deployed")
    (tmp_path / "app.py").write_text("import nothing_of_this_name\n")
    status, _, err = thaw("deploy", str(tmp_path), "--name", name)
    assert status != 0 and "--runtime and --handler" in err
    status, _, err = thaw(
        "deploy", str(tmp_path), "--name", name, "--runtime", "python3.11", "--handler", "app.handler", "--snapstart"
    )
    assert status != 0
    assert f"version 1 of {name} failed" in err and "nothing_of_this_name" in err
    status, _, err = thaw("invoke", unique("nobody"))
    assert status != 0 and "Function not found" in err


def test_a_failed_function_is_a_failed_command(thaw, tmp_path):
    name = unique("deployed")
    (tmp_path / "app.py").write_text(CODE)
    thaw("deploy", str(tmp_path), "--name", name, "--runtime", "python3.11", "--handler", "app.handler")
    status, out, _ = thaw("invoke", name, '{"fail": true}')
    assert status == 1
    assert json.loads(out)["errorMessage"] == "as asked for"


def test_nobody_at_the_endpoint(endpoint):
    done = subprocess.run(
        [os.environ["THAW_TEST_COMMAND"], "ls", "--endpoint", "http://127.0.0.1:9"],
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode != 0
    assert "Start one with `thaw serve`" in done.stderr
