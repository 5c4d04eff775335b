"""AWS's service model, as the newest botocore has it, beside what this server says of itself and does."""

import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import sys

import boto3
import botocore.config
import botocore.loaders
import botocore.model
import botocore.session
import pytest
from botocore import xform_name
from conftest import CREDENTIALS

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
# Newer than the one that the clients have, see model.txt.
DATA = pathlib.Path(sys.prefix) / "model" / "botocore" / "data"
FILE = DATA / "lambda" / "2015-03-31" / "service-2.json.gz"
LOADER = botocore.loaders.Loader([str(DATA)], include_default_search_paths=False)
MODEL = botocore.model.ServiceModel(LOADER.load_service_model("lambda", "service-2"))


def script():
    loader = importlib.machinery.SourceFileLoader("compatibility", str(ROOT / "scripts" / "compatibility"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def test_the_page_has_every_action_and_member():
    """docs/compatibility.md is of this botocore's model: `scripts/compatibility --model FILE` brings it up to date."""
    page = script().rows_of_page((ROOT / "docs" / "compatibility.md").read_text())
    assert sorted(page) == sorted(script().rows_of_model(FILE))


def test_the_tables_are_of_this_model():
    """So are the tables of the code: `scripts/service-model FILE` brings them up to date."""
    done = subprocess.run([ROOT / "scripts" / "service-model", "--check", FILE], capture_output=True, text=True, timeout=60)
    assert done.stdout + done.stderr == ""


# What an action needs beside the member that breaks a rule.
GOOD = {
    "Role": "arn:aws:iam::123456789012:role/r",
    "Code": {"ZipFile": b"PK"},
    "Content": {"ZipFile": b"PK"},
    "Principal": "123456789012",
    "Action": "lambda:InvokeFunction",
    "FunctionVersion": "1",
    "AuthType": "NONE",
    "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-00000000000000000",
    "AllowedPublishers": {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/v"]},
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:nobody",
    "Tags": {"a": "b"},
    "TagKeys": ["a"],
    "RecursiveLoop": "Allow",
    "UpdateRuntimeOn": "Auto",
    "ReservedConcurrentExecutions": 1,
    "ProvisionedConcurrentExecutions": 1,
    "UUID": "11111111-1111-4111-8111-111111111111",
    "VersionNumber": 1,
    "Arn": "arn:aws:lambda:us-east-1:123456789012:layer:l:1",
}
LONG = 5_000  # longer limits are not tried: such names do not fit into a request's path


def wrong_values(shape):
    """Values that break one rule of a shape each, and how AWS says so."""
    rules = shape.metadata
    if shape.type_name == "string":
        if shape.enum:
            yield "nonsense", "Member must satisfy enum value set: ["
        elif rules.get("max", LONG) < LONG:
            yield "a" * (rules["max"] + 1), f"Member must have length less than or equal to {rules['max']}"
        if rules.get("pattern") and not re.fullmatch(rules["pattern"], "a b?!"):
            yield "a b?!", f"Member must satisfy regular expression pattern: {rules['pattern']}"
    elif shape.type_name in ("integer", "long"):
        if "min" in rules:
            yield rules["min"] - 1, f"Member must have value greater than or equal to {rules['min']}"
        if "max" in rules:
            yield rules["max"] + 1, f"Member must have value less than or equal to {rules['max']}"
    elif shape.type_name == "list" and rules.get("max", LONG) < LONG:
        element = {} if shape.member.type_name == "structure" else "a"
        yield [element] * (rules["max"] + 1), f"Member must have length less than or equal to {rules['max']}"


def rules():
    """Every rule of the served actions, down to the members of their structures."""
    served = re.findall(r"^\| `(\w+)` \| (?:supported|partly) \|", (ROOT / "docs" / "compatibility.md").read_text(), re.M)
    for action in served:
        given = MODEL.operation_model(action).input_shape
        for name, shape in given.members.items() if given else ():
            path = name[0].lower() + name[1:]
            for value, words in wrong_values(shape):
                yield action, {name: value}, path, words
            if name in given.required_members and not shape.serialization.get("location"):
                yield action, {name: None}, path, "Member must not be null"
            for inner, member in shape.members.items() if shape.type_name == "structure" else ():
                for value, words in wrong_values(member):
                    yield action, {name: {inner: value}}, f"{path}.{inner[0].lower()}{inner[1:]}", words


# Where AWS was seen to answer otherwise than its model says.
DIFFERENCES = {
    # Has no members but its name and a payload, which may be empty.
    ("InvokeAsync", "invokeArgs", "Member must not be null"),
}
# Its pattern names layers, and no network connectors yet.
SEEN = {"resource": "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:"}
SEEN |= {path: "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:" for path in ("arn",)}


def test_every_rule_is_answered_in_the_models_words(endpoint):
    session = botocore.session.get_session()
    session.set_config_variable("data_path", str(DATA))
    client = boto3.Session(botocore_session=session).client(
        "lambda",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    tried, wrong = 0, []
    for action, broken, path, words in rules():
        required = {name: GOOD.get(name, "nobody") for name in MODEL.operation_model(action).input_shape.required_members}
        if action == "CreateFunction":
            required |= {"Runtime": "python3.11", "Handler": "a.b"}
        arguments = {name: value for name, value in (required | broken).items() if value is not None}
        error = pytest.raises(client.exceptions.ClientError, getattr(client, xform_name(action)), **arguments).value
        message = error.response["Error"].get("Message", "")
        seen = SEEN.get(path, words) if "pattern" in words else words
        if (action, path, words) in DIFFERENCES:
            continue
        tried += 1
        if f"at '{path}'" not in message or seen not in message:
            wrong.append((action, path, words, message[-300:]))
    assert not wrong, "\n".join(map(str, wrong))
    assert tried > 400
