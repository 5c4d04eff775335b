"""The aws command line, from create to delete."""

import base64
import json
import zipfile

from conftest import ROLE
from lambdas import unique


def test_whole_way(aws, tmp_path):
    name = unique("cli")
    (tmp_path / "app.py").write_text("def handler(event, context):\n    print('seen')\n    return {'got': event}\n")
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as archive:
        archive.write(tmp_path / "app.py", "app.py")

    status, created = aws(
        "create-function", "--function-name", name, "--runtime", "python3.11", "--role", ROLE,
        "--handler", "app.handler", "--zip-file", f"fileb://{tmp_path}/function.zip", "--memory-size", 256,
    )
    assert status == 0, created
    assert created["State"] == "Pending"
    try:
        assert aws("wait", "function-active-v2", "--function-name", name) == (0, None)
        assert aws("get-function", "--function-name", name)[1]["Configuration"]["State"] == "Active"

        out = tmp_path / "out.json"
        status, answer = aws(
            "invoke", "--function-name", name, "--payload", '{"n": 1}', "--log-type", "Tail", out
        )
        assert status == 0, answer
        assert json.loads(out.read_text()) == {"got": {"n": 1}}
        assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
        assert "seen\n" in base64.b64decode(answer["LogResult"]).decode()

        assert aws("publish-version", "--function-name", name)[1]["Version"] == "1"
        assert aws("wait", "published-version-active", "--function-name", name, "--qualifier", "1") == (0, None)
        versions = aws("list-versions-by-function", "--function-name", name)[1]["Versions"]
        assert [version["Version"] for version in versions] == ["$LATEST", "1"]

        status, updated = aws("update-function-configuration", "--function-name", name, "--timeout", 20)
        assert status == 0 and updated["Timeout"] == 20, updated
        assert aws("wait", "function-updated-v2", "--function-name", name) == (0, None)
        listed = aws("list-functions")[1]["Functions"]
        assert [function["Timeout"] for function in listed if function["FunctionName"] == name] == [20]
    finally:
        status, answer = aws("delete-function", "--function-name", name)
    assert status == 0, answer
    status, error = aws("get-function", "--function-name", name)
    assert status != 0
    assert "(ResourceNotFoundException) when calling the GetFunction operation: Function not found:" in error


def test_snapshot_through_the_command_line(aws, app, tmp_path):
    out = tmp_path / "out.json"
    status, answer = aws(
        "invoke", "--function-name", app.name, "--qualifier", "1", "--payload", '{"action": "describe"}', out
    )
    assert status == 0, answer
    assert answer["ExecutedVersion"] == "1"
    assert json.loads(out.read_text())["initialization_type"] == "snap-start"


def test_function_error_is_no_error_of_the_command(aws, app, tmp_path):
    status, answer = aws(
        "invoke", "--function-name", app.name, "--qualifier", "1", "--payload", '{"action": "fail"}', tmp_path / "out"
    )
    assert status == 0
    assert answer["FunctionError"] == "Unhandled"


def test_dry_run(aws, app, tmp_path):
    status, answer = aws("invoke", "--function-name", app.name, "--invocation-type", "DryRun", tmp_path / "out")
    assert status == 0
    assert answer["StatusCode"] == 204
