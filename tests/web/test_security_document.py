"""docs/security.md names only tests that there are, and no table of it is without them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
ASVS = (ROOT / "docs" / "asvs.md").read_text()
NUMBERS = (ROOT / "tests" / "web" / "asvs_numbers.txt").read_text().split()
"""Of the requirements of levels 1 and 2."""
ROWS = re.findall(r"^\| ([\d.]+) \| ([a-z ]+) \| (.*) \| (.*) ?\|$", ASVS, re.MULTILINE)
NAMED = sorted(
    set(re.findall(r"`((?:tests|scripts)/[\w/.]+\.py)(?:::(\w+))?`", TEXT + ASVS)), key=str
)


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


def test_each_requirement_of_the_standard_stands_there_once_with_its_state() -> None:
    assert [number for number, *_ in ROWS] == NUMBERS
    for _, state, how, _ in ROWS:
        assert state in {"met", "partly", "not met", "not applicable"}
        assert how


def test_the_sum_of_the_states_is_true() -> None:
    states = [state for _, state, *_ in ROWS]
    counts = tuple(map(states.count, ("met", "partly", "not met", "not applicable")))
    stated = re.search(r"Of (\d+) .* (\d+) are met, (\d+) partly, (\d+) not, and (\d+)", ASVS)
    assert stated is not None
    assert tuple(map(int, stated.groups())) == (len(NUMBERS), *counts)
