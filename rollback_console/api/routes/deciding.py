"""Before a rollback runs: approve, reject, withdraw, freeze anew, start."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from rollback_console.rollbacks.actions import approvals, requests

from .. import lookup
from ..authentication import APPROVE, OPERATE, REQUEST, person
from ..bodies.requests import NewApproval, NewRejection, PerhapsWhy
from ..responses.rollbacks import ApprovalOut, RollbackOut, approval_out, rollback_out

router = Router(tags=["deciding"])

NOTHING = PerhapsWhy()


@router.post("/rollbacks/{int:number}/approvals", auth=APPROVE, response={201: ApprovalOut})
def approve(request: HttpRequest, number: int, body: NewApproval) -> Status[ApprovalOut]:
    """Say yes to exactly the snapshot you read. 409 with `changes` when it is another one now."""
    given = approvals.approve(
        lookup.rollback(number),
        by=person(request),
        snapshot_sha256=body.snapshot_sha256,
        note=body.note,
    )
    given.refresh_from_db()
    return Status(201, approval_out(given))


@router.post("/rollbacks/{int:number}/rejections", auth=APPROVE, response={201: ApprovalOut})
def reject(request: HttpRequest, number: int, body: NewRejection) -> Status[ApprovalOut]:
    """Say no: the request ends."""
    given = approvals.reject(
        lookup.rollback(number),
        by=person(request),
        snapshot_sha256=body.snapshot_sha256,
        reason=body.reason,
    )
    given.refresh_from_db()
    return Status(201, approval_out(given))


@router.post("/rollbacks/{int:number}/withdrawals", auth=REQUEST, response={201: RollbackOut})
def withdraw(request: HttpRequest, number: int, body: PerhapsWhy = NOTHING) -> Status[RollbackOut]:
    """Take your own request back before anything ran."""
    requests.withdraw(lookup.rollback(number), by=person(request), reason=body.reason)
    return _now(number)


@router.post("/rollbacks/{int:number}/renewals", auth=REQUEST, response={201: RollbackOut})
def renew(request: HttpRequest, number: int) -> Status[RollbackOut]:
    """Freeze a request anew after hosts, keys or rules changed; earlier approvals are void."""
    requests.renew(lookup.rollback(number), by=person(request))
    return _now(number)


@router.post("/rollbacks/{int:number}/starts", auth=OPERATE, response={201: RollbackOut})
def start(request: HttpRequest, number: int) -> Status[RollbackOut]:
    """Start an approved rollback again after its first start was refused."""
    requests.start(lookup.rollback(number), by=person(request))
    return _now(number)


def _now(number: int) -> Status[RollbackOut]:
    return Status(201, rollback_out(lookup.rollback(number)))
