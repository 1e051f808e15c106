"""Small plans and the right reading of each, and whole plans in the languages of teams.

Beside each plan lies the proposal its author would agree to (see `proposal_text`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rollback_console.documents import read

from .proposal_text import proposal_text

HERE = Path(__file__).parent
CASES = [*sorted((HERE / "cases").glob("*.md")), *sorted((HERE / "teams").glob("*.md"))]


@pytest.mark.parametrize("plan", CASES, ids=lambda plan: plan.stem)
def test_a_plan_is_proposed_as_its_author_meant_it(plan: Path) -> None:
    assert proposal_text(read(plan.read_bytes())) == plan.with_suffix(".txt").read_text()
