"""Which host is asked what about the cost, and who answers for a plan's own measures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from rollback_console.documents.plan_config import MeasureConfig, read_plan_config
from rollback_console.engine.snapshot import Snapshot

from ..document_cache import document
from ..models import Host, Revision
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
    return revision.plan.vouchings.filter(sha256=digest_of_measures(revision)).exists()


def digest_of_measures(revision: Revision) -> str:
    """What a vouching names: it changes when any measure does."""
    own = [asdict(each) for each in measures(revision)]
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def _host(revision: Revision, snapshot: Snapshot, wanted: str) -> str:
    if not wanted:
        return next((step.hosts[0] for step in snapshot.steps if step.hosts), "")
    names = wanted.replace(",", " ").split()
    place = Host.objects.filter(environment=revision.plan.environment)
    own = place.filter(name__in=names) | place.filter(groups__name__in=names)
    return next(iter(own.order_by("name").values_list("name", flat=True)), "")
