"""The documents of a deployment: adding one, and answering what it asks.

Each act is guarded, and one event with the rows that it wrote. All raise
`rollbacks.errors.Refused` with a sentence.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed, removed
from rollback_console.audit.record import record_change
from rollback_console.common.people import display_name
from rollback_console.common.permission import may_do
from rollback_console.common.text import LONGEST_TEXT
from rollback_console.documents.checklists.reader import Checklist, ChecklistLine, read_checklist
from rollback_console.documents.errors import UnreadableDocument
from rollback_console.rollbacks.errors import Refused

from ..checklists import checklist_of, signers_of
from ..models import Deployment, DeploymentDocument, DeploymentItem

TAKES = {
    "task": ("done", "failed", "not_applicable", ""),
    "go_no_go": ("go", "no_go", ""),
    "sign_off": ("signed", ""),
}
"""What each kind of item may be answered with; "" takes an answer back."""

_NEEDS_EVIDENCE = {
    "failed": "Say what you saw instead.",
    "not_applicable": "Say why it does not apply.",
    "no_go": "Say why it is not deployed.",
}


@transaction.atomic
def add_document(
    deployment: Deployment, *, by: User, data: bytes | str, kind: str = ""
) -> DeploymentDocument:
    """Its items become a list. Another document of its kind is replaced while nobody has
    answered anything of it."""
    _permit(by, "plans.add_plan", deployment, "add documents to deployments of")
    try:
        checklist = read_checklist(data, kind=kind)
    except UnreadableDocument as error:
        raise Refused(str(error)) from error
    # One at a time: what is replaced must not be answered meanwhile.
    Deployment.objects.select_for_update().get(pk=deployment.pk)
    _replace(deployment, checklist.kind, by)
    document = _document(deployment, checklist, by)
    items = [_item(document, at, line) for at, line in enumerate(checklist.lines, start=1)]
    for item in items:
        item.save(force_insert=True)
    rows = [added(document), *map(added, items)]
    kind, count = kinds.DEPLOYMENT_DOCUMENT_ADDED, len(items)
    record_change(kind, by=by, subject=document, rows=rows, items=count)
    document.refresh_from_db()
    return document


@transaction.atomic
def answer_item(
    item: DeploymentItem, *, by: User, answer: str, seen: int, evidence: str = ""
) -> DeploymentItem:
    """Answer it, or change or take back the answer: what it was stays on record.

    `seen` is how often it had been answered when the person looked at it.
    """
    _permit_answer(item, by)
    if answer not in TAKES[item.kind]:
        words = ", ".join(f"`{each}`" for each in TAKES[item.kind] if each)
        raise Refused(f"Answer this with one of {words}, or with nothing to take it back.")
    evidence = _checked_evidence(answer, evidence)
    unchanged = DeploymentItem.objects.filter(pk=item.pk, answers=seen)
    values = {"answer": answer, "evidence": evidence, "answered_by": by, "answers": seen + 1}
    if not unchanged.update(answered_at=Now(), **values):
        raise Refused("Somebody answered this meanwhile. Reload the page and look at it again.")
    rows = [changed(item, "answered_at", *values)]
    record_change(
        kinds.DEPLOYMENT_ITEM_ANSWERED,
        by=by,
        subject=item,
        rows=rows,
        answer=dict(DeploymentItem.ANSWERS)[answer],
        evidence=evidence,
        open=_open_items(item),
    )
    item.refresh_from_db()
    return item


@transaction.atomic
def name_signer(item: DeploymentItem, *, by: User, person: User) -> DeploymentItem:
    """Who signs where nobody else may: no role and no account fits what the document says.

    Nobody names themselves.
    """
    _permit(by, "rollbacks.operate_rollback", item.document.deployment, "name who signs for")
    if item.kind == "task":
        raise Refused("Anybody who operates this service may answer this item.")
    if person == by:
        raise Refused("Nobody names themselves. Ask somebody else to name you.")
    if not person.is_active:
        raise Refused(f"{display_name(person)} is deactivated. Name somebody who can sign.")
    if names := " or ".join(map(display_name, signers_of(item))):
        raise Refused(f"{names} signs this. Nobody else is named beside them.")
    before = item.signer_id
    if not DeploymentItem.objects.filter(pk=item.pk, signer=before).update(signer=person):
        raise Refused("Somebody was named meanwhile. Reload the page.")
    rows, name = [changed(item, "signer")], display_name(person)
    record_change(kinds.DEPLOYMENT_SIGNER_NAMED, by=by, subject=item, rows=rows, person=name)
    item.refresh_from_db()
    return item


def _replace(deployment: Deployment, kind: str, by: User) -> None:
    former = deployment.documents.filter(kind=kind).first()
    if former is None:
        return
    items = list(former.items.all())
    if any(item.answers for item in items):
        raise Refused(
            f"{former.title} is being worked through: its answers would be lost. Go on with it."
        )
    rows = [*map(removed, items), removed(former)]
    record_change(kinds.DEPLOYMENT_DOCUMENT_REMOVED, by=by, subject=former, rows=rows)
    former.delete()


def _document(deployment: Deployment, checklist: Checklist, by: User) -> DeploymentDocument:
    document = DeploymentDocument(deployment=deployment, kind=checklist.kind, added_by=by)
    document.title, document.source = checklist.title, checklist.source
    document.asks_for_rollback = checklist.asks_for_rollback
    document.added_at = Now()
    document.save(force_insert=True)
    return document


def _item(document: DeploymentDocument, position: int, line: ChecklistLine) -> DeploymentItem:
    return DeploymentItem(
        document=document,
        position=position,
        kind=line.kind,
        section=line.section,
        text=line.text,
        opens=line.opens,
        due=line.due,
        role=line.role,
        named=line.name,
        signer=_person(line.name),
    )


def _person(name: str) -> User | None:
    """The one active account that a name in a document can mean."""
    folded = name.casefold().strip()
    people = User.objects.filter(is_active=True) if folded else User.objects.none()
    matching = [
        each
        for each in people
        if folded in {each.username.casefold(), display_name(each).casefold()}
    ]
    return matching[0] if len(matching) == 1 else None


def _permit_answer(item: DeploymentItem, by: User) -> None:
    if item.kind == "task":
        deployment = item.document.deployment
        _permit(by, "rollbacks.request_rollback", deployment, "answer checklists of")
        return
    signers = signers_of(item)
    if by in signers and by.is_active:
        return
    if not signers:
        who = item.named or item.role or "this"
        raise Refused(f"Nobody here can sign for {who}. Have an operator name the person.")
    names = " or ".join(map(display_name, signers))
    raise Refused(f"{names} signs this. Nobody else can sign for them.")


def _checked_evidence(answer: str, evidence: str) -> str:
    evidence = evidence.strip()
    if not evidence and answer in _NEEDS_EVIDENCE:
        raise Refused(_NEEDS_EVIDENCE[answer])
    if len(evidence) > LONGEST_TEXT:
        raise Refused(f"Evidence holds at most {LONGEST_TEXT:,} characters. Link to the rest.")
    return evidence


def _open_items(item: DeploymentItem) -> int:
    """What was open in the document when somebody answered: it belongs to a signature."""
    return sum(each.open for each in checklist_of(item.document).items if each.item != item)


def _permit(by: User, right: str, over: Deployment, what: str) -> None:
    if not may_do(by, right, over):
        raise Refused(f"You may not {what} {over.service} in {over.environment}. Ask an operator.")
