"""Who may decide an open request: nobody who wrote it, nobody by a right that came later."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollback_console.plans.actions.decision_makers import (
    LadderLine,
    change_decision_maker,
    name_decision_maker,
    replace_policy,
)
from rollback_console.plans.actions.plans import bind_steps, revise
from rollback_console.plans.models import DecisionMaker, Revision
from rollback_console.rollbacks.actions import request as rollbacks
from rollback_console.rollbacks.errors import Changed, Refused
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.permissions import groups, rights
from rollback_console.rollbacks.queries import approval_status, lists
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db

LATER = "after this was asked for"


def approve(rollback: Rollback, by: Any) -> Rollback:
    rollbacks.approve(rollback, by=by, snapshot_sha256=rollback.snapshot_sha256)
    rollback.refresh_from_db()
    return rollback


def requested(revision: Revision, stage: Stage) -> Rollback:
    return rollbacks.request(revision, by=stage.cast.dana, reason="It loses orders", choices={})


def rewritten(revision: Revision, by: Any, word: str = "") -> Revision:
    """The next revision, with another text or, without `word`, only other bindings."""
    by.groups.add(Group.objects.get(name=groups.OPERATOR))
    if not word:
        return bind_steps(revision, by=by, bindings={"time_limit": 90})
    source = bytes(revision.source).replace(b"echo restoring", f"echo {word}".encode())
    return revise(revision.plan, source, by=by)


def test_one_approval_reads_rights_and_votes_once(stage: Stage) -> None:
    rollback = make.requested(stage)
    with CaptureQueriesContext(connection) as queries:
        approve(rollback, stage.cast.lee)
    read = [sql for sql in texts(queries) if sql.startswith("SELECT")]
    for table in ("plans_decisionmaker", "plans_delegation", "rollbacks_approval"):
        assert sum(f"FROM {table}" in sql for sql in read) == 1, table


def texts(queries: CaptureQueriesContext) -> list[str]:
    """The statements without the quotes that each kind of database has of its own."""
    return [each["sql"].replace('"', "").replace("`", "") for each in queries.captured_queries]


def test_a_plan_is_frozen_before_the_row_is_locked(stage: Stage) -> None:
    rollback = make.requested(stage)
    with CaptureQueriesContext(connection) as queries:
        approve(rollback, stage.cast.lee)
    sqls = texts(queries)
    began = next(i for i, sql in enumerate(sqls) if sql.startswith("SAVEPOINT"))
    frozen = [i for i, sql in enumerate(sqls) if "FROM plans_hostkey" in sql]
    assert frozen
    assert max(frozen) < began


def test_who_is_named_while_a_request_is_open_decides_later_ones_only(stage: Stage) -> None:
    rollback = make.requested(stage)
    name_decision_maker(
        stage.environment, by=stage.cast.ada, user=stage.cast.vic, role="Deploy Lead", rung=1
    )
    with pytest.raises(Refused, match=LATER):
        approve(rollback, stage.cast.vic)
    with pytest.raises(Refused, match=LATER):
        rollbacks.reject(
            rollback,
            by=stage.cast.vic,
            snapshot_sha256=rollback.snapshot_sha256,
            reason="No",
        )
    assert rollback.pk not in {each.pk for each in lists.home(stage.cast.vic).waiting}
    cannot = approval_status.standing_of(rollback, stage.cast.lee).cannot
    assert [each.why for each in cannot if each.maker.person == stage.cast.vic.pk] == [
        "was given this right after this was asked for"
    ]
    later = requested(rollback.revision, stage)
    assert approve(later, stage.cast.vic).state == "approved"


def test_a_role_that_was_raised_counts_for_later_requests(stage: Stage) -> None:
    rollback = make.requested(stage)
    lee = DecisionMaker.objects.get(user=stage.cast.lee)
    change_decision_maker(lee, by=stage.cast.ada, role="CTO", rung=1)
    with pytest.raises(Refused, match=LATER):
        approve(rollback, stage.cast.lee)


def test_another_rung_or_the_same_ladder_anew_is_no_new_right(stage: Stage) -> None:
    rollback = make.requested(stage)
    lee = DecisionMaker.objects.get(user=stage.cast.lee)
    change_decision_maker(lee, by=stage.cast.ada, role=lee.role, rung=3)
    ladder = [
        LadderLine(each.user, each.role, each.rung)
        for each in stage.environment.decision_makers.all()
    ]
    replace_policy(stage.environment, by=stage.cast.ada, ladder=ladder)
    assert approve(rollback, stage.cast.lee).state == "approved"


@pytest.mark.parametrize("door", ["by name", "by a group", "to a group"])
def test_a_right_to_break_glass_that_came_later_is_not_used_now(stage: Stage, door: str) -> None:
    team = Group.objects.create(name="On call")
    permission = Permission.objects.get(codename="break_glass")
    if door == "by a group":
        team.permissions.add(permission)
    if door == "to a group":
        stage.cast.sam.groups.add(team)
    rollback = make.requested(stage)
    match door:
        case "by name":
            rights.let_break_glass(stage.cast.sam, True)
        case "by a group":
            stage.cast.sam.groups.add(team)
        case _:
            team.permissions.add(permission)
    assert rights.may_break_glass(stage.cast.sam)
    with pytest.raises(Refused, match=LATER):
        rollbacks.break_glass(
            rollback,
            by=stage.cast.sam,
            snapshot_sha256=rollback.snapshot_sha256,
            reason="Nobody of the four answers the phone",
        )


@pytest.mark.parametrize("word", ["something else", ""])
def test_everyone_who_wrote_what_nobody_approved_is_barred(stage: Stage, word: str) -> None:
    first = make.plan(stage)
    second = rewritten(first, stage.cast.lee, "something of lee")
    third = rewritten(second, stage.cast.sam, word)
    assert rights.barred(third, stage.cast.vic.pk) == {
        each.pk for each in (stage.cast.ada, stage.cast.lee, stage.cast.sam, stage.cast.vic)
    }


def test_who_wrote_what_was_approved_since_may_approve_again(stage: Stage) -> None:
    first = make.plan(stage)
    approve(requested(first, stage), stage.cast.lee)
    second = rewritten(first, stage.cast.sam, "something of sam")
    assert rights.barred(second, stage.cast.vic.pk) == {stage.cast.sam.pk, stage.cast.vic.pk}


def test_an_approval_that_was_void_once_never_counts_again(stage: Stage) -> None:
    stage.environment.approvals_code = 2
    stage.environment.save()
    rollback = make.requested(stage)
    approve(rollback, stage.cast.lee)
    before = rollback.snapshot_sha256
    for address in ("192.0.2.9", "192.0.2.1"):
        stage.host.address = address
        stage.host.save()
        rollback = rollbacks.renew(rollback, by=stage.cast.dana)
    assert rollback.snapshot_sha256 == before
    assert rights.authority_for(rollback).given == 0
    assert approve(rollback, stage.cast.sam).state == "requested"
    assert approve(rollback, stage.cast.lee).state == "approved"


@pytest.mark.parametrize("seen", ["", "0" * 64, "x" * 5000])
def test_a_rejection_takes_the_true_hash_alone(stage: Stage, seen: str) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Changed):
        rollbacks.reject(rollback, by=stage.cast.lee, snapshot_sha256=seen, reason="No")
    assert not rollback.approvals.exists()


def test_notes_do_not_push_what_decides_off_the_page(stage: Stage) -> None:
    rollback = make.requested(stage)
    for number in range(100):
        rollbacks.note(rollback, by=stage.cast.vic, text=f"Note {number}")
    for number in range(100):
        rollbacks.note(rollback, by=stage.cast.sam, text=f"Note {number}")
    stage.host.address = "192.0.2.9"
    stage.host.save()
    rollbacks.renew(rollback, by=stage.cast.dana)
    rollback.refresh_from_db()
    page = approval_status.deciding_of(rollback, stage.cast.lee)
    assert [path for path, _, _ in page.renewed] == ["hosts.app-1.address"]
    kinds = [each.kind for each in page.events]
    assert {"rollback.requested", "rollback.renewed"} <= set(kinds)
    assert kinds.count("note.added") == 50


def test_a_person_writes_a_hundred_times_about_one_rollback_at_most(stage: Stage) -> None:
    rollback = make.requested(stage)
    for number in range(100):
        rollbacks.note(rollback, by=stage.cast.vic, text=f"Note {number}")
    with pytest.raises(Refused, match="100 times"):
        rollbacks.note(rollback, by=stage.cast.vic, text="One more")
    with pytest.raises(Refused, match="100 times"):
        rollbacks.ask(rollback, by=stage.cast.vic, text="One more?")
    rollbacks.note(rollback, by=stage.cast.sam, text="Somebody else")


def test_refused_approvals_are_kept_but_not_without_limit(stage: Stage) -> None:
    rollback = make.requested(stage)
    for _ in range(35):
        with pytest.raises(Refused):
            approve(rollback, stage.cast.vic)
    assert rollback.events.filter(kind="approval.refused").count() == 30


def test_what_would_ease_an_open_request_is_shown_and_does_not_count(stage: Stage) -> None:
    stage.environment.approvals_code = stage.environment.approvals_data = 2
    stage.environment.save()
    rollback = make.requested(stage)
    stage.environment.approvals_code = stage.environment.approvals_data = 1
    stage.environment.save()
    name_decision_maker(
        stage.environment, by=stage.cast.ada, user=stage.cast.vic, role="CTO", rung=1
    )
    assert approval_status.deciding_of(rollback, stage.cast.lee).eased == [
        "Approvals went from 2 to 1. This needs 2.",
        "Deviations take one person now. Those of this rollback take two.",
        "Vic Example was made CTO. They cannot decide this request.",
    ]
    assert approve(rollback, stage.cast.lee).state == "requested"
    assert approve(rollback, stage.cast.sam).state == "approved"


def test_a_renewed_request_is_decided_by_the_rules_of_now(stage: Stage) -> None:
    rollback = make.requested(stage)
    stage.environment.approvals_code = stage.environment.approvals_data = 2
    stage.environment.save()
    rollback = rollbacks.renew(rollback, by=stage.cast.dana)
    assert approve(rollback, stage.cast.lee).state == "requested"
    assert approval_status.eased(rollback) == []
