"""The queue of askings: written by whoever wants to know, answered by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q, Subquery
from django.db.models.functions import Now

from rollback_console.engine.snapshot import Snapshot
from rollback_console.remote import connector

from .. import signals
from ..data_loss import cost
from ..models import Asking, HostQuestion, Plan, ReadinessEvent, Revision
from . import check
from .check import Connect, Readiness
from .choices import choices_by_procedure, freeze_what_is_known
from .host_questions import register_questions

TAKEN_FOR = timedelta(minutes=3)
"""After so long without an end, whoever took an asking is given up on."""


def enqueue_asking(
    revision: Revision, choices: dict[str, Any], *, why: str, by: User | None = None
) -> Asking | None:
    """Wish to know about what `choices` would run; an open wish for the same is returned.

    Its host questions are put before people. None when there is nothing to ask a host about.
    """
    snapshot = freeze_what_is_known(revision, choices)
    if snapshot is None or not snapshot.hosts:
        return None
    register_questions(revision, snapshot)
    open_ones = Asking.objects.filter(revision=revision, done_at=None, taken_at=None)
    same = open_ones.filter(snapshot_sha256=snapshot.sha256).first()
    return same or Asking.objects.create(
        revision=revision,
        choices=choices,
        snapshot_sha256=snapshot.sha256,
        why=why,
        by=by,
        at=Now(),
    )


def answer_asking(
    number: int, connect: Connect = connector.connect, within: float = check.PATIENCE
) -> bool:
    """Ask the hosts for one asking, for at most about `within` seconds.

    False when somebody else does, or has done.
    """
    free = Q(taken_at=None) | Q(taken_at__lt=Now() - TAKEN_FOR)
    if not Asking.objects.filter(free, pk=number, done_at=None).update(taken_at=Now()):
        return False
    asking = Asking.objects.select_related("revision__plan__environment", "by").get(pk=number)
    problem = _get_answers(asking, connect, within)
    Asking.objects.filter(pk=number, done_at=None).update(done_at=Now(), problem=problem)
    return True


def open_asking(revision: Revision, snapshot_sha256: str) -> Asking | None:
    """The wish about exactly this that is not answered yet."""
    same = Asking.objects.filter(revision=revision, snapshot_sha256=snapshot_sha256)
    return same.filter(done_at=None).order_by("-id").first()


def waiting_askings(since: timedelta, zones: Sequence[str]) -> list[int]:
    """Wishes in these zones that nobody took within `since`, or whose taker is gone."""
    free = Q(taken_at=None, at__lt=Now() - since) | Q(taken_at__lt=Now() - TAKEN_FOR)
    near = Q(revision__plan__environment__zone__in=zones)
    return list(Asking.objects.filter(free, near, done_at=None).values_list("id", flat=True)[:50])


def schedule_askings(every: timedelta) -> list[Asking]:
    """A wish for the newest confirmed revision of each plan nobody asked about within
    `every`.

    What was last chosen is chosen again; a plan never asked about is asked as far as it is
    filled in.
    """
    return [
        asking
        for revision in _unasked(every)
        for choices in choices_by_procedure(revision)
        if (asking := enqueue_asking(revision, choices, why="schedule"))
    ]


def forget_askings(after: timedelta) -> None:
    """Remove askings that were answered longer ago than `after`, and the records of the schedule's.

    So go questions to hosts that nobody decided; one that is still needed is registered anew.
    Records of what a person caused or approved are kept.
    """
    undecided = HostQuestion.objects.filter(state=HostQuestion.State.PENDING, decided_by=None)
    undecided.filter(at__lt=Now() - after).delete()
    Asking.objects.filter(done_at__lt=Now() - after).delete()
    old = ReadinessEvent.objects.filter(by=None, at__lt=Now() - after)
    old.filter(facts__approved=[]).delete()


def _unasked(every: timedelta) -> list[Revision]:
    confirmed = Q(revisions__confirmed_at__isnull=False)
    newest = Plan.objects.annotate(last=Max("revisions__id", filter=confirmed)).values("last")
    recent = Asking.objects.filter(at__gt=Now() - every).values("revision_id")
    unasked = Revision.objects.filter(pk__in=Subquery(newest)).exclude(pk__in=Subquery(recent))
    return list(unasked.select_related("plan__environment", "plan__service")[:50])


def _get_answers(asking: Asking, connect: Connect, within: float) -> str:
    snapshot = freeze_what_is_known(asking.revision, asking.choices)
    if snapshot is None:
        return "Nothing of this plan can be asked about."
    before = check.readiness_of(asking.revision)
    now = check.check(asking.revision, snapshot, connect, within, why=asking.why, by=asking.by)
    transaction.on_commit(lambda: _announce(asking.revision, snapshot, before, now), robust=True)
    return ""


def _announce(revision: Revision, snapshot: Snapshot, before: Readiness, now: Readiness) -> None:
    signals.answered.send_robust(
        sender=Asking,
        revision=revision,
        snapshot_sha256=snapshot.sha256,
        readiness=now,
        costing=cost.costing(revision, snapshot),
    )
    if before.results and not before.red and now.red:
        signals.lost.send_robust(sender=Asking, revision=revision, red=now.red)
