"""What monitoring proposes: list, read, make a request of it, dismiss."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from rollback_console.proposals.actions import proposals
from rollback_console.proposals.models import Proposal

from .. import lookup, pagination
from ..authentication import READ, REQUEST, person
from ..bodies.requests import NewRollback, Why
from ..responses.proposals import ProposalOut, ProposalPage, proposal_out
from ..responses.rollbacks import RollbackDetail, rollback_detail

router = Router(tags=["proposals"])


@router.get("/proposals", auth=READ, response=ProposalPage)
def list_proposals(
    request: HttpRequest,
    state: str = "",
    cursor: pagination.Cursor = "",
    limit: pagination.Limit = 50,
) -> ProposalPage:
    """Proposals, newest first, or those in one state: open, requested, dismissed, recovered."""
    filters = {"state": state, "pk__lt": pagination.after_number(cursor)}
    rows = Proposal.objects.select_related("environment", "plan", "decided_by")
    rows = lookup.within_limit(rows, environment="environment__slug", service=None)
    rows = rows.filter(**{name: value for name, value in filters.items() if value})
    page, following = pagination.cut(rows.order_by("-pk")[: limit + 1], limit, lambda row: row.pk)
    return ProposalPage(items=[proposal_out(row) for row in page], next=following)


@router.get("/proposals/{int:number}", auth=READ, response=ProposalOut)
def read_proposal(request: HttpRequest, number: int) -> ProposalOut:
    """One proposal."""
    return proposal_out(lookup.proposal(number))


@router.post("/proposals/{int:number}/requests", auth=REQUEST, response={201: RollbackDetail})
def request_proposed(
    request: HttpRequest, number: int, body: NewRollback
) -> Status[RollbackDetail]:
    """Ask for a rollback because of it. It needs approval like any other, by somebody else."""
    proposal = lookup.proposal(number)
    made = proposals.request_rollback(
        proposal,
        by=person(request),
        revision=lookup.revision(body.plan, body.revision),
        reason=body.reason,
        trigger=body.trigger or proposal.trigger,
        choices=body.choices.model_dump(),
    )
    return Status(201, rollback_detail(lookup.rollback(made.pk)))


@router.post("/proposals/{int:number}/dismissals", auth=REQUEST, response={201: ProposalOut})
def dismiss_proposal(request: HttpRequest, number: int, body: Why) -> Status[ProposalOut]:
    """No rollback because of it."""
    proposals.dismiss(lookup.proposal(number), by=person(request), reason=body.reason)
    return Status(201, proposal_out(lookup.proposal(number)))
