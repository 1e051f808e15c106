"""The four keys of software delivery, as DORA defines them.

Source: https://dora.dev/guides/dora-metrics-four-keys/. Deployment frequency: how often a version
reaches the environment. Lead time for changes: from the commit to its successful deployment. Change
fail rate: the share of deployments that needed a rollback or failed. Failed deployment recovery
time: from the end of such a deployment until a rollback, or the next deployment, put it right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from rollback_console.common.statistics import percentile
from rollback_console.engine.states import RollbackState
from rollback_console.rollbacks import db_clock

from .models import Deployment

_SUCCEEDED = RollbackState.SUCCEEDED

DAYS = 90
"""How far back, unless somebody asks otherwise."""


@dataclass(frozen=True, slots=True)
class FourKeys:
    """Times are medians in seconds, None where nothing is known; the rate is from 0 to 1.

    `deployments` are all that ended; `known_lead_times` and `recoveries` count what the two
    times stand on.
    """

    days: int
    deployments: int
    per_day: float
    lead_time: float | None
    known_lead_times: int
    change_fail_rate: float | None
    recovery_time: float | None
    recoveries: int

    @property
    def fail_percent(self) -> int | None:
        """The change fail rate in whole percent."""
        return None if self.change_fail_rate is None else round(self.change_fail_rate * 100)


def measure(rows: QuerySet[Deployment], *, days: int = DAYS) -> FourKeys:
    """The four keys of those of `rows` that ended within the last `days`."""
    since = db_clock.now() - timedelta(days=days)
    ended = list(rows.filter(finished_at__gte=since).select_related("rollback").order_by("pk"))
    succeeded = [each for each in ended if each.state == "succeeded"]
    lead_times = list(_lead_times(succeeded))
    recoveries = list(_recoveries(ended))
    return FourKeys(
        days=days,
        deployments=len(ended),
        per_day=round(len(succeeded) / days, 3),
        lead_time=_median(lead_times),
        known_lead_times=len(lead_times),
        change_fail_rate=round(sum(map(_went_wrong, ended)) / len(ended), 4) if ended else None,
        recovery_time=_median(recoveries),
        recoveries=len(recoveries),
    )


def _went_wrong(deployment: Deployment) -> bool:
    return deployment.state == "failed" or deployment.decision == "yes"


def _lead_times(succeeded: Iterable[Deployment]) -> Iterator[float]:
    """A commit that claims to be younger than its deployment says nothing."""
    for each in succeeded:
        if each.finished_at and each.committed_at and each.committed_at <= each.finished_at:
            yield (each.finished_at - each.committed_at).total_seconds()


def _recoveries(ended: list[Deployment]) -> Iterator[float]:
    """What has not been put right yet counts once it is."""
    good: dict[tuple[int, int], datetime] = {}
    for each in reversed(ended):
        target = (each.service_id, each.environment_id)
        if each.finished_at is None:
            continue
        if not _went_wrong(each):
            good[target] = each.finished_at
        elif right := _first([_undone_at(each), good.get(target)], since=each.finished_at):
            yield (right - each.finished_at).total_seconds()


def _undone_at(deployment: Deployment) -> datetime | None:
    rollback = deployment.rollback
    return rollback.finished_at if rollback and rollback.state == _SUCCEEDED else None


def _first(moments: list[datetime | None], *, since: datetime) -> datetime | None:
    return min((each for each in moments if each and each >= since), default=None)


def _median(seconds: list[float]) -> float | None:
    return percentile(seconds, 0.5) if seconds else None
