"""Who decides, and what is said before a decision: questions, nudges, break-glass."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from ninja import Router, Status

from rollback_console.engine import authority
from rollback_console.plans.actions.decision_makers import LadderLine, replace_policy
from rollback_console.plans.actions.delegations import delegate_right, revoke_delegation
from rollback_console.plans.approval import decision_makers, policy
from rollback_console.rollbacks.actions import approvals, break_glass
from rollback_console.rollbacks.permissions import rights
from rollback_console.rollbacks.queries import approval_status

from .. import lookup
from ..authentication import ADMIN, APPROVE, BREAK_GLASS, READ, REQUEST, person
from ..bodies.requests import NewBreakGlass, NewDelegation, NewPolicy, NewQuestion, NewReview
from ..responses.deciders import (
    DecidersOut,
    DelegationOut,
    PolicyOut,
    decider,
    delegation_out,
    policy_out,
    standing_out,
)
from ..responses.records import EventOut, event_out
from ..responses.rollbacks import BreakGlassOut, glass_out

router = Router(tags=["deciders"])

Risk = Literal["code", "data"]


@router.get("/environments/{slug:slug}/deciders", auth=READ, response=DecidersOut)
def who_could(request: HttpRequest, slug: str, asks: str = "", risk: Risk = "code") -> DecidersOut:
    """Who could approve what `asks` (else you) would ask for now."""
    environment = lookup.environment(slug)
    barred = frozenset({(lookup.person(asks) if asks else person(request)).pk})
    rules, makers = (
        policy.spec(environment, risky=risk == "data"),
        decision_makers.makers_of(environment),
    )
    able = authority.usable_rights(authority.Request("", rules, barred), makers, [])
    rung = authority.first_rung(rules, makers, barred)
    why = "asks for this, or stands in for who does"
    return DecidersOut(
        quorum=rules.quorum,
        required_role=rules.required_role,
        given=0,
        missing=authority.why_unsatisfiable(rules, makers, barred),
        next_rung_at=None,
        deciders=[
            decider(
                each,
                is_asked=each in able and each.rung <= rung,
                why_not=_unless(each in able, why),
            )
            for each in makers
        ],
    )


@router.get("/rollbacks/{int:number}/deciders", auth=READ, response=DecidersOut)
def who_can(request: HttpRequest, number: int) -> DecidersOut:
    """Who could approve this request now, and who could not and why."""
    row = lookup.rollback(number)
    now = approval_status.standing_of(row, person(request))
    held = rights.authority_for(row)
    return standing_out(
        now, authority.why_unsatisfiable(now.policy, held.makers, held.request.barred)
    )


@router.post("/environments/{slug:slug}/policies", auth=ADMIN, response={201: PolicyOut})
def set_policy(request: HttpRequest, slug: str, body: NewPolicy) -> Status[PolicyOut]:
    """Replace the rules and the ladder. 409 when nobody could meet them; nothing is saved then."""
    environment = lookup.environment(slug)
    lookup.require_whole(environment)
    ladder = [
        LadderLine(lookup.person(each.username), each.role, each.rung) for each in body.ladder
    ]
    changed = replace_policy(
        environment,
        by=person(request),
        ladder=ladder,
        drawn_from=body.version,
        **body.model_dump(exclude={"ladder", "version"}),
    )
    return Status(201, policy_out(changed, decision_makers.makers_of(environment)))


@router.post("/environments/{slug:slug}/delegations", auth=APPROVE, response={201: DelegationOut})
def lend(request: HttpRequest, slug: str, body: NewDelegation) -> Status[DelegationOut]:
    """Delegate your right to approve there, for a time."""
    environment = lookup.environment(slug)
    lookup.require_whole(environment)
    made = delegate_right(
        environment,
        by=person(request),
        to=lookup.person(body.to),
        hours=body.hours,
        reason=body.reason,
    )
    return Status(201, delegation_out(made))


@router.post("/delegations/{int:number}/revocations", auth=APPROVE, response={201: DelegationOut})
def revoke(request: HttpRequest, number: int) -> Status[DelegationOut]:
    """End a delegation at once."""
    revoke_delegation(lookup.delegation(number), by=person(request))
    return Status(201, delegation_out(lookup.delegation(number)))


@router.post("/rollbacks/{int:number}/questions", auth=APPROVE, response={201: EventOut})
def ask(request: HttpRequest, number: int, body: NewQuestion) -> Status[EventOut]:
    """Put a question into the timeline; its `seq` is what an answer names."""
    made = approvals.ask_question(lookup.rollback(number), by=person(request), text=body.text)
    return Status(201, event_out(made))


@router.post(
    "/rollbacks/{int:number}/questions/{int:question}/answers",
    auth=REQUEST,
    response={201: EventOut},
)
def answer_question(
    request: HttpRequest, number: int, question: int, body: NewQuestion
) -> Status[EventOut]:
    """Answer the question that the event with that seq put."""
    row = lookup.rollback(number)
    made = approvals.answer_question(row, question=question, by=person(request), text=body.text)
    return Status(201, event_out(made))


@router.post("/rollbacks/{int:number}/nudges", auth=REQUEST, response={201: EventOut})
def nudge(request: HttpRequest, number: int) -> Status[EventOut]:
    """Ask those who decide once more. 409 when they were nudged minutes ago."""
    return Status(201, event_out(approvals.nudge(lookup.rollback(number), by=person(request))))


@router.post(
    "/rollbacks/{int:number}/break-glass",
    auth=BREAK_GLASS,
    response={201: BreakGlassOut},
    operation_id="break_glass",
)
def start_without_approval(
    request: HttpRequest, number: int, body: NewBreakGlass
) -> Status[BreakGlassOut]:
    """Start it without approval: for who was given that right, by a token with that scope."""
    used = break_glass.break_glass(
        lookup.rollback(number),
        by=person(request),
        snapshot_sha256=body.snapshot_sha256,
        reason=body.reason,
    )
    used.refresh_from_db()
    return Status(201, glass_out(used))


@router.post(
    "/rollbacks/{int:number}/break-glass/reviews", auth=APPROVE, response={201: BreakGlassOut}
)
def close_review(request: HttpRequest, number: int, body: NewReview) -> Status[BreakGlassOut]:
    """Close the review of a start without approval, as somebody else than who started it."""
    row = lookup.rollback(number)
    return Status(
        201, glass_out(break_glass.close_review(row, by=person(request), finding=body.finding))
    )


def _unless(may: bool, why: str) -> str:
    return "" if may else why
