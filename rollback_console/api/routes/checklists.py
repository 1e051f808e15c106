"""The checklists of a deployment: handed over, read, answered and signed."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from rollback_console.deployments.actions import documents
from rollback_console.deployments.checklists import checklist_of, checklists_of

from .. import lookup
from ..authentication import OPERATE, PLANS, READ, REQUEST, person
from ..bodies.deployments import ItemAnswer, NamedSigner, NewDocument
from ..responses.checklists import ChecklistList, ChecklistOut, checklist_out

router = Router(tags=["deployments"])


@router.post("/deployments/{int:number}/documents", auth=PLANS, response={201: ChecklistOut})
def add_document(request: HttpRequest, number: int, body: NewDocument) -> Status[ChecklistOut]:
    """Hand over one of its checklists or plans; the rollback plan goes to `POST plans`."""
    made = documents.add_document(
        lookup.deployment(number), by=person(request), data=body.document, kind=body.kind
    )
    return Status(201, checklist_out(checklist_of(made)))


@router.get("/deployments/{int:number}/checklists", auth=READ, response=ChecklistList)
def list_checklists(request: HttpRequest, number: int) -> ChecklistList:
    """All of them, each item with who answered it and when."""
    checklists = checklists_of(lookup.deployment(number))
    return ChecklistList(items=[checklist_out(each) for each in checklists])


@router.post(
    "/deployments/{int:number}/items/{int:item}/answers", auth=REQUEST, response={201: ChecklistOut}
)
def answer_item(
    request: HttpRequest, number: int, item: int, body: ItemAnswer
) -> Status[ChecklistOut]:
    """Answer an item, decide, or sign; or change what was answered."""
    row = lookup.deployment_item(number, item)
    documents.answer_item(row, by=person(request), **body.model_dump())
    return Status(201, checklist_out(checklist_of(row.document)))


@router.post(
    "/deployments/{int:number}/items/{int:item}/signers", auth=OPERATE, response={201: ChecklistOut}
)
def name_signer(
    request: HttpRequest, number: int, item: int, body: NamedSigner
) -> Status[ChecklistOut]:
    """Name who signs, where the document names nobody whom the console knows."""
    row = lookup.deployment_item(number, item)
    documents.name_signer(row, by=person(request), person=lookup.person(body.username))
    return Status(201, checklist_out(checklist_of(row.document)))
