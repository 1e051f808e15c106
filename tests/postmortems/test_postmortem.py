"""The postmortem tells what the events hold, and keeps what people write."""

from __future__ import annotations

import json

import pytest

from rollback_console.postmortems import draft, export, services
from rollback_console.postmortems.models import Postmortem
from rollback_console.rollbacks import services as rollbacks
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.rollbacks.test_driver import answer_checks, drive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ended(stage: Stage, fleet: Fleet) -> Rollback:
    """A rollback with a failure, a retry, a skip and a note, that succeeded."""
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    rollbacks.note(rollback, by=stage.cast.vic, text="Support sees 40 tickets")
    rollbacks.retry(rollback, position=2, by=stage.cast.dana, reason="Again")
    drive(rollback, fleet)
    rollbacks.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    drive(rollback, fleet)
    answer_checks(rollback, stage)
    return drive(rollback, fleet)


def test_it_is_there_the_moment_the_rollback_ends(ended: Rollback) -> None:
    made = Postmortem.objects.get(rollback=ended)
    assert [item.text for item in made.action_items.filter(kind="immediate")] == [
        "Notify team of rollback"
    ]


def test_it_does_not_begin_before(stage: Stage) -> None:
    with pytest.raises(Refused, match="when the rollback has ended"):
        services.of(make.requested(stage))


def test_its_timeline_holds_every_event_in_order(ended: Rollback) -> None:
    told = draft.draft(ended)
    assert [each.seq for each in told.timeline] == list(range(1, ended.last_seq + 1))
    assert any(
        each.text == "Support sees 40 tickets" and each.by == "vic" for each in told.timeline
    )


def test_deviations_are_named_with_who_and_why(ended: Rollback) -> None:
    said = {(each.kind, each.by, each.text) for each in draft.draft(ended).deviations}
    assert ("step.skipped", "dana", "Step 2, Restore Code: skipped. Done by hand") in said
    assert ("step.retried", "dana", "Step 2, Restore Code on app-1: attempt 2. Again") in said


def test_steps_are_measured(ended: Rollback) -> None:
    first, second, _ = draft.draft(ended).steps
    assert (first.outcome, first.attempts) == ("succeeded", 1)
    assert second.attempts == 2
    assert first.took is not None


def test_the_markdown_uses_the_plans_own_section_names(ended: Rollback) -> None:
    text = export.as_markdown(ended.postmortem)
    for heading in ("Rollback Decision", "Rollback Steps", "What Went Wrong", "How to Prevent"):
        assert f"\n## {heading}\n" in text


def test_the_json_is_json(ended: Rollback) -> None:
    told = json.loads(json.dumps(export.as_json(ended.postmortem)))
    assert told["outcome"] == "succeeded"
    assert told["times"]["in_all"] >= 0


def test_two_people_do_not_overwrite_each_other(ended: Rollback, stage: Stage) -> None:
    made = ended.postmortem
    services.write(made, by=stage.cast.dana, version=1, impact="40 tickets")
    with pytest.raises(Refused, match="Somebody else changed this"):
        services.write(made, by=stage.cast.lee, version=1, impact="None")
    made.refresh_from_db()
    assert made.impact == "40 tickets"


def test_it_is_published_only_with_a_cause_and_then_left_alone(
    ended: Rollback, stage: Stage
) -> None:
    made = services.move(ended.postmortem, by=stage.cast.dana, to="in_review")
    with pytest.raises(Refused, match="what went wrong"):
        services.move(made, by=stage.cast.dana, to="published")
    made = services.write(made, by=stage.cast.dana, version=1, what_went_wrong="A bad join")
    made = services.move(made, by=stage.cast.lee, to="published")
    with pytest.raises(Refused, match="is published"):
        services.write(made, by=stage.cast.dana, version=2, impact="More")


def test_a_viewer_reads_and_does_not_write(ended: Rollback, stage: Stage) -> None:
    with pytest.raises(Refused, match="not write"):
        services.write(ended.postmortem, by=stage.cast.vic, version=1, impact="x")
