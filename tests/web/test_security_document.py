"""docs/security.md names only tests that there are, and no table of it is without them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`((?:tests|scripts)/[\w/.]+\.py)(?:::(\w+))?`", TEXT)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test or file for file, test in NAMED])
def test_what_the_document_names_exists(file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    names = {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not test or test in names


def test_every_row_names_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if re.match(r"\| [\d.]", line)]
    assert len(rows) > 40
    for row in rows:
        assert re.search(r"`(tests|scripts)/[^`]+`", row.rsplit("|", 2)[1]), row
