"""Rollbacks that happened elsewhere, loaded as history. They never ran here and never will.

A loaded rollback is terminal from its first moment, and nothing leaves a terminal state. Its
chain of events begins anew here and ends with the event that says who loaded it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity import anchors
from rollback_console.audit.record import record_change
from rollback_console.common.permission import may_do
from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import TERMINAL, RollbackState, StepState
from rollback_console.plans.models import Revision

from ..errors import Refused
from ..events import record, seal_event, stream_of
from ..models import Event, Message, Rollback, StepRun


@dataclass(frozen=True, slots=True)
class Past:
    """One thing that happened: `at` in UTC, `who` a name that need not have an account."""

    at: datetime
    kind: str
    who: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def load_history(
    revision: Revision,
    *,
    by: User,
    title: str,
    reason: str,
    trigger: str,
    state: RollbackState,
    snapshot: Snapshot,
    past: Sequence[Past],
    source_sha256: str,
) -> Rollback:
    """Keep a past rollback, its events in the order given. Raises Refused.

    `source_sha256` is that of the file it came from; the last event holds it.
    """
    if not may_do(by, "plans.add_plan"):
        raise Refused("You may not load past incidents. Ask an operator.")
    if state not in TERMINAL or not past:
        raise Refused("Only a rollback that has ended can be loaded, with what happened in it.")
    rollback = Rollback.objects.create(
        state=state,
        revision=revision,
        service=revision.plan.service,
        environment=revision.plan.environment,
        title=title,
        reason=reason,
        trigger=trigger,
        snapshot=snapshot.to_json(),
        snapshot_sha256=snapshot.sha256,
        requested_by=by,
        start_asked=False,
        expires_at=past[0].at,
        **_moments(past),
    )
    _keep(rollback, past)
    record(rollback, "incident.imported", by=by, source=source_sha256, events=len(past))
    record_change(kinds.INCIDENT_IMPORTED, by=by, subject=rollback, source=source_sha256)
    rollback.refresh_from_db()
    return rollback


def _moments(past: Sequence[Past]) -> dict[str, datetime | None]:
    first = {each.kind: each.at for each in reversed(past)}
    return {
        "requested_at": first.get("rollback.requested", past[0].at),
        "approved_at": first.get("rollback.approved"),
        "started_at": first.get("rollback.started"),
        "finished_at": first.get("rollback.finished", past[-1].at),
    }


def _keep(rollback: Rollback, past: Sequence[Past]) -> None:
    events = _chained(rollback, past)
    Event.objects.bulk_create(events, batch_size=500)
    last = events[-1]
    Rollback.objects.filter(pk=rollback.pk).update(last_seq=last.seq, last_hash=last.sha256)
    anchors.move_anchor(stream_of(rollback.pk), count=last.seq, head=last.sha256)
    StepRun.objects.bulk_create(_runs(rollback, past))
    Message.objects.bulk_create(
        Message(
            rollback=rollback,
            text=str(each.facts.get("text", "")),
            recipients=str(each.facts.get("recipients", "")),
            at=each.at,
        )
        for each in past
        if each.kind == "message.sent"
    )


def _chained(rollback: Rollback, past: Sequence[Past]) -> list[Event]:
    events: list[Event] = []
    for seq, each in enumerate(past, start=1):
        event = Event(
            rollback=rollback,
            seq=seq,
            kind=each.kind,
            facts={**each.facts, "said_by": each.who, "imported": True},
            at=each.at.isoformat(timespec="milliseconds"),
            previous=events[-1].sha256 if events else "",
        )
        seal_event(event)
        events.append(event)
    return events


def _runs(rollback: Rollback, past: Sequence[Past]) -> list[StepRun]:
    """One run for each attempt that the events tell of."""
    runs: dict[tuple[int, str, int], StepRun] = {}
    for each in past:
        if each.kind not in {"step.started", "step.finished", "step.lost"}:
            continue
        where = (
            int(each.facts["position"]),
            str(each.facts.get("host") or ""),
            int(each.facts.get("attempt") or 1),
        )
        run = runs.setdefault(where, _run(rollback, *where))
        if each.kind == "step.started":
            run.started_at = each.at
        else:
            run.ended_at = each.at
            run.state = "lost" if each.kind == "step.lost" else str(each.facts["state"])
            run.exit_code = each.facts.get("exit_code")
    return list(runs.values())


def _run(rollback: Rollback, position: int, host: str, attempt: int) -> StepRun:
    # Nobody can tell how a step ended whose end is not told of.
    return StepRun(
        rollback=rollback, position=position, host=host, attempt=attempt, state=StepState.LOST
    )
