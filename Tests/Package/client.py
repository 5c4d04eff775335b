"""Makes a function, publishes a version and invokes both, with nothing but Python's own library."""
import base64
import io
import json
import sys
import time
import urllib.request
import zipfile

SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=" + "0" * 64
)
FUNCTIONS = "/2015-03-31/functions"
HANDLER = "def handler(event, context):\n    return {'got': event}\n"


def call(method, path, body=None):
    request = urllib.request.Request("http://127.0.0.1:9000" + path, method=method, data=body)
    request.add_header("Authorization", SIGNATURE)
    request.add_header("X-Amz-Date", "20260101T000000Z")
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


def reached(path, field, value):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = call("GET", path)
        if found[field] == value:
            return
        assert found[field] != "Failed", found
    sys.exit(f"{field} of {path} did not become {value}")


code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    entry = zipfile.ZipInfo("app.py")
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, HANDLER)
call("POST", FUNCTIONS, json.dumps({
    "FunctionName": "hello", "Runtime": "python3.11", "Handler": "app.handler", "Timeout": 30,
    "Role": "arn:aws:iam::123456789012:role/any", "SnapStart": {"ApplyOn": "PublishedVersions"},
    "Code": {"ZipFile": base64.b64encode(code.getvalue()).decode()}}).encode())
reached(FUNCTIONS + "/hello/configuration", "State", "Active")
call("POST", FUNCTIONS + "/hello/versions", b"{}")
reached(FUNCTIONS + "/hello/configuration?Qualifier=1", "State", "Active")
for qualifier in ("$LATEST", "1", "1"):
    answer = call("POST", FUNCTIONS + f"/hello/invocations?Qualifier={qualifier}", b'{"n": 1}')
    assert answer["got"] == {"n": 1}, answer
print("answered")
