"""Going on without a host."""

from __future__ import annotations

import pytest
from django.db import transaction

from rollback_console.rollbacks import database_dumps
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import record
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet, say_dump

from .driving import drive

pytestmark = pytest.mark.django_db(transaction=True)

PLAN = """\
# Rollback Plan

## Rollback Steps

### Step 1: Restore Code
```bash hosts="app-1 app-2"
echo restoring
```

### Step 2: Start
```bash hosts="app-1 app-2"
echo starting
```
"""
UNDOABLE = (
    PLAN.replace(
        '```bash hosts="app-1 app-2"\necho restoring',
        '```bash hosts="app-1 app-2" undo=back\necho restoring',
    )
    + """
### Step 3: Put It Back
```bash id=back hosts="app-1 app-2"
echo back
```
"""
)
ALONE = PLAN + '\n### Step 3: Migrate\n```bash hosts="app-1"\necho migrating\n```\n'


def failed(stage: make.Stage, fleet: Fleet, text: str = PLAN) -> Rollback:
    """A rollback whose first step failed on both of its hosts."""
    make.host(stage.environment, "app-2", stage.cast.ada)
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage, text), fleet)
    assert rollback.question["kind"] == "failed"
    return rollback


def states(rollback: Rollback, host: str) -> list[tuple[int, str, str]]:
    rows = rollback.runs.filter(host=host).order_by("position", "attempt")
    return list(rows.values_list("position", "state", "answer"))


def test_nothing_more_starts_on_a_host_that_is_left_out(stage: make.Stage, fleet: Fleet) -> None:
    rollback = failed(stage, fleet)
    steering.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Its disk is broken")
    fleet.scripts.clear()
    steering.retry(
        drive(rollback, fleet), position=1, by=stage.cast.dana, reason="The tag is there now"
    )
    assert drive(rollback, fleet).state == "succeeded"
    assert states(rollback, "app-1") == [(1, "failed", "skip"), (2, "skipped", "")]
    assert states(rollback, "app-2")[-1] == (2, "succeeded", "")
    event = rollback.events.get(kind="host.excluded")
    assert (event.facts["host"], event.facts["positions"]) == ("app-1", [1, 2])


def test_the_last_host_of_a_step_is_not_left_out_in_passing(
    stage: make.Stage, fleet: Fleet
) -> None:
    rollback = failed(stage, fleet, ALONE)
    with pytest.raises(Refused, match="Only app-1 runs step 3: skip that by name"):
        steering.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Broken")
    steering.exclude(rollback, host="app-2", by=stage.cast.dana, reason="Broken")
    again = drive(rollback, fleet)
    with pytest.raises(Refused, match="Only app-1 runs steps 1, 2, 3"):
        steering.exclude(again, host="app-1", by=stage.cast.dana, reason="Broken too")


@pytest.mark.parametrize("host", ["", "app-3"])
def test_a_host_nobody_is_asked_about_is_not_left_out(
    stage: make.Stage, fleet: Fleet, host: str
) -> None:
    rollback = failed(stage, fleet)
    with pytest.raises(Refused, match="Only a host on which a step failed"):
        steering.exclude(rollback, host=host, by=stage.cast.dana, reason="Broken")


def test_leaving_a_host_out_takes_the_right_and_a_reason(stage: make.Stage, fleet: Fleet) -> None:
    rollback = failed(stage, fleet)
    with pytest.raises(Refused, match="read-only access"):
        steering.exclude(rollback, host="app-1", by=stage.cast.vic, reason="Broken")
    with pytest.raises(Refused, match="Enter a reason"):
        steering.exclude(rollback, host="app-1", by=stage.cast.dana, reason=" ")
    assert states(rollback, "app-1")[0] == (1, "failed", "")


def test_an_undo_leaves_out_the_hosts_that_were_left_out(stage: make.Stage, fleet: Fleet) -> None:
    rollback = failed(stage, fleet, UNDOABLE)
    steering.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Its disk is broken")
    # Nobody drove it since, so that the question still names both hosts.
    steering.undo(rollback, position=1, by=stage.cast.dana, reason="It is half done")
    rollback = drive(rollback, fleet)
    assert states(rollback, "app-2")[-1] == (3, "succeeded", "")
    assert [run for run in states(rollback, "app-1") if run[1] == "succeeded"] == []


def test_nothing_is_tried_again_where_every_host_of_the_question_was_left_out(
    stage: make.Stage, fleet: Fleet
) -> None:
    rollback = failed(stage, fleet, UNDOABLE)
    record_exclusions(rollback, stage)
    for act in (steering.undo, steering.retry):
        with pytest.raises(Refused, match="excluded"):
            act(rollback, position=1, by=stage.cast.dana, reason="Again")


def test_a_dump_on_a_host_that_was_left_out_is_not_put_back(
    stage: make.Stage, fleet: Fleet
) -> None:
    head = "---\ndatabase: {kind: sqlite, name: /srv/shop.db, folder: /srv/dumps}\n---\n"
    text = head + make.PLAN.replace(
        "```bash\necho restoring", "```bash destructive\necho restoring"
    )
    fleet.answers["before-rollback"] = lambda run: say_dump(run, "/srv/dumps")
    fleet.scripts["echo restoring"] = (b"", 1)
    rollback = drive(make.approved(stage, text), fleet)
    steering.answer(
        rollback, position=rollback.question["position"], by=stage.cast.sam, answer="go"
    )
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "failed"
    record_exclusions(rollback, stage)
    undoing = snapshot_of(rollback.snapshot).step(3).undo
    step = snapshot_of(rollback.snapshot).step(undoing)
    assert "The dump lies on app-1, which was left out" in database_dumps.why_not_undone(
        rollback, step
    )
    with pytest.raises(Refused, match="excluded"):
        steering.undo(rollback, position=3, by=stage.cast.dana, reason="Put it back")
    assert not rollback.runs.filter(position=undoing).exists()


def record_exclusions(rollback: Rollback, stage: make.Stage) -> None:
    """Both hosts left out, as when one was after the other."""
    with transaction.atomic():
        for host in ("app-1", "app-2"):
            record(
                rollback, "host.excluded", by=stage.cast.dana, host=host, positions=[], reason="No"
            )
