"""Requests: opening, refreshing and withdrawing one, and starting what was approved.

Each is a verb that checks the right of `by`, writes one state change and one event in one
transaction, and returns the thing. All raise `errors.Refused` with a sentence.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from rollback_console.engine import authority
from rollback_console.engine.snapshot import Snapshot, difference
from rollback_console.engine.states import TERMINAL, RollbackState
from rollback_console.plans.approval.decision_makers import makers_of
from rollback_console.plans.errors import NotReady
from rollback_console.plans.models import Environment, Revision
from rollback_console.plans.snapshot.freeze import freeze_snapshot

from .. import database_dumps, db_clock
from ..errors import Refused
from ..events import record
from ..events.written_columns import TIMES_ASKED, WHEN_REQUESTED, describe_columns
from ..execution.lease import move
from ..execution.view import snapshot_of
from ..models import Rollback
from ..permissions import rights
from ..permissions.authorship import unapproved_authors
from ..sweeper import readiness_schedule
from ..tasks import enqueue_after_commit
from .approvals import changes_in_words, locked, without_digests


@transaction.atomic
def open_request(
    revision: Revision, *, by: User, reason: str, choices: dict[str, Any], trigger: str = ""
) -> Rollback:
    """Open a rollback of `revision`.

    Raises plans.errors.NotReady with everything that is missing, so that nothing incomplete
    can ever be approved.
    """
    if not by.has_perm("rollbacks.request_rollback", revision):
        raise Refused(
            "You may not request a rollback. Ask an operator, or ask an Admin for the right."
        )
    if not reason.strip():
        raise Refused("Enter a reason: decision makers read it first.")
    snapshot = freeze_snapshot(revision, choices)
    environment = revision.plan.environment
    authors = unapproved_authors(revision, choices, snapshot)
    barred = authors | {by.pk}
    makers = _makers(environment, snapshot, barred)
    policy = snapshot.policy
    rung = authority.first_rung(policy, makers, barred)
    before = authority.next_reminder(environment.remind_before, policy.request_expires)
    rollback = Rollback.objects.create(
        revision=revision,
        service=revision.plan.service,
        environment=environment,
        title=revision.plan.title,
        trigger=trigger.strip(),
        reason=reason.strip(),
        choices=choices,
        snapshot=snapshot.to_json(),
        snapshot_sha256=snapshot.sha256,
        authors=sorted(authors),
        requested_by=by,
        requested_at=Now(),
        expires_at=db_clock.later(timedelta(minutes=policy.request_expires)),
        rung=rung,
        escalates_at=db_clock.later(timedelta(minutes=max(policy.escalate_after, 1))),
        reminds_at=db_clock.later(timedelta(minutes=policy.request_expires - before))
        if before
        else None,
    )
    record(
        rollback,
        "rollback.requested",
        by=by,
        row=describe_columns(rollback, WHEN_REQUESTED),
        reason=rollback.reason,
        trigger=rollback.trigger,
        snapshot=snapshot.sha256,
        authors=rollback.authors,
        round=rollback.round,
        rung=rung,
        to=rights.people(authority.makers_up_to(makers, rung)),
    )
    readiness_schedule.ask_unasked(rollback, "request")
    rollback.refresh_from_db()
    return rollback


def renew(rollback: Rollback, *, by: User) -> Rollback:
    """Refresh a request after hosts, keys, secrets or rules changed; earlier approvals are void.

    One that was approved and has not started becomes a request again.
    """
    seen = Rollback.objects.get(pk=rollback.pk)
    _require_renewable(seen, by)
    before = snapshot_of(seen.snapshot)
    # Slow, both: not while the row is locked.
    snapshot = freeze_snapshot(seen.revision, seen.choices, like=before)
    authors = unapproved_authors(seen.revision, seen.choices, snapshot)
    with transaction.atomic():
        row = locked(rollback)
        _require_renewable(row, by)
        if row.snapshot_sha256 != seen.snapshot_sha256:
            raise Refused("Somebody has refreshed this request meanwhile. Reload the page.")
        return _replace_snapshot(row, by, before, snapshot, authors)


def _require_renewable(row: Rollback, by: User) -> None:
    if row.state not in {RollbackState.REQUESTED, RollbackState.APPROVED}:
        raise Refused(f"This rollback is {row.state}; only a request can be refreshed.")
    if not by.has_perm("rollbacks.request_rollback", row):
        raise Refused("You may not refresh a request. Ask an operator.")


def _replace_snapshot(
    row: Rollback, by: User, before: Snapshot, snapshot: Snapshot, authors: frozenset[int]
) -> Rollback:
    barred = authors | {row.requested_by_id}
    makers = _makers(row.environment, snapshot, barred)
    changes = difference(before, snapshot)
    if not changes:
        raise Refused("Nothing has changed since the request.")
    asked_again = row.state == RollbackState.APPROVED
    if asked_again:
        if row.lease_until is not None:
            raise Refused("It is starting right now. Reload in a moment.")
        _ask_again(row, snapshot, makers, barred)
    Rollback.objects.filter(pk=row.pk).update(
        snapshot=snapshot.to_json(),
        snapshot_sha256=snapshot.sha256,
        round=F("round") + 1,
        authors=sorted(authors),
    )
    record(
        row,
        "rollback.renewed",
        by=by,
        **({"row": describe_columns(row, TIMES_ASKED)} if asked_again else {}),
        snapshot=snapshot.sha256,
        authors=sorted(authors),
        round=row.round + 1,
        changes=[path for path, _, _ in changes],
        difference=[
            [path, _short(old), _short(new)]
            for path, old, new in (without_digests(*each) for each in changes[:_MOST])
        ],
        why=changes_in_words(row),
        to=rights.people(authority.makers_up_to(makers, row.rung)),
    )
    row.refresh_from_db()
    return row


def _ask_again(
    row: Rollback,
    snapshot: Snapshot,
    makers: list[authority.Maker],
    barred: frozenset[int],
) -> None:
    """An approval of something else is none: the request is open again, for its whole time."""
    policy = snapshot.policy
    before = authority.next_reminder(row.environment.remind_before, policy.request_expires)
    move(
        row,
        RollbackState.REQUESTED,
        approved_at=None,
        start_asked=True,
        due_at=None,
        expires_at=db_clock.later(timedelta(minutes=policy.request_expires)),
        rung=authority.first_rung(policy, makers, barred),
        escalates_at=db_clock.later(timedelta(minutes=max(policy.escalate_after, 1))),
        reminds_at=db_clock.later(timedelta(minutes=policy.request_expires - before))
        if before
        else None,
    )
    row.refresh_from_db()


@transaction.atomic
def withdraw(rollback: Rollback, *, by: User, reason: str = "") -> Rollback:
    """Take a request back, by who made it, before anything ran."""
    row = locked(rollback)
    if row.requested_by_id != by.pk:
        raise Refused("Only the requester can withdraw a request. A decision maker can reject it.")
    if row.state not in {RollbackState.REQUESTED, RollbackState.APPROVED}:
        raise Refused(f"This rollback is {row.state}; it can no longer be withdrawn.")
    move(row, RollbackState.WITHDRAWN, finished_at=Now())
    record(
        row, "rollback.withdrawn", by=by, row=describe_columns(row, ["finished_at"]), reason=reason
    )
    return row


@transaction.atomic
def start(rollback: Rollback, *, by: User) -> Rollback:
    """Start an approved rollback again after its first start was refused."""
    row = locked(rollback)
    if not by.has_perm("rollbacks.operate_rollback", row):
        raise Refused("You may not start a rollback. Ask an operator.")
    if row.state != RollbackState.APPROVED:
        raise Refused(f"This rollback is {row.state}; only an approved one can be started.")
    Rollback.objects.filter(pk=row.pk).update(start_asked=True, due_at=Now())
    record(row, "start.asked", by=by, row={"start_asked": True})
    enqueue_after_commit(row.pk)
    return row


def request_restore(rollback: Rollback, *, by: User, reason: str) -> Rollback:
    """Ask for the rollback that puts the database back as it was before this one.

    Raises Refused while it runs or where no dump of its own is on record, and what
    `open_request` raises.
    """
    if rollback.state not in TERMINAL:
        raise Refused("This rollback has not ended. Undo its steps when it asks, or abort it.")
    if (dump := database_dumps.dump_to_restore(rollback)) is None:
        raise Refused(f"{database_dumps.why_no_restore(rollback)} There is nothing to restore.")
    values = {key: value for key, value in asdict(dump).items() if key in _FROZEN}
    stays = database_dumps.list_what_stays(rollback)
    choices = {"restores": {"rollback": rollback.pk, "stays": stays, **values}}
    return open_request(rollback.revision, by=by, reason=reason, choices=choices)


_MOST, _LONG = 100, 500
_FROZEN = frozenset({"host", "path", "size", "sha256"})


def _makers(
    environment: Environment, snapshot: Snapshot, barred: frozenset[int]
) -> list[authority.Maker]:
    """Who could approve it. Raises NotReady when that is not enough people."""
    makers = makers_of(environment)
    if missing := authority.why_unsatisfiable(snapshot.policy, makers, barred):
        raise NotReady([f"Nobody can approve this. {missing}"])
    return [each for each in makers if not {each.person, each.owner} & barred]


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else ""
    return f"{text[:_LONG]}…" if len(text) > _LONG else value
