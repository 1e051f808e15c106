"""The procedures of a plan side by side: how long each takes, and what each would cost."""

from __future__ import annotations

from dataclasses import dataclass

from rollback_console.documents.model import Procedure
from rollback_console.plans.data_loss import cost
from rollback_console.plans.data_loss.cost import Costing
from rollback_console.plans.document_cache import document
from rollback_console.plans.models import Revision
from rollback_console.plans.readiness import queue
from rollback_console.postmortems.trends import estimates
from rollback_console.postmortems.trends.estimates import Range
from rollback_console.rollbacks.queries import lists


@dataclass(frozen=True, slots=True)
class Way:
    """One procedure: `authors` is the range its author gives, `measured` p50 to p90."""

    procedure: Procedure
    authors: Range | None
    measured: Range | None
    costing: Costing | None


def ways(revision: Revision) -> list[Way]:
    """Every procedure of the revision, with everything else as it was last chosen."""
    procedures = {each.key: each for each in document(revision).procedures}
    chosen = queue.ways(revision)
    return [
        _way(revision, procedure, next((c for c in chosen if c.get("procedure") == key), {}))
        for key, procedure in procedures.items()
    ]


def _way(revision: Revision, procedure: Procedure, choices: dict[str, object]) -> Way:
    snapshot = queue.frozen(revision, {**choices, "procedure": procedure.key})
    durations = lists.durations(revision.plan, procedure.key)
    return Way(
        procedure,
        estimates.authors(document(revision), snapshot) if snapshot else None,
        estimates.measured(durations) if durations else None,
        cost.costing(revision, snapshot) if snapshot else None,
    )
