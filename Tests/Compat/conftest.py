"""The server under test, its clients, and the functions that tests share.

A publish takes 10 to 20 seconds where processors are emulated, so everything is deployed once, at the first need, and all
snapshots are made while the first tests run.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "Support_py"))

import lambdas  # noqa: E402
from lambdas import unique, wait, zip_of  # noqa: E402

ROLE = "arn:aws:iam::123456789012:role/compat"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_PAGER": "",
}


def pytest_configure(config):
    config.addinivalue_line("markers", "once: has nothing to do with isolation, so it is left out at level microvm")


def pytest_collection_modifyitems(items):
    if os.environ.get("THAW_TEST_ISOLATION") == "microvm":
        for item in items:
            if item.get_closest_marker("once"):
                item.add_marker(pytest.mark.skip(reason="runs at level process"))


@pytest.fixture(scope="session")
def endpoint():
    url = os.environ.get("THAW_ENDPOINT")
    if not url:
        pytest.exit("THAW_ENDPOINT is not set; Tests/Compat/run starts a server and sets it", returncode=2)
    return url


@pytest.fixture(scope="session")
def isolation():
    """What the server was started with: auto, microvm or process."""
    return os.environ.get("THAW_TEST_ISOLATION", "auto")


@pytest.fixture(scope="session")
def client(endpoint):
    return lambdas.connect(endpoint)


@pytest.fixture(scope="session")
def aws(endpoint):
    """The aws CLI: arguments in, (exit status, parsed answer or error text) out."""
    command = pathlib.Path(sys.executable).parent / "aws"
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **CREDENTIALS}

    def call(*arguments):
        done = subprocess.run(
            [sys.executable, command, "--endpoint-url", endpoint, "--output", "json", "lambda", *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        if done.returncode != 0:
            return done.returncode, done.stderr
        return 0, json.loads(done.stdout) if done.stdout.strip() else None

    return call


def zip_of_function(module, **more):
    return zip_of({f"{module}.py": (HERE / "functions" / f"{module}.py").read_text(), **more})


class Deployment:
    """A function of functions/, created, and what the calls that made it answered."""

    def __init__(self, client, module, **settings):
        self.client = client
        self.name = unique(module.replace("_", "-"))
        self.code = zip_of_function(module)
        arguments = {
            "Runtime": "python3.11",
            "Role": ROLE,
            "Handler": f"{module}.handler",
            "MemorySize": 256,
            "Timeout": 10,
            "SnapStart": {"ApplyOn": "PublishedVersions"},
            **settings,
        }
        self.created = client.create_function(FunctionName=self.name, Code={"ZipFile": self.code}, **arguments)
        self.published = None

    def publish(self, **arguments):
        wait(self.client, "function_active_v2", FunctionName=self.name)
        self.published = self.client.publish_version(FunctionName=self.name, **arguments)
        return self

    def wait_active(self, version="1"):
        wait(self.client, "published_version_active", FunctionName=self.name, Qualifier=version)

    def configuration(self, qualifier=None):
        arguments = {"Qualifier": qualifier} if qualifier else {}
        return self.client.get_function_configuration(FunctionName=self.name, **arguments)


@pytest.fixture(scope="session")
def deployments(client):
    """All shared functions, deployed; their versions may still be pending. Deleted at the end."""
    made = {}
    try:
        made["app"] = Deployment(
            client, "app", Environment={"Variables": {"COLOUR": "blue"}}, Tags={"team": "a"}, Description="one"
        )
        made["plain"] = Deployment(client, "app", SnapStart={"ApplyOn": "None"})
        for module in ("init_raises", "init_exits", "before_hook_raises", "after_hook_raises"):
            made[module] = Deployment(client, module)
        made["app"].publish(Description="version one")
        made["app"].while_pending = call(client.invoke, FunctionName=made["app"].name, Qualifier="1")
        for key, deployment in made.items():
            if key != "app":
                deployment.publish()
        yield made
    finally:
        for deployment in made.values():
            client.delete_function(FunctionName=deployment.name)


def call(function, **arguments):
    """What a call answers or raises."""
    try:
        return function(**arguments)
    except Exception as error:
        return error


@pytest.fixture(scope="session")
def app(deployments):
    """Version 1 of functions/app.py, ready, with SnapStart."""
    deployments["app"].wait_active()
    return deployments["app"]


@pytest.fixture(scope="session")
def plain(deployments):
    """Version 1 of functions/app.py without SnapStart."""
    return deployments["plain"]


@pytest.fixture
def throwaway(client):
    """Creates functions of a test's own that need never run, and deletes what is left of them."""
    names = []

    def create(**settings):
        name = settings.pop("FunctionName", None) or unique("throwaway")
        arguments = {
            "Runtime": "python3.11",
            "Role": ROLE,
            "Handler": "app.handler",
            "Code": {"ZipFile": zip_of_function("app")},
            **settings,
        }
        created = client.create_function(FunctionName=name, **arguments)
        names.append(name)
        return created

    yield create
    for name in names:
        try:
            client.delete_function(FunctionName=name)
        except client.exceptions.ResourceNotFoundException:
            pass


@pytest.fixture
def raises():
    """Checks that a call is refused with the given AWS error; gives the error for more."""
    from botocore.exceptions import ClientError

    def check(code, status, function, **arguments):
        with pytest.raises(ClientError) as caught:
            function(**arguments)
        response = caught.value.response
        assert response["Error"]["Code"] == code, response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
        assert response["ResponseMetadata"]["RequestId"]
        return caught.value

    return check
