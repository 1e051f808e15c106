"""What readiness is asked about: the choices for each procedure, what they would run, and the
last answers about exactly that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollback_console.documents.model import Procedure
from rollback_console.engine.loss import LossLevel
from rollback_console.engine.snapshot import Snapshot

from ..data_loss import cost
from ..data_loss.cost import Costing
from ..document_cache import document
from ..errors import NotReady
from ..models import Asking, Revision
from ..snapshot.freeze import freeze_snapshot, sketch_snapshot
from . import check
from .check import Readiness

MOST_PROCEDURES = 6
"""Hosts are asked about so many procedures of a plan, the first ones."""

OF_A_ROLLBACK = ("request", "approval", "start", "end")
"""Reasons of askings that are about one rollback, and say nothing of its plan."""

_OF_A_PLAN = ("procedure", "alternatives", "conditions", "parameters")
"""Choices that a plan's page may repeat; where one rollback goes on, or which dump it puts back,
says nothing about the plan."""


@dataclass(frozen=True, slots=True)
class ProcedureVerdict:
    """What is known of one procedure with these `values`, and of no other.

    `snapshot` is what it would run; None when that is not known.
    """

    procedure: Procedure
    values: tuple[tuple[str, str], ...]
    snapshot: Snapshot | None
    readiness: Readiness
    costing: Costing | None

    @property
    def loss_is_known(self) -> bool:
        """Whether `costing` may be shown: no loss is said only where hosts were asked."""
        if self.costing is None:
            return False
        return self.costing.at is not None or self.costing.loss.word is not LossLevel.NONE

    @property
    def loss_text(self) -> str:
        """The loss as people read it, `unknown, because ...` where nobody asked."""
        if self.costing and self.loss_is_known:
            return self.costing.loss.text
        return "unknown, because nobody has asked yet"

    @property
    def at(self) -> datetime | None:
        """When the oldest of the answers was given; None while nobody asked."""
        times = [self.readiness.at, self.costing.at if self.costing else None]
        return min((at for at in times if at), default=None)


def procedure_verdicts(revision: Revision) -> list[ProcedureVerdict]:
    """One verdict for each procedure, with everything else as it was last chosen."""
    chosen = {each.get("procedure", ""): each for each in choices_by_procedure(revision)}
    common = next(iter(chosen.values()), {})
    return [
        _verdict(revision, each, {**chosen.get(each.key, common), "procedure": each.key})
        for each in document(revision).procedures
    ]


def choices_by_procedure(revision: Revision) -> list[dict[str, Any]]:
    """Choices for each procedure of the plan, everything else as it was last chosen for the plan.

    What somebody filled in for one rollback is that rollback's.
    """
    askings = Asking.objects.filter(revision__plan=revision.plan).exclude(why__in=OF_A_ROLLBACK)
    last = askings.order_by("-id").first()
    choices = last.choices if last else {}
    chosen = {name: value for name, value in choices.items() if name in _OF_A_PLAN}
    procedures = document(revision).procedures
    if len(procedures) < 2:
        return [chosen]
    return [{**chosen, "procedure": each.key} for each in procedures[:MOST_PROCEDURES]]


def freeze_what_is_known(revision: Revision, choices: dict[str, Any]) -> Snapshot | None:
    """What would run, or as much of it as is known; None without a step, and for a revision that
    nobody confirmed."""
    if revision.confirmed_at is None:
        return None
    try:
        return freeze_snapshot(revision, choices)
    except NotReady:
        return sketch_snapshot(revision, choices)


def _verdict(revision: Revision, procedure: Procedure, choices: dict[str, Any]) -> ProcedureVerdict:
    snapshot = freeze_what_is_known(revision, choices)
    if snapshot is None:
        return ProcedureVerdict(procedure, (), None, Readiness((), None), None)
    values = tuple((name, value) for name, value in sorted(snapshot.parameters.items()) if value)
    return ProcedureVerdict(
        procedure,
        values,
        snapshot,
        check.latest(revision, snapshot.sha256),
        cost.costing(revision, snapshot),
    )
