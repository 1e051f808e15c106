"""One host first, then a person is asked: through exclusions, resumptions and lost runs."""

from __future__ import annotations

import pytest

from rollback_console.rollbacks.actions import restarts, steering
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage

from .driving import drive

pytestmark = pytest.mark.django_db(transaction=True)

HOSTS = ("app-1", "app-2", "app-3")
PLAN = """\
# Rollback Plan

## Rollback Steps

### Step 1: Restore Code
```bash hosts="app-1 app-2 app-3"
echo restoring
```

### Step 2: Start
```bash hosts="app-1 app-2 app-3" canary
echo starting
```
"""


def begun(stage: Stage, text: str = PLAN) -> Rollback:
    for name in HOSTS[1:]:
        make.host(stage.environment, name, stage.cast.ada)
    return make.approved(stage, text)


def started(fleet: Fleet, word: str = "starting") -> list[str]:
    return [host for host, script in fleet.order if word in script]


def go(rollback: Rollback, stage: Stage) -> None:
    steering.answer(rollback, position=2, by=stage.cast.dana, answer="go")


def test_the_question_names_the_first_host_and_how_it_ended(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(begun(stage), fleet)
    run = rollback.runs.get(position=2, host="app-1")
    assert started(fleet) == ["app-1"]
    assert rollback.question == {
        "kind": "canary",
        "position": 2,
        "tokens": [str(run.token)],
        "host": "app-1",
        "exit_code": 0,
    }
    event = rollback.events.get(kind="question.asked")
    assert (event.facts["host"], event.facts["exit_code"]) == ("app-1", 0)
    go(rollback, stage)
    assert drive(rollback, fleet).state == "succeeded"
    assert started(fleet) == list(HOSTS)


def test_without_the_host_that_was_left_out_the_next_one_goes_first_and_alone(
    stage: Stage, fleet: Fleet
) -> None:
    fleet.failing_on["app-1"] = "restoring"
    rollback = drive(begun(stage), fleet)
    steering.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Its disk is broken")
    rollback = drive(rollback, fleet)
    assert started(fleet) == ["app-2"]
    assert (rollback.question["kind"], rollback.question["host"]) == ("canary", "app-2")


def test_a_first_host_that_failed_and_was_left_out_is_followed_by_one_alone(
    stage: Stage, fleet: Fleet
) -> None:
    fleet.failing_on["app-1"] = "starting"
    rollback = drive(begun(stage), fleet)
    assert rollback.question["kind"] == "failed"
    steering.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Its disk is broken")
    rollback = drive(rollback, fleet)
    assert started(fleet) == ["app-1", "app-2"]
    assert (rollback.question["kind"], rollback.question["host"]) == ("canary", "app-2")


def test_going_on_from_the_step_lets_one_host_go_first_again(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(begun(stage), fleet)
    fleet.failing_on["app-2"] = "starting"
    go(rollback, stage)
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "failed"
    fleet.failing_on.clear()
    before = len(fleet.order)
    restarts.resume_from(rollback, position=2, by=stage.cast.dana, reason="Mended", again=[2])
    rollback = drive(rollback, fleet)
    assert [host for host, _ in fleet.order[before:]] == ["app-1"]
    assert rollback.question["kind"] == "canary"


def test_going_on_from_a_gate_asks_at_the_gate(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(begun(stage, PLAN.replace(" canary", " gate")), fleet)
    fleet.failing_on["app-2"] = "starting"
    go(rollback, stage)
    rollback = drive(rollback, fleet)
    fleet.failing_on.clear()
    before = len(fleet.order)
    restarts.resume_from(rollback, position=2, by=stage.cast.dana, reason="Mended", again=[2])
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "gate"
    assert len(fleet.order) == before


def test_the_other_hosts_can_be_left_out_once_the_first_has_run(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(begun(stage), fleet)
    steering.skip(rollback, position=2, by=stage.cast.dana, reason="One is enough")
    assert drive(rollback, fleet).state == "succeeded"
    assert started(fleet) == ["app-1"]
