"""How long a rollback is expected to take: by the author's word, and by its history."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rollback_console.common.statistics import percentile
from rollback_console.documents.markdown.folded_text import fold
from rollback_console.documents.model import Estimate, PlanDocument
from rollback_console.engine.snapshot import Snapshot
from rollback_console.plans.document_cache import document
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.queries import lists

MEASURED = "Measured"
"""How the label of an estimate begins that was written from history, not by the author."""

_DATA = re.compile(r"data|\bdb\b|schema|migrat|dump|restor|base de|datenbank|数据")
_ONLY = re.compile(r"only|solo|seul|nur\b|仅|只")


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`; `runs` is how many rollbacks it was measured on, 0 for a guess."""

    low: timedelta
    high: timedelta
    runs: int = 0

    def __str__(self) -> str:
        return span(self.low, self.high)


def expected(rollback: Rollback, snapshot: Snapshot) -> Range | None:
    """What to tell others: measured where this plan succeeded before, else the author's."""
    durations = lists.durations(rollback.revision.plan, rollback.choices.get("procedure", ""))
    if durations:
        return measured(durations)
    return authors(document(rollback.revision), snapshot)


def measured(durations: Sequence[float]) -> Range:
    """Median to ninetieth percentile of seconds, which need not be sorted; at least one."""
    return Range(
        timedelta(seconds=percentile(durations, 0.5)),
        timedelta(seconds=percentile(durations, 0.9)),
        len(durations),
    )


def authors(plan: PlanDocument, snapshot: Snapshot) -> Range | None:
    """The author's range for this procedure or kind of rollback, or over every kind it could be."""
    guesses = [each for each in plan.estimates if not each.kind.startswith(MEASURED)]
    of_this_procedure = [each for each in guesses if each.kind == snapshot.procedure]
    fitting = of_this_procedure or [each for each in guesses if _fits(each, snapshot)] or guesses
    lows = [each.low for each in fitting if each.low is not None]
    highs = [each.high for each in fitting if each.high is not None]
    if not (lows and highs):
        return None
    return Range(timedelta(minutes=min(lows)), timedelta(minutes=max(highs)))


def span(low: timedelta, high: timedelta) -> str:
    """Such as 5-10 minutes or 20-50 seconds: what the reader of plans reads back."""
    unit, size = ("seconds", 1) if high < timedelta(minutes=2) else ("minutes", 60)
    least = math.floor(low.total_seconds() / size)
    most = max(math.ceil(high.total_seconds() / size), 1)
    return f"{most} {unit}" if least >= most else f"{least}-{most} {unit}"


def _fits(estimate: Estimate, snapshot: Snapshot) -> bool:
    """Whether an estimate "with the database" is meant, or one for code alone."""
    kind = fold(estimate.kind)
    risky = any(step.destructive for step in snapshot.steps)
    speaks_of_data = bool(_DATA.search(kind)) and not _ONLY.search(kind)
    return speaks_of_data == risky
