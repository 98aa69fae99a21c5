"""The examples of the pages run as they stand."""

import re

import pytest
from conftest import ROOT

PAGE = (ROOT / "embed/python/README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("code", [code for code in EXAMPLES if "def test_" not in code])
def test_example(code: str) -> None:
    exec(compile(code, "README.md", "exec"), {"__name__": "example"})


def test_visits(redlet, redlet_client) -> None:
    code = next(code for code in EXAMPLES if "def test_visits" in code)
    example = {}
    exec(compile(code, "README.md", "exec"), example)
    example["test_visits"](redlet, redlet_client)
