"""What monitoring proposes."""

from __future__ import annotations

from pydantic import BaseModel

from rollback_console.proposals.models import Proposal

from .base import Person, Time, person


class ProposalOut(BaseModel):
    """An alert that suggests a rollback; `state` is open, requested, dismissed or recovered.

    `rollback` is the request that a person made of it, `reason` why one dismissed it.
    """

    id: int
    state: str
    source: str
    environment: str
    plan: str | None
    title: str
    trigger: str
    detail: str
    link: str
    opened_at: Time
    last_seen_at: Time
    times_seen: int
    resolved_at: Time | None
    rollback: int | None
    decided_by: Person | None
    decided_at: Time | None
    reason: str


class ProposalPage(BaseModel):
    """Proposals, newest first."""

    items: list[ProposalOut]
    next: str | None


def proposal_out(row: Proposal) -> ProposalOut:
    """A proposal."""
    return ProposalOut(
        id=row.pk,
        state=row.state,
        source=row.source,
        environment=row.environment.slug,
        plan=row.plan.slug if row.plan else None,
        title=row.title,
        trigger=row.trigger,
        detail=row.detail,
        link=row.link,
        opened_at=row.opened_at,
        last_seen_at=row.last_seen_at,
        times_seen=row.times_seen,
        resolved_at=row.resolved_at,
        rollback=row.rollback_id,
        decided_by=person(row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
        reason=row.reason,
    )
