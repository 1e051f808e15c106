"""Wishes that the hosts be asked: written by whoever wants to know, answered by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q, Subquery
from django.db.models.functions import Now

from rollback_console.engine.snapshot import Snapshot
from rollback_console.remote import ssh

from .. import signals
from ..data_loss import cost
from ..document_cache import document
from ..errors import NotReady
from ..models import Asking, Plan, Revision
from ..snapshot.freeze import freeze_snapshot, sketch_snapshot
from . import check
from .check import Connect, Readiness

MOST_WAYS = 6
TAKEN_FOR = timedelta(minutes=3)
"""After so long without an end, whoever took an asking is given up on."""


def ask(
    revision: Revision, choices: dict[str, Any], *, why: str, by: User | None = None
) -> Asking | None:
    """Wish to know about what `choices` would run; an open wish for the same is returned.

    None when there is nothing to ask a host about.
    """
    snapshot = frozen(revision, choices)
    if snapshot is None or not snapshot.hosts:
        return None
    open_ones = Asking.objects.filter(revision=revision, done_at=None, taken_at=None)
    found = open_ones.filter(snapshot_sha256=snapshot.sha256).first()
    return found or Asking.objects.create(
        revision=revision,
        choices=choices,
        snapshot_sha256=snapshot.sha256,
        why=why,
        by=by,
        at=Now(),
    )


def answer(number: int, connect: Connect = ssh.connect, within: float = check.PATIENCE) -> bool:
    """Ask the hosts for one asking, for at most about `within` seconds.

    False when somebody else does, or has done.
    """
    free = Q(taken_at=None) | Q(taken_at__lt=Now() - TAKEN_FOR)
    if not Asking.objects.filter(free, pk=number, done_at=None).update(taken_at=Now()):
        return False
    asking = Asking.objects.select_related("revision__plan__environment").get(pk=number)
    problem = _answered(asking, connect, within)
    Asking.objects.filter(pk=number, done_at=None).update(done_at=Now(), problem=problem)
    return True


def open_asking(revision: Revision, snapshot_sha256: str) -> Asking | None:
    """The wish about exactly this that is not answered yet."""
    found = Asking.objects.filter(revision=revision, snapshot_sha256=snapshot_sha256)
    return found.filter(done_at=None).order_by("-id").first()


def waiting(since: timedelta, zones: Sequence[str]) -> list[int]:
    """Wishes in these zones that nobody took within `since`, or whose taker is gone."""
    free = Q(taken_at=None, at__lt=Now() - since) | Q(taken_at__lt=Now() - TAKEN_FOR)
    near = Q(revision__plan__environment__zone__in=zones)
    return list(Asking.objects.filter(free, near, done_at=None).values_list("id", flat=True)[:50])


def schedule(every: timedelta) -> list[Asking]:
    """A wish for the newest revision of each plan nobody asked about within `every`.

    What was last chosen is chosen again; a plan never asked about is asked as far as it is
    filled in.
    """
    return [
        asking
        for revision in _unasked(every)
        for choices in ways(revision)
        if (asking := ask(revision, choices, why="schedule"))
    ]


def forget(after: timedelta) -> None:
    """Remove askings that were answered longer ago than `after`."""
    Asking.objects.filter(done_at__lt=Now() - after).delete()


def ways(revision: Revision) -> list[dict[str, Any]]:
    """Choices for each procedure of the plan, everything else as it was last chosen."""
    last = Asking.objects.filter(revision__plan=revision.plan).order_by("-id").first()
    chosen = last.choices if last else {}
    procedures = document(revision).procedures
    if len(procedures) < 2:
        return [chosen]
    return [{**chosen, "procedure": each.key} for each in procedures[:MOST_WAYS]]


def frozen(revision: Revision, choices: dict[str, Any]) -> Snapshot | None:
    """What would run, or as much of it as is known."""
    try:
        return freeze_snapshot(revision, choices)
    except NotReady:
        return sketch_snapshot(revision, choices)


def _unasked(every: timedelta) -> list[Revision]:
    newest = Plan.objects.annotate(last=Max("revisions__id")).values("last")
    recent = Asking.objects.filter(at__gt=Now() - every).values("revision_id")
    found = Revision.objects.filter(pk__in=Subquery(newest)).exclude(pk__in=Subquery(recent))
    return list(found.select_related("plan__environment", "plan__service")[:50])


def _answered(asking: Asking, connect: Connect, within: float) -> str:
    snapshot = frozen(asking.revision, asking.choices)
    if snapshot is None:
        return "Nothing of this plan can be asked about."
    before = check.of_revision(asking.revision)
    found = check.check(asking.revision, snapshot, connect, within)
    transaction.on_commit(lambda: _tell(asking.revision, snapshot, before, found), robust=True)
    return ""


def _tell(revision: Revision, snapshot: Snapshot, before: Readiness, now: Readiness) -> None:
    signals.answered.send_robust(
        sender=Asking,
        revision=revision,
        snapshot_sha256=snapshot.sha256,
        readiness=now,
        costing=cost.costing(revision, snapshot),
    )
    if before.word == "ready" and now.red:
        signals.lost.send_robust(sender=Asking, revision=revision, red=now.red)
