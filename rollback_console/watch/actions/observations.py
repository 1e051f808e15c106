"""What workers saw: stored once for each claim, with what fires and what recovers because of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.deployments.models import Deployment
from rollback_console.proposals.actions import proposals
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks import db_clock

from ..checking import FAILED, PASSED, UNKNOWN, Observation
from ..models import Firing, Sample, TriggerWatch
from ..probes import describe
from ..schedule import next_look

FORGETS = timedelta(minutes=5)
"""After so long of not knowing, failures from before no longer count as in a row."""

SOURCE = "Watch"
"""Who proposes, where no integration does."""


@transaction.atomic
def store_observations(claim: UUID, observations: Mapping[int, Observation]) -> int:
    """Store what was seen under a claim; how many of it counted.

    What another worker claimed meanwhile, and what was ended, is dropped.
    """
    rows = TriggerWatch.objects.select_for_update().filter(pk__in=observations, claim=claim)
    rows = rows.select_related("trigger__service", "trigger__environment", "deployment__plan")
    now, kept = db_clock.now(), list(rows)
    for row in kept:
        _store(row, observations[row.pk], now)
    Sample.objects.bulk_create(
        Sample(watch=row, at=now, verdict=row.verdict, value=row.value) for row in kept
    )
    return len(kept)


def end_firing(row: TriggerWatch, note: str, now: datetime) -> None:
    """It no longer fires; what it proposed closes when nothing else speaks for it."""
    row.fired_at = None
    open_firings = Firing.objects.filter(watch=row, ended_at=None)
    numbers = list(open_firings.exclude(proposal=None).values_list("proposal", flat=True))
    open_firings.update(ended_at=now)
    record_change(kinds.TRIGGER_RECOVERED, subject=row.trigger, evidence=note)
    for proposal in Proposal.objects.filter(pk__in=numbers):
        if not proposal.firings.filter(ended_at=None).exists():
            proposals.close_recovered(proposal, note=note)


def _store(row: TriggerWatch, seen: Observation, now: datetime) -> None:
    claim, row.claim = row.claim, None
    row.checked_at, row.verdict, row.value = now, seen.verdict, seen.value
    row.evidence, row.baseline = seen.evidence[:500], seen.baseline
    _count(row, now)
    needed = row.trigger.failures
    if row.verdict == FAILED and row.fired_at is None and row.failures >= needed:
        _fire(row, now)
    elif row.verdict == PASSED and row.fired_at is not None and row.passes >= needed:
        end_firing(row, f"{row.trigger.text}: recovered. {row.evidence}", now)
    row.due_at = _due(row, now)
    _save(row, claim)


def _count(row: TriggerWatch, now: datetime) -> None:
    """What is unknown breaks no row at once, and begins none."""
    if row.verdict == UNKNOWN:
        row.unknown_since = row.unknown_since or now
        if now - row.unknown_since > FORGETS:
            row.failures = row.passes = 0
        return
    row.unknown_since = None
    row.failures = row.failures + 1 if row.verdict == FAILED else 0
    row.passes = row.passes + 1 if row.verdict == PASSED else 0


def _due(row: TriggerWatch, now: datetime) -> datetime | None:
    deployed_at = row.deployment.finished_at or row.deployment.started_at
    calm = row.verdict == PASSED and row.fired_at is None
    due = next_look(deployed_at, now, row.trigger.every, calm=calm)
    if due is None and row.fired_at is not None:
        end_firing(row, f"{row.trigger.text}: the watch of this deployment is over.", now)
    return due


def _save(row: TriggerWatch, claim: UUID | None) -> None:
    names = "due_at claim checked_at verdict value evidence baseline failures passes"
    fields = {name: getattr(row, name) for name in f"{names} unknown_since fired_at".split()}
    TriggerWatch.objects.filter(pk=row.pk, claim=claim).update(**fields)


def _fire(row: TriggerWatch, now: datetime) -> None:
    row.fired_at = now
    proposal = _propose(row, now) if row.trigger.proposes else None
    Firing.objects.create(
        watch=row,
        trigger=row.trigger,
        proposal=proposal,
        evidence=row.evidence,
        fired_at=now,
    )
    facts: dict[str, Any] = {
        "evidence": row.evidence,
        "deployment": row.deployment_id,
        "value": row.value,
    }
    record_change(kinds.TRIGGER_FIRED, subject=row.trigger, **facts)


def _propose(row: TriggerWatch, now: datetime) -> Proposal:
    """One proposal a deployment, however many of its triggers fire."""
    deployment, trigger = row.deployment, row.trigger
    # Two workers of two zones never watch one deployment; two triggers of one slice may fire.
    Deployment.objects.select_for_update().get(pk=deployment.pk)
    return proposals.open_proposal(
        source=SOURCE,
        environment=trigger.environment,
        plan=deployment.plan,
        fingerprint=f"deployment:{deployment.pk}",
        episode=f"{now.isoformat()}",
        title=f"{trigger.service} {deployment.version}: {trigger.text}"[:200],
        trigger=f"{trigger.text}: {row.evidence}"[:300],
        detail=_detail(row, now),
        link=f"{settings.BASE_URL}/deployments/{deployment.pk}/",
    )


def _detail(row: TriggerWatch, now: datetime) -> str:
    deployment, trigger = row.deployment, row.trigger
    before = f" over {deployment.previous_version}" if deployment.previous_version else ""
    deployed_at = deployment.finished_at or deployment.started_at
    return "\n".join(
        [
            f"{trigger.text}: {row.evidence}",
            f"{row.failures} times in a row until {now:%H:%M:%S} UTC. "
            f"Expected: {describe(trigger.kind, trigger.probe)}.",
            f"Deployment of {deployment.version}{before}, {deployed_at:%d %b %H:%M} UTC.",
        ]
    )
