"""The postmortem tells what the events hold, and keeps what people write."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction

from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.models import Postmortem
from rollback_console.postmortems.report import draft, export, phases, versions
from rollback_console.rollbacks.actions import requests, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import record
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.rollbacks.driving import drive

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_there_the_moment_the_rollback_ends(ended: Rollback) -> None:
    assert Postmortem.objects.filter(rollback=ended).exists()
    assert [item.text for item in ended.action_items.filter(kind="immediate")] == [
        "Notify team of rollback"
    ]


def test_it_does_not_begin_before(stage: Stage) -> None:
    with pytest.raises(Refused, match="when the rollback has ended"):
        postmortems.open_postmortem(make.requested(stage))


def test_its_timeline_holds_every_event_in_order(ended: Rollback) -> None:
    report = draft.draft(ended)
    assert [each.seq for each in report.timeline] == list(range(1, ended.last_seq + 1))
    noted = ("Noted: Support sees 40 tickets", "Vic Example")
    assert noted in {(each.text, each.by) for each in report.timeline}


def test_deviations_are_named_with_who_and_why(ended: Rollback) -> None:
    assert {(each.by, each.text) for each in draft.draft(ended).deviations} >= {
        ("Dana Example", "Skipped step 2 (Restore Code) on app-1: Done by hand"),
        ("Dana Example", "Retried step 2 (Restore Code) on app-1, attempt 2: Again"),
    }


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
    report = json.loads(json.dumps(export.as_json(ended.postmortem)))
    assert report["outcome"] == "succeeded"
    assert report["times"]["in_all"] >= 0


def test_two_people_do_not_overwrite_each_other(ended: Rollback, stage: Stage) -> None:
    made = ended.postmortem
    postmortems.write_texts(made, by=stage.cast.dana, version=1, impact="40 tickets")
    with pytest.raises(Refused, match="Somebody else has changed this"):
        postmortems.write_texts(made, by=stage.cast.lee, version=1, impact="None")
    made.refresh_from_db()
    assert made.impact == "40 tickets"


def test_it_is_published_only_with_a_cause_and_then_left_alone(
    ended: Rollback, stage: Stage
) -> None:
    made = postmortems.move_postmortem(ended.postmortem, by=stage.cast.dana, to="in_review")
    with pytest.raises(Refused, match="what went wrong"):
        postmortems.move_postmortem(made, by=stage.cast.dana, to="published")
    made = postmortems.write_texts(
        made, by=stage.cast.dana, version=1, what_went_wrong="A bad join"
    )
    made = postmortems.move_postmortem(made, by=stage.cast.lee, to="published")
    with pytest.raises(Refused, match="is published"):
        postmortems.write_texts(made, by=stage.cast.dana, version=2, impact="More")


def test_a_viewer_reads_and_does_not_write(ended: Rollback, stage: Stage) -> None:
    with pytest.raises(Refused, match="not write"):
        postmortems.write_texts(ended.postmortem, by=stage.cast.vic, version=1, impact="x")


def test_each_edit_is_kept_and_shows_what_it_changed(ended: Rollback, stage: Stage) -> None:
    made = postmortems.write_texts(
        ended.postmortem, by=stage.cast.dana, version=1, impact="40 tickets"
    )
    began = ended.requested_at - timedelta(minutes=12)
    postmortems.write_texts(made, by=stage.cast.lee, version=2, impact="43 tickets", began_at=began)
    newest, middle, empty = versions.versions(made)
    assert [each.number for each in (newest, middle, empty)] == [3, 2, 1]
    assert [(each.name, each.old, each.new) for each in versions.changes(middle, newest)] == [
        ("began_at", "", began.isoformat()),
        ("impact", "40 tickets", "43 tickets"),
    ]
    assert (newest.by, middle.by, empty.by) == (stage.cast.lee, stage.cast.dana, None)


def test_who_moved_it_is_kept(ended: Rollback, stage: Stage) -> None:
    made = postmortems.write_texts(
        ended.postmortem, by=stage.cast.dana, version=1, what_went_wrong="Join"
    )
    postmortems.move_postmortem(made, by=stage.cast.dana, to="in_review")
    postmortems.move_postmortem(made, by=stage.cast.lee, to="published")
    assert [(each.new, each.by) for each in made.moves.all()] == [
        ("in_review", stage.cast.dana),
        ("published", stage.cast.lee),
    ]


def test_anyone_who_reads_it_may_comment_also_on_a_published_one(
    ended: Rollback, stage: Stage
) -> None:
    postmortems.comment(ended.postmortem, by=stage.cast.vic, text=" We saw it first ")
    assert [each.text for each in ended.postmortem.comments.all()] == ["We saw it first"]
    with pytest.raises(Refused, match="between 1 and"):
        postmortems.comment(ended.postmortem, by=stage.cast.vic, text="  ")


def test_it_cannot_have_begun_after_its_end(ended: Rollback, stage: Stage) -> None:
    assert ended.finished_at
    late = ended.finished_at + timedelta(days=1)
    with pytest.raises(Refused, match="cannot have begun after"):
        postmortems.write_texts(ended.postmortem, by=stage.cast.dana, version=1, began_at=late)


def test_the_recovery_is_counted_from_the_failure_where_somebody_knows_it(
    ended: Rollback, stage: Stage
) -> None:
    guess = draft.draft(ended).recovery
    assert guess and ended.finished_at
    assert (guess.took, guess.known) == (ended.finished_at - ended.requested_at, False)
    began = ended.requested_at - timedelta(hours=1)
    postmortems.write_texts(ended.postmortem, by=stage.cast.dana, version=1, began_at=began)
    report = draft.draft(ended).recovery
    assert report
    assert (report.took, report.known) == (ended.finished_at - began, True)


def test_data_is_lost_as_counted_after_the_end_and_never_as_forecast(ended: Rollback) -> None:
    assert "## Data Loss\n\nNot measured.\n" in export.as_markdown(ended.postmortem)
    what = "calls since the deployment"
    for rows in (1200, 1284):
        with transaction.atomic():
            record(ended, "data.measured", what=what, rows=rows)
    assert [(each.what, each.rows) for each in draft.draft(ended).losses] == [(what, None)]
    assert f"- {what}: not measured after the end\n" in export.as_markdown(ended.postmortem)
    with transaction.atomic():
        record(ended, "data.remaining", what=what, rows=84)
    assert f"- {what}: 1,200\n" in export.as_markdown(ended.postmortem)


def test_what_is_all_there_after_the_end_was_not_lost(ended: Rollback) -> None:
    for kind in ("data.measured", "data.remaining"):
        with transaction.atomic():
            record(ended, kind, what="orders", rows=250)
    assert [(each.what, each.rows) for each in draft.draft(ended).losses] == [("orders", 0)]


def test_a_step_is_measured_against_what_its_author_planned(stage: Stage, fleet: Fleet) -> None:
    text = make.PLAN.replace("### Step 1: Stop", "### Step 1: Stop (1-2 min)")
    rollback = drive(make.approved(stage, text), fleet)
    first, second, _ = phases.steps(rollback, snapshot_of(rollback.snapshot))
    assert first.planned == (timedelta(minutes=1), timedelta(minutes=2))
    assert not first.over
    assert second.planned is None


def test_messages_are_told_with_who_got_them(ended: Rollback, stage: Stage) -> None:
    steering.send_message(ended, by=stage.cast.dana, text="Logins work", recipients="Support team")
    text = export.as_markdown(ended.postmortem)
    assert "UTC, dana to Support team:\n  > Logins work\n" in text
    assert export.as_json(ended.postmortem)["messages"][0]["recipients"] == "Support team"


def test_whoever_asked_does_not_publish_alone_where_two_are_needed(stage: Stage) -> None:
    stage.environment.second_person = "always"
    stage.environment.save()
    ended = requests.withdraw(make.requested(stage), by=stage.cast.dana)
    ended.refresh_from_db()
    made = postmortems.open_postmortem(ended)
    made = postmortems.write_texts(
        made, by=stage.cast.dana, version=1, what_went_wrong="A bad index"
    )
    made = postmortems.move_postmortem(made, by=stage.cast.dana, to="in_review")
    with pytest.raises(Refused, match="somebody else has to publish"):
        postmortems.move_postmortem(made, by=stage.cast.dana, to="published")
    assert postmortems.move_postmortem(made, by=stage.cast.lee, to="published").state == "published"
