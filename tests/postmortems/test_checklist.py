"""Checks and actions live from the request on, and follow a rollback until they are done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from rollback_console.postmortems import checklist
from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.models import ActionItem
from rollback_console.rollbacks.actions import requests, steering
from rollback_console.rollbacks.errors import Refused
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.rollbacks.driving import drive

from .conftest import checked

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_they_are_there_before_anything_ran_and_reading_keeps_no_row(stage: Stage) -> None:
    checks = checklist.entries(make.requested(stage))
    assert [(each.item.text, each.item.kind, each.done) for each in checks] == [
        ("Application starts successfully", "verification", False),
        ("User can log in", "verification", False),
        ("Notify team of rollback", "immediate", False),
    ]
    assert not ActionItem.objects.exists()


def test_an_action_taken_during_the_rollback_follows_it_into_the_postmortem(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = drive(make.approved(stage), fleet)
    key = checklist.entries(rollback)[2].item.key
    item = checklist.item_of(rollback, key)
    checklist.assign_item(item, by=stage.cast.dana, owner=stage.cast.sam, due=date(2026, 12, 1))
    checklist.tick_item(item, by=stage.cast.sam, done=True, evidence="https://chat.example/1")
    rollback = checked(rollback, fleet, stage)
    (kept,) = [each for each in rollback.action_items.all() if each.key == key]
    assert (kept.owner, kept.done_by) == (stage.cast.sam, stage.cast.sam)
    assert kept.evidence == "https://chat.example/1"


def test_a_check_that_passed_is_done_by_whoever_answered_it(stage: Stage, fleet: Fleet) -> None:
    rollback = checked(drive(make.approved(stage), fleet), fleet, stage)
    done = [each for each in checklist.entries(rollback) if each.item.kind == "verification"]
    assert {(each.done, each.item.done_by, each.item.evidence) for each in done} == {
        (True, stage.cast.dana, "seen")
    }


def test_a_check_that_failed_stays_open_until_somebody_shows_that_it_holds(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = checked(drive(make.approved(stage), fleet), fleet, stage, "fail")
    first = checklist.entries(rollback)[0]
    assert not first.done
    assert first.item in checklist.open_items()
    checklist.tick_item(first.item, by=stage.cast.lee, done=True, evidence="Works since 10:30")
    assert first.item not in checklist.open_items()


def test_a_check_of_a_rollback_under_way_is_answered_on_its_page(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = drive(make.approved(stage), fleet)
    item = checklist.item_of(rollback, checklist.entries(rollback)[0].item.key)
    with pytest.raises(Refused, match="on the rollback's page"):
        checklist.tick_item(item, by=stage.cast.dana, done=True)
    checklist.assign_item(item, by=stage.cast.dana, owner=stage.cast.lee)
    assert item in checklist.open_items(stage.cast.lee)
    steering.answer_check(rollback, key=item.key, by=stage.cast.lee, answer="pass")
    assert item not in checklist.open_items(stage.cast.lee)


def test_nothing_else_is_an_item(stage: Stage) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="no such item"):
        checklist.item_of(rollback, "check-9-nothing")
    with pytest.raises(Refused, match="Checks come from the plan"):
        checklist.add_item(rollback, by=stage.cast.dana, text="More", kind="verification")


def test_who_only_looks_changes_nothing(stage: Stage) -> None:
    rollback = make.requested(stage)
    item = checklist.add_item(rollback, by=stage.cast.dana, text="Rehearse", kind="follow_up")
    acts: tuple[Callable[[], object], ...] = (
        lambda: checklist.add_item(rollback, by=stage.cast.vic, text="More", kind="follow_up"),
        lambda: checklist.assign_item(item, by=stage.cast.vic, owner=None),
        lambda: checklist.tick_item(item, by=stage.cast.vic, done=True),
    )
    for act in acts:
        with pytest.raises(Refused, match="not change it"):
            act()


def test_a_deactivated_person_is_given_nothing(stage: Stage) -> None:
    rollback, sam = make.requested(stage), stage.cast.sam
    item = checklist.add_item(rollback, by=stage.cast.dana, text="Rehearse", kind="follow_up")
    sam.is_active = False
    sam.save()
    with pytest.raises(Refused, match="is deactivated"):
        checklist.assign_item(item, by=stage.cast.dana, owner=sam)


@pytest.mark.parametrize(
    ("due", "remind", "reminded", "expected"),
    [
        (None, None, None, False),
        (None, NOON + HOUR, None, False),
        (None, NOON - HOUR, None, True),
        (None, NOON - HOUR, NOON, False),
        (None, NOON - HOUR, NOON - 2 * HOUR, True),
        (date(2026, 12, 2), None, None, False),
        (date(2026, 12, 1), None, None, True),
        (date(2026, 12, 1), None, NOON - HOUR, False),
        (date(2026, 12, 1), NOON - 30 * HOUR, NOON - 29 * HOUR, True),
    ],
)
def test_an_owner_is_due_to_be_told_once_for_the_reminder_and_once_for_the_day(
    stage: Stage,
    due: date | None,
    remind: datetime | None,
    reminded: datetime | None,
    expected: bool,
) -> None:
    rollback = make.requested(stage)
    item = checklist.add_item(
        rollback,
        by=stage.cast.dana,
        text="Rehearse",
        kind="follow_up",
        owner=stage.cast.sam,
        due=due,
        remind_at=remind,
    )
    if reminded:
        checklist.reminded([item], reminded)
    assert (item in checklist.due_items(NOON)) is expected


def test_nobody_is_told_of_what_is_done_or_has_no_owner(stage: Stage) -> None:
    rollback, dana = make.requested(stage), stage.cast.dana
    late = {"kind": "follow_up", "by": dana, "due": date(2026, 11, 1)}
    done = checklist.add_item(rollback, text="Done", owner=dana, **late)  # type: ignore[arg-type]
    checklist.tick_item(done, by=dana, done=True)
    checklist.add_item(rollback, text="Nobody's", **late)  # type: ignore[arg-type]
    assert checklist.due_items(NOON) == []


def test_what_never_ran_leaves_nothing_to_do_but_what_somebody_took(stage: Stage) -> None:
    rollback = make.requested(stage)
    requests.withdraw(rollback, by=stage.cast.dana)
    rollback.refresh_from_db()
    postmortems.open_postmortem(rollback)
    assert list(checklist.open_items()) == []
    item = rollback.action_items.get(kind="immediate")
    checklist.assign_item(item, by=stage.cast.dana, owner=stage.cast.sam)
    added = checklist.add_item(rollback, by=stage.cast.dana, text="Rehearse", kind="follow_up")
    assert set(checklist.open_items()) == {item, added}
