"""The procedures of a plan side by side: how long each takes, and what each would cost."""

from __future__ import annotations

from dataclasses import dataclass

from rollback_console.documents.model import Procedure
from rollback_console.plans.data_loss.cost import Costing
from rollback_console.plans.document_cache import document
from rollback_console.plans.models import Revision
from rollback_console.plans.readiness.choices import ProcedureVerdict, procedure_verdicts
from rollback_console.postmortems.trends import estimates
from rollback_console.postmortems.trends.estimates import Range
from rollback_console.rollbacks.queries import lists


@dataclass(frozen=True, slots=True)
class ProcedureComparison:
    """One procedure: `authors` is the range its author gives, `measured` p50 to p90.

    `verdict` is what hosts answered about exactly this procedure with exactly its values.
    """

    verdict: ProcedureVerdict
    authors: Range | None
    measured: Range | None

    @property
    def procedure(self) -> Procedure:
        """What is compared."""
        return self.verdict.procedure

    @property
    def costing(self) -> Costing | None:
        """What it would cost in data; None when it is not known what would run."""
        return self.verdict.costing


def compare_procedures(revision: Revision) -> list[ProcedureComparison]:
    """Every procedure of the revision, with everything else as it was last chosen."""
    return [_compare(revision, verdict) for verdict in procedure_verdicts(revision)]


def _compare(revision: Revision, verdict: ProcedureVerdict) -> ProcedureComparison:
    durations = lists.durations(revision.plan, verdict.procedure.key)
    snapshot = verdict.snapshot
    return ProcedureComparison(
        verdict,
        estimates.authors(document(revision), snapshot) if snapshot else None,
        estimates.measured(durations) if durations else None,
    )
