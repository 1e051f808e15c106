"""What a step costs the database: numbers that may only fall."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollback_console.rollbacks.execution.runs import report_queue
from tests import make
from tests.fleet import Fleet
from tests.make import Stage

from .driving import drive

pytestmark = pytest.mark.django_db(transaction=True)

STATEMENTS = 17
TRANSACTIONS = 1
HEAD = make.PLAN[: make.PLAN.index("## 2.")]


def plan(steps: int) -> str:
    listed = [f"### Step {n}: Say {n}\n```bash\necho {n}\n```\n" for n in range(1, steps + 1)]
    return f"{HEAD}## 2. Rollback Steps\n\n" + "\n".join(listed)


def statements(stage: Stage, fleet: Fleet, steps: int) -> list[str]:
    rollback = make.approved(stage, plan(steps))
    with CaptureQueriesContext(connection) as queries:
        assert drive(rollback, fleet).state == "succeeded"
    return [each["sql"] for each in queries.captured_queries]


def test_one_more_step_costs_no_more_statements_than_ever(
    stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts that say nothing, and what they report gathered until its end: always the same."""
    monkeypatch.setattr(report_queue, "FLUSH", 60.0)
    fleet.scripts["echo"] = (b"", 0)
    few, many = statements(stage, fleet, 3), statements(stage, fleet, 8)
    begun = sum(sql.startswith("BEGIN") for sql in many) - sum(
        sql.startswith("BEGIN") for sql in few
    )
    assert begun == 5 * TRANSACTIONS
    assert len(many) - len(few) == 5 * STATEMENTS
