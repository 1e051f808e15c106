"""Going on without a host."""

from __future__ import annotations

import pytest

from rollback_console.rollbacks.actions import request
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet

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
    request.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Its disk is broken")
    fleet.scripts.clear()
    request.retry(
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
    with pytest.raises(Refused, match="Only app-1 carries out step 3: skip that by name"):
        request.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Broken")
    request.exclude(rollback, host="app-2", by=stage.cast.dana, reason="Broken")
    again = drive(rollback, fleet)
    with pytest.raises(Refused, match="Only app-1 carries out steps 1, 2, 3"):
        request.exclude(again, host="app-1", by=stage.cast.dana, reason="Broken too")


@pytest.mark.parametrize("host", ["", "app-3"])
def test_a_host_nobody_is_asked_about_is_not_left_out(
    stage: make.Stage, fleet: Fleet, host: str
) -> None:
    rollback = failed(stage, fleet)
    with pytest.raises(Refused, match="Only a host on which a step failed"):
        request.exclude(rollback, host=host, by=stage.cast.dana, reason="Broken")


def test_leaving_a_host_out_takes_the_right_and_a_reason(stage: make.Stage, fleet: Fleet) -> None:
    rollback = failed(stage, fleet)
    with pytest.raises(Refused, match="not steer it"):
        request.exclude(rollback, host="app-1", by=stage.cast.vic, reason="Broken")
    with pytest.raises(Refused, match="Give a reason"):
        request.exclude(rollback, host="app-1", by=stage.cast.dana, reason=" ")
    assert states(rollback, "app-1")[0] == (1, "failed", "")
