"""A server with users and a certificate, as unmodified clients see it. They have nothing to do with isolation."""

import datetime
import ipaddress
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import lambdas
import pytest
import serving
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

pytestmark = pytest.mark.process

USERS = {
    "users": [
        {
            "name": "admin", "accessKeyId": "AKIDADMIN", "secretAccessKey": "the secret of the admin",
            "allow": [{"actions": ["*"], "functions": ["*"]}],
        },
        {
            "name": "team", "accessKeyId": "AKIDTEAM", "secretAccessKey": "the secret of the team",
            "allow": [{"actions": ["lambda:Invoke*", "lambda:CreateFunction"], "functions": ["team-*"]}],
        },
        {"name": "guest", "accessKeyId": "AKIDGUEST", "secretAccessKey": "the secret of the guest", "allow": []},
    ]
}  # fmt: skip
SECRETS = {user["accessKeyId"]: user["secretAccessKey"] for user in USERS["users"]}


def certify(directory):
    """A key, and a certificate for loopback that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "thaw test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_secret(directory / "key.pem", private)


def write_secret(path, content):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(content)


class Guarded:
    def __init__(self, server, directory):
        self.server = server
        self.endpoint = server.endpoint
        self.authorities = str(directory / "certificate.pem")

    def connect(self, key="AKIDADMIN", secret=None, **settings):
        return boto3.client(
            "lambda",
            endpoint_url=self.endpoint, verify=self.authorities, aws_access_key_id=key,
            aws_secret_access_key=secret or SECRETS[key],
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
            **{"region_name": lambdas.REGION, **settings},
        )  # fmt: skip

    def environment(self, key="AKIDADMIN", secret=None):
        return {
            "PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_CA_BUNDLE": self.authorities,
            "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret or SECRETS[key], "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_DEFAULT_REGION": lambdas.REGION,
            "AWS_PAGER": "",
        }  # fmt: skip

    def fetch(self, url, method="GET", body=None, headers=None):
        """Status, headers and body, without any signature but the URL's own."""
        request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
        context = ssl.create_default_context(cafile=self.authorities)
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()


@pytest.fixture(scope="module")
def guarded(servers, tmp_path_factory):
    directory = tmp_path_factory.mktemp("secrets")
    write_secret(directory / "users.json", json.dumps(USERS).encode())
    certify(directory)
    server = servers.running(
        "--auth", "sigv4", "--users", str(directory / "users.json"),
        "--tls-certificate", str(directory / "certificate.pem"), "--tls-key", str(directory / "key.pem"),
    )  # fmt: skip
    yield Guarded(server, directory)
    servers.stop()


CODE = lambdas.zip_of({"app.py": "def handler(event, context):\n    return event\n"})


@pytest.fixture(scope="module")
def function(guarded):
    client = guarded.connect()
    name = lambdas.unique("team")
    client.create_function(
        FunctionName=name, Runtime="python3.11", Role=lambdas.ROLE, Handler="app.handler", Code={"ZipFile": CODE}
    )
    lambdas.wait(client, "function_active_v2", FunctionName=name)
    yield name
    client.delete_function(FunctionName=name)


def refusal(call, **arguments):
    """Type, status and text of what a call is refused with."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    message = answer["Error"]["Message"] or answer.get("Message") or answer.get("message")
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], message


def test_users_do_what_they_may(guarded, function):
    payload, _ = lambdas.invoke(guarded.connect("AKIDTEAM"), function, {"a": [1, "ä"]})
    assert payload == {"a": [1, "ä"]}
    arn = f"arn:aws:lambda:{lambdas.REGION}:123456789012:function:{function}"
    assert lambdas.invoke(guarded.connect("AKIDTEAM"), arn, {}, Qualifier="$LATEST")[0] == {}
    code, status, message = refusal(guarded.connect("AKIDTEAM").get_function, FunctionName=function)
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == (
        f"User: arn:aws:iam::123456789012:user/team is not authorized to perform: lambda:GetFunction on resource: {arn} "
        "because no identity-based policy allows the lambda:GetFunction action"
    )
    create = {"Runtime": "python3.11", "Role": lambdas.ROLE, "Handler": "app.handler", "Code": {"ZipFile": CODE}}
    code, _, _ = refusal(guarded.connect("AKIDTEAM").create_function, FunctionName="other", **create)
    assert code == "AccessDeniedException"
    assert function in [entry["FunctionName"] for entry in guarded.connect().list_functions()["Functions"]]


def permission(guarded, function, action, **conditions):
    """Lets the guest, who may nothing, do something with the function, and nothing else."""
    return guarded.connect().add_permission(
        FunctionName=function, StatementId=action, Action=f"lambda:{action}", **conditions,
        Principal="arn:aws:iam::123456789012:user/guest",
    )  # fmt: skip


def test_the_policy_of_a_function_lets_in_whom_it_names(guarded, function):
    guest = guarded.connect("AKIDGUEST")
    assert refusal(guest.invoke, FunctionName=function)[0] == "AccessDeniedException"
    permission(guarded, function, "InvokeFunction")
    assert lambdas.invoke(guest, function, {"a": 1})[0] == {"a": 1}
    assert refusal(guest.get_function, FunctionName=function)[0] == "AccessDeniedException"
    # A version has a policy of its own.
    assert refusal(guest.invoke, FunctionName=function, Qualifier="1")[0] == "AccessDeniedException"
    guarded.connect().remove_permission(FunctionName=function, StatementId="InvokeFunction")
    assert refusal(guest.invoke, FunctionName=function)[0] == "AccessDeniedException"


def call_url(guarded, url, key=None, body=b"", sent=None, service="lambda"):
    """Status and text of a call of a function URL that a user signs, or nobody."""
    headers = {"Content-Type": "text/plain"}
    if key:
        request = botocore.awsrequest.AWSRequest("POST", url, headers=headers, data=body)
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, SECRETS[key]), service, lambdas.REGION).add_auth(request)
        headers = dict(request.prepare().headers)
    status, _, text = guarded.fetch(url, "POST", body if sent is None else sent, headers)
    return status, text.decode()


def test_a_function_url_with_aws_iam_is_for_those_who_may(guarded, function):
    url = guarded.connect().create_function_url_config(FunctionName=function, AuthType="AWS_IAM")["FunctionUrl"]
    called = url + "a%20b/c~d?x=1&y=%2F&x=0"
    for key, user in (("AKIDTEAM", "team"), ("AKIDADMIN", "admin")):
        status, text = call_url(guarded, called, key, b"text")
        assert status == 200, text
        event = json.loads(text)
        assert (event["rawPath"], event["rawQueryString"], event["body"]) == ("/a%20b/c~d", "x=1&y=%2F&x=0", "text")
        iam = event["requestContext"]["authorizer"]["iam"]
        assert (iam["userArn"], iam["accessKey"]) == (f"arn:aws:iam::123456789012:user/{user}", key)
    refused = [
        call_url(guarded, called), call_url(guarded, called, "AKIDGUEST"), call_url(guarded, called, "AKIDTEAM", b"text", b"TEXT"),
        call_url(guarded, called, "AKIDTEAM", service="execute-api"),
    ]  # fmt: skip
    assert [(status, "Forbidden. For troubleshooting Function URL" in text) for status, text in refused] == [(403, True)] * 4
    permission(guarded, function, "InvokeFunctionUrl", FunctionUrlAuthType="AWS_IAM")
    assert call_url(guarded, called, "AKIDGUEST")[0] == 200
    assert refusal(guarded.connect("AKIDGUEST").invoke, FunctionName=function)[0] == "AccessDeniedException"


def test_wrong_secrets_are_refused_in_aws_words(guarded, function):
    forged = guarded.connect("AKIDADMIN", "the secret of another")
    assert refusal(forged.invoke, FunctionName=function) == (
        "InvalidSignatureException", 403,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
        "and signing method. Consult the service documentation for details.",
    )  # fmt: skip
    unknown = guarded.connect("AKIDNOBODY", "the secret of nobody")
    assert refusal(unknown.list_functions) == (
        "UnrecognizedClientException", 403, "The security token included in the request is invalid."
    )  # fmt: skip
    elsewhere = guarded.connect(region_name="eu-west-1")
    assert refusal(elsewhere.list_functions)[2].startswith("Credential should be scoped to a valid region, not 'eu-west-1'.")
    upload = {"Runtime": "python3.11", "Role": lambdas.ROLE, "Handler": "app.handler", "Code": {"ZipFile": CODE}}
    assert refusal(forged.create_function, FunctionName="forged", **upload)[0] == "InvalidSignatureException"
    assert refusal(guarded.connect().get_function, FunctionName="forged")[0] == "ResourceNotFoundException"


def signed(guarded, path, at, presigned=0):
    """A GET of the API, signed at another time or for some seconds in its URL."""
    request = botocore.awsrequest.AWSRequest("GET", guarded.endpoint + path)
    credentials = botocore.credentials.Credentials("AKIDADMIN", SECRETS["AKIDADMIN"])
    signer = (
        botocore.auth.SigV4QueryAuth(credentials, "lambda", lambdas.REGION, expires=presigned)
        if presigned
        else botocore.auth.SigV4Auth(credentials, "lambda", lambdas.REGION)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: at.replace(tzinfo=None), raising=False)
        signer.add_auth(request)
    return request


@pytest.mark.parametrize(
    ("seconds", "status", "text"),
    [(0, 200, ""), (-240, 200, ""), (240, 200, ""), (-360, 403, "Signature expired: "), (360, 403, "Signature not yet current: ")],
)
def test_a_clock_that_is_off_is_told(guarded, seconds, status, text):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    request = signed(guarded, "/2015-03-31/functions/", at)
    got, headers, body = guarded.fetch(request.url, headers=dict(request.headers))
    assert got == status, body
    if status != 200:
        assert headers["x-amzn-ErrorType"] == "InvalidSignatureException"
        assert json.loads(body)["message"].startswith(text)
        assert " 5 min.)" in json.loads(body)["message"]


def test_presigned_urls_are_their_own_permission_until_they_expire(guarded):
    now = datetime.datetime.now(datetime.timezone.utc)
    url = signed(guarded, "/2015-03-31/functions/", now, presigned=60).url
    assert guarded.fetch(url)[0] == 200
    assert guarded.fetch(url, method="POST", body=b"{}")[0] == 403
    assert guarded.fetch(url.replace("Expires=60", "Expires=61"))[0] == 403
    assert guarded.fetch(url + "&MaxItems=1")[0] == 403
    late = signed(guarded, "/2015-03-31/functions/", now - datetime.timedelta(seconds=3600), presigned=60).url
    status, headers, _ = guarded.fetch(late)
    assert (status, headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")


def test_code_is_behind_an_address_that_is_signed(guarded, function):
    location = guarded.connect().get_function(FunctionName=function)["Code"]["Location"]
    assert location.startswith(guarded.endpoint) and "X-Amz-Expires=600" in location
    assert guarded.fetch(location)[2] == CODE
    assert guarded.fetch(location.split("?")[0])[0] == 403
    assert guarded.fetch(location.replace("%24LATEST", "1"))[0] == 403


def test_no_signature_and_none_that_is_whole(guarded):
    status, headers, body = guarded.fetch(guarded.endpoint + "/2015-03-31/functions/")
    assert (status, headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")
    assert json.loads(body) == {"message": "Missing Authentication Token"}
    status, headers, body = guarded.fetch(
        guarded.endpoint + "/2015-03-31/functions/", headers={"Authorization": "Bearer secret"}
    )
    assert (status, headers["x-amzn-ErrorType"]) == (403, "IncompleteSignatureException")
    assert b"secret" not in body
    assert guarded.fetch(guarded.endpoint + "/healthz")[0] == 200
    assert guarded.fetch(guarded.endpoint + "/_thaw/sandboxes")[0] == 403


def test_the_port_speaks_nothing_but_tls(guarded):
    port = int(guarded.endpoint.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" not in plain.recv(4096)
    with pytest.raises(ssl.SSLCertVerificationError):
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")


def test_the_aws_command_line(guarded, function, tmp_path):
    command = [sys.executable, pathlib.Path(sys.executable).parent / "aws", "--endpoint-url", guarded.endpoint]
    invoke = [*command, "lambda", "invoke", "--function-name", function, "--payload", "{}", tmp_path / "out"]
    done = subprocess.run(invoke, env=guarded.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_text() == "{}"
    wrong = guarded.environment("AKIDADMIN", "the secret of another")
    done = subprocess.run(invoke, env=wrong, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and "InvalidSignatureException" in done.stderr
    logs = [*command, "logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{function}"]
    done = subprocess.run(logs, env=guarded.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "REPORT RequestId" in done.stdout, done.stderr


def test_the_commands_sign_as_awss_tools_do(guarded, thaw, function):
    def run(*arguments, **user):
        command = [thaw, *arguments, "--endpoint", guarded.endpoint]
        return subprocess.run(command, env=guarded.environment(**user), capture_output=True, text=True, timeout=60)

    done = run("invoke", function, '{"a": 1}', key="AKIDTEAM")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"a": 1}), done.stderr
    assert function in run("ls").stdout
    refused = run("ls", secret="the secret of another")
    assert refused.returncode != 0 and "The request signature we calculated does not match" in refused.stderr
    # It has a key of its own, which only root can read.
    slots = subprocess.run(
        [thaw, "slots", "list", "--state-dir", guarded.server.state], capture_output=True, text=True, timeout=60
    )
    assert function in slots.stdout, slots.stderr


def test_beyond_loopback_only_with_users(thaw, tmp_path):
    done = subprocess.run(
        [thaw, "serve", "--port", "0", "--address", "0.0.0.0", "--state-dir", tmp_path],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "--auth sigv4" in done.stderr and "--allow-unauthenticated" in done.stderr
