"""Who may decide an open request: nobody who wrote it, nobody by a right that came later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollback_console.engine.snapshot import Snapshot
from rollback_console.plans.actions.decision_makers import (
    LadderLine,
    change_decision_maker,
    name_decision_maker,
    replace_policy,
)
from rollback_console.plans.actions.plans import bind_steps
from rollback_console.plans.document_cache import document
from rollback_console.plans.models import DecisionMaker, Revision
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.rollbacks.actions import approvals, break_glass, requests, steering
from rollback_console.rollbacks.errors import Changed, Refused
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.permissions import authorship, groups, rights
from rollback_console.rollbacks.queries import approval_status, lists
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db

LATER = r"after this was (?:asked for|requested)"


def approve(rollback: Rollback, by: Any) -> Rollback:
    approvals.approve(rollback, by=by, snapshot_sha256=rollback.snapshot_sha256)
    rollback.refresh_from_db()
    return rollback


def requested(revision: Revision, stage: Stage, **choices: Any) -> Rollback:
    return requests.open_request(
        revision, by=stage.cast.dana, reason="It loses orders", choices=choices
    )


def rewriter(person: User) -> User:
    """Somebody who may revise plans."""
    person.groups.add(Group.objects.get(name=groups.OPERATOR))
    return User.objects.get(pk=person.pk)


def rewritten(revision: Revision, by: User, old: str = "echo restoring") -> Revision:
    """The next revision, with another text or, without `old`, only other bindings."""
    rewriter(by)
    if not old:
        return bind_steps(revision, by=by, bindings={**revision.bindings, "time_limit": 90})
    source = bytes(revision.source).decode().replace(old, f"{old} as {by}")
    return make.revised(revision.plan, source, by)


def test_one_approval_reads_rights_and_votes_once(stage: Stage) -> None:
    rollback = make.requested(stage)
    with CaptureQueriesContext(connection) as queries:
        approve(rollback, stage.cast.lee)
    read = [sql for sql in texts(queries) if sql.startswith("SELECT")]
    # The vote itself is read back once, for what the record says of it.
    for table, times in (
        ("plans_decisionmaker", 1),
        ("plans_delegation", 1),
        ("rollbacks_approval", 2),
    ):
        assert sum(f"FROM {table}" in sql for sql in read) == times, table


def texts(queries: CaptureQueriesContext) -> list[str]:
    """The statements without the quotes that each kind of database has of its own."""
    return [each["sql"].replace('"', "").replace("`", "") for each in queries.captured_queries]


def renew_after_a_change(rollback: Rollback, stage: Stage) -> None:
    stage.environment.hosts.update(port=2222)
    requests.renew(rollback, by=stage.cast.dana)


def start_without_approval(rollback: Rollback, stage: Stage) -> None:
    make.may_break_glass(stage.cast.lee)
    break_glass.break_glass(
        rollback,
        by=User.objects.get(pk=stage.cast.lee.pk),
        snapshot_sha256=rollback.snapshot_sha256,
        reason="Nobody answers and orders are lost",
    )


@pytest.mark.parametrize(
    "act",
    [
        lambda rollback, stage: approve(rollback, stage.cast.lee),
        renew_after_a_change,
        start_without_approval,
    ],
    ids=["approve", "renew", "break glass"],
)
def test_a_plan_is_frozen_before_the_row_is_locked(
    stage: Stage, act: Callable[[Rollback, Stage], object]
) -> None:
    rollback = make.requested(stage)
    with CaptureQueriesContext(connection) as queries:
        act(rollback, stage)
    sqls = texts(queries)
    began = next(i for i, sql in reversed([*enumerate(sqls)]) if sql.startswith("SAVEPOINT"))
    frozen = [i for i, sql in enumerate(sqls) if sql.startswith("SELECT plans_secret.name")]
    assert frozen
    assert max(frozen) < began


def test_a_request_that_was_refreshed_meanwhile_is_not_refreshed_over_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollback = make.requested(stage)
    stage.environment.hosts.update(port=2222)
    freeze = freeze_snapshot

    def freeze_while_somebody_refreshes(*parts: Any, **options: Any) -> Snapshot:
        frozen = freeze(*parts, **options)
        monkeypatch.setattr(requests, "freeze_snapshot", freeze)
        requests.renew(rollback, by=stage.cast.dana)
        return frozen

    monkeypatch.setattr(requests, "freeze_snapshot", freeze_while_somebody_refreshes)
    with pytest.raises(Refused, match="refreshed this request meanwhile"):
        requests.renew(rollback, by=stage.cast.dana)
    assert rollback.events.filter(kind="rollback.renewed").count() == 1


def test_who_is_named_while_a_request_is_open_decides_later_ones_only(stage: Stage) -> None:
    rollback = make.requested(stage)
    name_decision_maker(
        stage.environment, by=stage.cast.ada, user=stage.cast.vic, role="Deploy Lead", rung=1
    )
    with pytest.raises(Refused, match=LATER):
        approve(rollback, stage.cast.vic)
    with pytest.raises(Refused, match=LATER):
        approvals.reject(
            rollback,
            by=stage.cast.vic,
            snapshot_sha256=rollback.snapshot_sha256,
            reason="No",
        )
    assert rollback.pk not in {each.pk for each in lists.home(stage.cast.vic).waiting}
    cannot = approval_status.standing_of(rollback, stage.cast.lee).cannot
    assert [each.why for each in cannot if each.maker.person == stage.cast.vic.pk] == [
        "was given this right after the request"
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
        break_glass.break_glass(
            rollback,
            by=stage.cast.sam,
            snapshot_sha256=rollback.snapshot_sha256,
            reason="Nobody of the four answers the phone",
        )


@pytest.mark.parametrize("old", ["echo starting", ""])
def test_everyone_who_wrote_what_nobody_approved_is_barred(stage: Stage, old: str) -> None:
    first = make.plan(stage)
    second = rewritten(first, stage.cast.lee)
    third = rewritten(second, stage.cast.sam, old)
    DecisionMaker.objects.create(environment=stage.environment, user=stage.cast.vic, role="CTO")
    assert barred(third, stage) == {stage.cast.ada, stage.cast.lee, stage.cast.sam}


def test_who_wrote_what_was_approved_since_may_approve_again(stage: Stage) -> None:
    first = make.plan(stage)
    approve(requested(first, stage), stage.cast.lee)
    second = rewritten(first, stage.cast.sam)
    assert barred(second, stage) == {stage.cast.sam}
    approve(requested(second, stage), stage.cast.lee)
    assert barred(second, stage) == set()


CONDITIONAL = make.PLAN.replace(
    "### Step 3: Start",
    "### Step 3: If the cache is stale\n```bash\necho mine\n```\n\n### Step 4: Start",
)


def with_condition(stage: Stage) -> tuple[Revision, str]:
    """A plan with a conditional step that lee wrote, and the step's key."""
    plan = make.plan(stage).plan
    rewriter(stage.cast.lee)
    revision = make.revised(plan, CONDITIONAL, stage.cast.lee)
    (key,) = [each.key for each in document(revision).procedures[0].steps if each.condition]
    return revision, key


def test_an_approval_that_left_a_step_out_does_not_lift_the_bar_of_who_wrote_it(
    stage: Stage,
) -> None:
    revision, key = with_condition(stage)
    approve(requested(revision, stage, conditions={key: "skip"}), stage.cast.sam)
    later = make.revised(revision.plan, CONDITIONAL.replace("stopping", "stop"), stage.cast.ada)
    whole = requested(later, stage, conditions={key: "run"})
    assert "echo mine" in whole.snapshot
    with pytest.raises(Refused, match="nobody has approved yet"):
        approve(whole, stage.cast.lee)
    approve(whole, stage.cast.sam)
    again = make.revised(later.plan, CONDITIONAL.replace("stopping", "end"), stage.cast.ada)
    assert barred(again, stage, conditions={key: "run"}) == {stage.cast.ada}


def test_who_wrote_a_part_that_is_left_out_may_approve_the_rest(stage: Stage) -> None:
    revision, key = with_condition(stage)
    approve(requested(revision, stage, conditions={key: "skip"}), stage.cast.sam)
    assert barred(revision, stage, conditions={key: "skip"}) == set()
    assert barred(revision, stage, conditions={key: "run"}) == {stage.cast.lee}


TWO_WAYS = make.PLAN.replace(
    "```bash\necho restoring\n```",
    "**Option A: from git**\n```bash\necho first way\n```\n\n"
    "**Option B: from the archive**\n```bash\necho second way\n```",
)


def test_the_bar_of_a_plan_with_two_ways_is_about_the_way_that_is_chosen(stage: Stage) -> None:
    plan = make.plan(stage, TWO_WAYS).plan
    (step,) = [
        each
        for each in document(plan.revisions.get(number=1)).procedures[0].steps
        if each.alternatives
    ]
    first, second = ({"alternatives": {step.key: way}} for way in (0, 1))
    approve(requested(plan.revisions.get(number=2), stage, **first), stage.cast.sam)
    rewriter(stage.cast.lee)
    mine = make.revised(plan, TWO_WAYS.replace("second way", "my way"), stage.cast.lee)
    assert barred(mine, stage, **first) == set()
    assert barred(mine, stage, **second) == {stage.cast.lee}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("echo mine\n", "echo mine\necho more\n"),
        ("### Step 3: If the cache", "### Step 3: Only if the cache"),
    ],
    ids=["more lines", "another title"],
)
def test_a_colleagues_change_around_a_line_does_not_lift_the_bar_of_who_wrote_it(
    stage: Stage, before: str, after: str
) -> None:
    revision, key = with_condition(stage)
    approve(requested(revision, stage, conditions={key: "skip"}), stage.cast.sam)
    changed = make.revised(revision.plan, CONDITIONAL.replace(before, after), stage.cast.ada)
    (key,) = [each.key for each in document(changed).procedures[0].steps if each.condition]
    assert barred(changed, stage, conditions={key: "run"}) == {stage.cast.ada, stage.cast.lee}


def test_who_took_a_step_away_is_barred_until_that_was_approved(stage: Stage) -> None:
    first = make.plan(stage)
    approve(requested(first, stage), stage.cast.sam)
    rewriter(stage.cast.lee)
    shorter = make.PLAN.replace("### Step 1: Stop\n```bash\necho stopping\n```\n\n", "")
    second = make.revised(first.plan, shorter, stage.cast.lee)
    assert "echo stopping" not in requested(second, stage).snapshot
    assert barred(second, stage) == {stage.cast.lee}
    approve(requested(second, stage), stage.cast.sam)
    assert barred(second, stage) == set()


def test_what_had_no_effect_yet_stays_its_writers_when_somebody_makes_it_run(stage: Stage) -> None:
    head = "---\ndatabase: {dump: take-it, restore: put-it-back, folder: /var/backups}\n---\n"
    plan = make.plan(stage).plan
    rewriter(stage.cast.lee)
    idle = make.revised(plan, head + make.PLAN, stage.cast.lee)
    approve(requested(idle, stage), stage.cast.sam)
    destroying = make.PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    used = make.revised(plan, head + destroying, stage.cast.ada)
    assert barred(used, stage) == {stage.cast.ada, stage.cast.lee}


def test_many_revisions_push_nobody_out_of_the_bar(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorship, "_MOST_REVISIONS", 3)
    plan = make.plan(stage).plan
    rewriter(stage.cast.lee)
    make.revised(plan, make.PLAN.replace("restoring", "mine"), stage.cast.lee)
    for number in range(5):
        text = make.PLAN.replace("restoring", "mine").replace("stopping", f"stopping {number}")
        last = make.revised(plan, text, stage.cast.ada)
    assert stage.cast.lee in barred(last, stage)


def test_a_host_that_an_admin_adds_to_a_group_bars_no_author(stage: Stage) -> None:
    group = stage.environment.host_groups.create(name="web")
    group.hosts.add(stage.host)
    rewriter(stage.cast.lee)
    revision = bind_steps(make.plan(stage), by=stage.cast.lee, bindings={"hosts": "web"})
    approve(requested(revision, stage), stage.cast.sam)
    group.hosts.add(make.host(stage.environment, "app-2", stage.cast.ada))
    assert "app-2" in requested(revision, stage).snapshot
    assert barred(revision, stage) == set()


def test_a_request_from_before_authors_were_recorded_bars_every_author(stage: Stage) -> None:
    first = make.plan(stage)
    approve(requested(first, stage), stage.cast.sam)
    rollback = requested(rewritten(first, stage.cast.lee), stage)
    Rollback.objects.filter(pk=rollback.pk).update(authors=None)
    rollback.refresh_from_db()
    assert rights.barred(rollback) == {
        each.pk for each in (stage.cast.ada, stage.cast.lee, stage.cast.dana)
    }


def barred(revision: Revision, stage: Stage, **choices: Any) -> set[User]:
    """Who may not approve what dana asks for, but dana."""
    keys = rights.barred(requested(revision, stage, **choices)) - {stage.cast.dana.pk}
    return set(User.objects.filter(pk__in=keys))


def test_an_approval_that_was_void_once_never_counts_again(stage: Stage) -> None:
    stage.environment.approvals_code = 2
    stage.environment.save()
    rollback = make.requested(stage)
    approve(rollback, stage.cast.lee)
    before = rollback.snapshot_sha256
    for address in ("192.0.2.9", "192.0.2.1"):
        stage.host.address = address
        stage.host.save()
        rollback = requests.renew(rollback, by=stage.cast.dana)
    assert rollback.snapshot_sha256 == before
    assert rights.authority_for(rollback).given == 0
    assert approve(rollback, stage.cast.sam).state == "requested"
    assert approve(rollback, stage.cast.lee).state == "approved"


@pytest.mark.parametrize("seen", ["", "0" * 64, "x" * 5000])
def test_a_rejection_takes_the_true_hash_alone(stage: Stage, seen: str) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Changed):
        approvals.reject(rollback, by=stage.cast.lee, snapshot_sha256=seen, reason="No")
    assert not rollback.approvals.exists()


def test_notes_do_not_push_what_decides_off_the_page(stage: Stage) -> None:
    rollback = make.requested(stage)
    for number in range(100):
        steering.note(rollback, by=stage.cast.vic, text=f"Note {number}")
    for number in range(100):
        steering.note(rollback, by=stage.cast.sam, text=f"Note {number}")
    stage.host.address = "192.0.2.9"
    stage.host.save()
    requests.renew(rollback, by=stage.cast.dana)
    rollback.refresh_from_db()
    page = approval_status.deciding_of(rollback, stage.cast.lee)
    assert [path for path, _, _ in page.renewed] == ["hosts.app-1.address"]
    kinds = [each.kind for each in page.events]
    assert {"rollback.requested", "rollback.renewed"} <= set(kinds)
    assert kinds.count("note.added") == 50


def test_a_person_writes_a_hundred_times_about_one_rollback_at_most(stage: Stage) -> None:
    rollback = make.requested(stage)
    for number in range(100):
        steering.note(rollback, by=stage.cast.vic, text=f"Note {number}")
    with pytest.raises(Refused, match="limit of 100"):
        steering.note(rollback, by=stage.cast.vic, text="One more")
    with pytest.raises(Refused, match="limit of 100"):
        approvals.ask_question(rollback, by=stage.cast.vic, text="One more?")
    steering.note(rollback, by=stage.cast.sam, text="Somebody else")


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
    rollback = requests.renew(rollback, by=stage.cast.dana)
    assert approve(rollback, stage.cast.lee).state == "requested"
    assert approval_status.eased(rollback) == []
