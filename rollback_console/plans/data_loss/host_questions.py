"""Which host is asked what about the cost, and who answers for a plan's own measures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now

from rollback_console.documents.plan_config import MeasureConfig, read_plan_config
from rollback_console.engine.snapshot import Snapshot

from ..document_cache import document
from ..models import Host, Revision, Vouching
from ..snapshot.undo_steps import restores_dump
from .cost import Errands
from .migrations import Question, questions

UNVOUCHED = (
    "The plan's measures are not run: nobody who may change hosts has said that they only look."
)


def errands(revision: Revision, snapshot: Snapshot) -> dict[str, Errands]:
    """By host. One host answers each question: hosts of a step share one database."""
    found: dict[str, tuple[list[Question], list[MeasureConfig]]] = {}
    for each in questions(snapshot):
        if isinstance(each, Question) and (hosts := snapshot.step(each.position).hosts):
            found.setdefault(hosts[0], ([], []))[0].append(each)
    for measure in measures(revision) if vouched(revision) and not restores_dump(snapshot) else ():
        if host := _host(revision, snapshot, measure.place.hosts):
            found.setdefault(host, ([], []))[1].append(measure)
    return {name: Errands(tuple(asked), tuple(own)) for name, (asked, own) in found.items()}


def measures(revision: Revision) -> tuple[MeasureConfig, ...]:
    """What the plan itself counts."""
    return read_plan_config(document(revision)).measures


def vouched(revision: Revision) -> bool:
    """Whether the plan's measures may run before anyone approved anything.

    Whoever may change hosts can run what they like there, so their word is enough.
    """
    if not measures(revision):
        return True
    return revision.plan.vouchings.filter(sha256=_digest(revision)).exists()


def vouch(revision: Revision, *, by: User) -> Vouching:
    """Say that the measures of this revision only look; it holds until they change."""
    if not (by.is_active and by.has_perm("plans.change_host")):
        raise PermissionDenied("You may not vouch for commands on hosts. Ask an admin.")
    made, _new = Vouching.objects.get_or_create(
        plan=revision.plan, sha256=_digest(revision), defaults={"by": by, "at": Now()}
    )
    return made


def vouch_own(revision: Revision, *, by: User, before: Revision | None) -> None:
    """Who may change hosts vouches for the measures they wrote, not for those they found."""
    own = measures(revision)
    if own and by.has_perm("plans.change_host") and (not before or measures(before) != own):
        vouch(revision, by=by)


def _digest(revision: Revision) -> str:
    own = [asdict(each) for each in measures(revision)]
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def _host(revision: Revision, snapshot: Snapshot, wanted: str) -> str:
    if not wanted:
        return next((step.hosts[0] for step in snapshot.steps if step.hosts), "")
    names = wanted.replace(",", " ").split()
    place = Host.objects.filter(environment=revision.plan.environment)
    own = place.filter(name__in=names) | place.filter(groups__name__in=names)
    return next(iter(own.order_by("name").values_list("name", flat=True)), "")
