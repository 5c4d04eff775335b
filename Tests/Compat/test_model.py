"""AWS's service model, as the newest botocore has it, beside what this server says of itself and does."""

import importlib.machinery
import importlib.util
import pathlib

import botocore.session
import pytest

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
MODEL = botocore.session.get_session().get_service_model("lambda")


def script():
    loader = importlib.machinery.SourceFileLoader("compatibility", str(ROOT / "scripts" / "compatibility"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def test_the_page_has_every_action_and_member():
    """docs/compatibility.md is of this botocore's model: `scripts/compatibility --model FILE` brings it up to date."""
    data = pathlib.Path(botocore.__file__).parent / "data" / "lambda" / "2015-03-31" / "service-2.json"
    path = data if data.exists() else data.with_name("service-2.json.gz")
    page = script().rows_of_page((ROOT / "docs" / "compatibility.md").read_text())
    assert sorted(page) == sorted(script().rows_of_model(path))
