"""docs/guarantees.md names a test for each promise; each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "guarantees.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: str(value).rpartition("/")[2])
def test_each_promise_names_a_test_that_exists(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


def test_every_row_of_the_table_of_faults_is_there() -> None:
    rows = re.findall(r"^\| ([\d-]+) \|", TEXT, re.MULTILINE)
    numbers = {
        n for row in rows for n in range(int(row.split("-")[0]), int(row.split("-")[-1]) + 1)
    }
    assert numbers == {*range(1, 37), 38, 40, 41}


def test_every_row_names_a_test() -> None:
    for line in TEXT.splitlines():
        if re.match(r"\| [\d-]+ \|", line):
            assert "tests/" in line, line
