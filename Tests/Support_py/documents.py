"""Commands in the documentation, for tests that run them as they stand there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def block(heading, document="README.md"):
    """The first fenced block below a heading."""
    _, found, section = (ROOT / document).read_text().partition(f"\n## {heading}\n")
    assert found, f"{document} has no section '{heading}'"
    fenced = re.search(r"^```\w*\n(.*?)^```$", section.split("\n## ")[0], re.MULTILINE | re.DOTALL)
    assert fenced, f"'{heading}' of {document} has no commands"
    return fenced.group(1)
