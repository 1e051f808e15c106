"""What a failed or lost step asks, and what each answer does."""

from __future__ import annotations

import pytest

from rollback_console.remote.protocol import Ending
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage
from tests.toolbox.waiting import until

from .driving import drive, meanwhile, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_failure_asks_and_a_retry_goes_on(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"no such tag\n", 3)
    rollback = drive(make.approved(stage), fleet)
    assert rollback.state == "waiting"
    assert rollback.question == {
        "kind": "failed",
        "position": 2,
        "tokens": [str(rollback.runs.get(position=2).token)],
        "host": "app-1",
        "exit_code": 3,
    }
    del fleet.scripts["restoring"]
    steering.retry(rollback, position=2, by=stage.cast.dana, reason="Fetched the tag")
    assert drive(rollback, fleet).state == "verifying"
    assert states(rollback) == [
        (1, 1, "succeeded"),
        (2, 1, "failed"),
        (2, 2, "succeeded"),
        (3, 1, "succeeded"),
    ]
    assert rollback.runs.get(position=2, attempt=1).exit_code == 3


def test_a_failed_step_can_be_skipped_with_a_reason(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    with pytest.raises(Refused, match="reason"):
        steering.skip(rollback, position=2, by=stage.cast.dana, reason="")
    steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    assert drive(rollback, fleet).state == "verifying"


def rolling_badly(stage: Stage, fleet: Fleet) -> Rollback:
    """Its second step failed on the first of three hosts, one at a time."""
    for name in ("app-2", "app-3"):
        make.host(stage.environment, name, stage.cast.ada)
    fence = '```bash hosts="app-1 app-2 app-3" rolling=1\necho restoring'
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage, PLAN.replace("```bash\necho restoring", fence)), fleet)
    fleet.scripts.clear()
    return rollback


@pytest.mark.parametrize(("everywhere", "begun"), [(False, 3), (True, 1)])
def test_a_failure_on_one_host_is_accepted_or_ends_the_step_for_all(
    stage: Stage, fleet: Fleet, everywhere: bool, begun: int
) -> None:
    rollback = rolling_badly(stage, fleet)
    steering.skip(
        rollback, position=2, by=stage.cast.dana, reason="Known there", everywhere=everywhere
    )
    assert drive(rollback, fleet).state == "verifying"
    assert [script for _, script in fleet.order].count("echo restoring\n") == begun
    left = rollback.events.get(kind="step.skipped").facts["hosts"]
    assert left == (["app-1", "app-2", "app-3"] if everywhere else ["app-1"])


@pytest.mark.parametrize(("output", "state"), [(b"HTTP 200\n", "succeeded"), (b"500\n", "failed")])
def test_a_step_must_say_what_its_plan_expects(
    stage: Stage, fleet: Fleet, output: bytes, state: str
) -> None:
    text = PLAN.replace("```bash\necho starting", '```bash expect="HTTP 200"\necho starting')
    fleet.scripts["starting"] = (output, 0)
    rollback = drive(make.approved(stage, text), fleet)
    run = rollback.runs.get(position=3)
    assert run.state == state
    assert ("does not hold “HTTP 200”" in run.why) is (state == "failed")


def test_a_failed_step_can_be_undone_and_then_tried_again(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring", "```bash undo=back\necho restoring").replace(
        "## 4. Roll", "### Step 4: Put Back\n```bash id=back\necho putting back\n```\n\n## 4. Roll"
    )
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage, text), fleet)
    assert len(fleet.order) == 2
    steering.undo(rollback, position=2, by=stage.cast.dana, reason="Half done")
    rollback = drive(rollback, fleet)
    assert fleet.order[-1] == ("app-1", "echo putting back\n")
    assert (rollback.state, rollback.question["position"]) == ("waiting", 2)
    fleet.scripts.clear()
    steering.retry(rollback, position=2, by=stage.cast.dana, reason="Again")
    assert drive(rollback, fleet).state == "verifying"
    assert [script for _, script in fleet.order].count("echo putting back\n") == 1


def test_a_failed_step_can_end_in_an_abort(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    steering.request_abort(rollback, by=stage.cast.dana, reason="Fix forward")
    rollback = drive(rollback, fleet)
    assert rollback.state == "aborted"
    assert len(fleet.order) == 2


def test_a_lost_step_is_never_tried_again_unasked(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("echo restoring", "hang restoring").replace(
        "```bash\nhang", "```bash retry=3\nhang"
    )
    rollback = make.approved(stage, text)
    rollback = meanwhile(
        rollback, fleet, lambda: fleet.wait_for("restoring").end(Ending.LOST, None, "It rebooted.")
    )
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "lost")
    with pytest.raises(Refused, match="what you saw"):
        steering.answer(rollback, position=2, by=stage.cast.dana, answer="continue")
    steering.answer(
        rollback, position=2, by=stage.cast.dana, answer="continue", note="The tag is out"
    )
    assert drive(rollback, fleet).state == "verifying"
    assert fleet.order[1:2] == [("app-1", "hang restoring\n")]


def test_a_host_that_cannot_look_after_the_start_has_not_refused_the_start(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))
    unreachable = rollback.events.filter(kind="host.unreachable")

    def close_for_a_while() -> None:
        run = fleet.wait_for("restoring")
        fleet.closed.add("app-1")
        until(unreachable.exists)
        fleet.closed.clear()
        run.end()

    assert meanwhile(rollback, fleet, close_for_a_while).state == "verifying"
    assert "no folder this account" in unreachable.get().facts["why"]
    assert states(rollback)[1] == (2, 1, "succeeded")
    assert set(fleet.starts.values()) == {1}
