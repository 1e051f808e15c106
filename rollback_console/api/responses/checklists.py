"""The checklists of a deployment."""

from __future__ import annotations

from pydantic import BaseModel

from rollback_console.deployments.checklists import DeploymentChecklist, ItemStatus

from .base import Person, Time, person


class ChecklistItemOut(BaseModel):
    """One item; `kind` is task, go_no_go or sign_off.

    `answer` is a person's, or the record's where `by_record`; "" while it is open. `signers` may
    answer a sign-off or go / no-go. `due_at` is when its window is over, null without one.
    """

    id: int
    kind: str
    section: str
    text: str
    due_at: Time | None
    role: str
    signers: list[Person]
    answer: str
    by_record: bool
    evidence: str
    answered_by: Person | None
    answered_at: Time | None
    answers: int


class ChecklistOut(BaseModel):
    """One document of a deployment; `kind` is pre, plan, post or monitoring."""

    kind: str
    title: str
    asks_for_rollback: bool
    open: int
    items: list[ChecklistItemOut]


class ChecklistList(BaseModel):
    """In the order in which they were added."""

    items: list[ChecklistOut]


def checklist_out(checklist: DeploymentChecklist) -> ChecklistOut:
    """A document."""
    return ChecklistOut(
        kind=checklist.document.kind,
        title=checklist.document.title,
        asks_for_rollback=checklist.document.asks_for_rollback,
        open=checklist.open,
        items=[
            _item_out(each, section.due_at)
            for section in checklist.sections
            for each in section.items
        ],
    )


def _item_out(status: ItemStatus, due_at: Time | None) -> ChecklistItemOut:
    item = status.item
    known = status.self_answer if status.by_record else None
    return ChecklistItemOut(
        id=item.pk,
        kind=item.kind,
        section=item.section,
        text=item.text,
        due_at=due_at,
        role=item.role,
        signers=[person(each) for each in status.signers],
        answer=status.answer,
        by_record=status.by_record,
        evidence=known.evidence if known else item.evidence,
        answered_by=person(item.answered_by) if item.answered_by else None,
        answered_at=item.answered_at,
        answers=item.answers,
    )
