"""Plans in the styles people write them, each with the report its author would agree to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rollback_console.documents import read, report, write
from rollback_console.documents.edit.writer import write_bytes

HERE = Path(__file__).parent
PLANS = [*sorted((HERE / "corpus").glob("*.md")), HERE / "seed.md"]


def compact(data: bytes) -> dict[str, Any]:
    """The import report: its findings without their sentences, a line for each command."""
    compacted: dict[str, Any] = json.loads(json.dumps(report(read(data))))
    compacted["findings"] = [[f["severity"], f["code"], f["line"]] for f in compacted["findings"]]
    compacted["commands"] = [_one_line(one) for one in compacted["commands"]]
    compacted["relations"] = [[one["kind"], *one["members"]] for one in compacted["relations"]]
    compacted["questions"] = [[one["kind"], *one["members"]] for one in compacted["questions"]]
    del compacted["shape"], compacted["confirmed"]
    return compacted


def _one_line(command: dict[str, Any]) -> str:
    """Such as `12 step stop-services` or `20 left-out: expected output`."""
    where = command["step"] if not command["reason"] else ""
    line = f"{command['lines'][0]} {command['role']}{':' if command['reason'] else ''}"
    return " ".join(filter(None, (line, where, command["reason"])))


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.stem)
def test_a_plan_is_read_as_its_author_meant_it(plan: Path) -> None:
    expected = json.loads(plan.with_suffix(".json").read_text())
    assert compact(plan.read_bytes()) == expected


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.stem)
def test_an_unedited_plan_is_written_back_byte_for_byte(plan: Path) -> None:
    document = read(plan.read_bytes())
    assert write_bytes(document) == plan.read_bytes()
    assert read(write(document)) == document


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.stem)
def test_line_ends_of_another_system_change_nothing_but_themselves(plan: Path) -> None:
    windows = plan.read_bytes().replace(b"\n", b"\r\n")
    assert compact(windows) == compact(plan.read_bytes())
    assert write_bytes(read(windows)) == windows


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(PLANS) + len(list((HERE / "teams").glob("*.md"))) > 80
