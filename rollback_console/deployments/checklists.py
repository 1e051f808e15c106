"""The checklists of a deployment as they stand: what is open, who signs, what is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.contrib.auth.models import User

from rollback_console.common.people import display_name
from rollback_console.plans.approval.decision_makers import owners_of

from .models import Deployment, DeploymentDocument, DeploymentItem
from .self_answers import SelfAnswer, self_answer

_CLOSED = {"done", "not_applicable", "go", "signed"}
_LONGEST = timedelta(days=32)
"""How long after a deployment windows are looked for."""

_ITEM = ("signer", "answered_by")


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """One item; `signers` may answer it where it is a sign-off or the decision to deploy."""

    item: DeploymentItem
    self_answer: SelfAnswer | None
    signers: tuple[User, ...] = ()

    @property
    def answer(self) -> str:
        """What a person answered, else what the record does; "" while it is open."""
        return self.item.answer or (self.self_answer.answer if self.self_answer else "")

    @property
    def word(self) -> str:
        """The answer as a page says it."""
        return dict(DeploymentItem.ANSWERS)[self.answer]

    @property
    def by_record(self) -> bool:
        """Whether nobody but the record answered it."""
        return not self.item.answer and self.self_answer is not None

    @property
    def open(self) -> bool:
        """Whether it still has to be answered, or does not hold."""
        return self.answer not in _CLOSED

    @property
    def signer_names(self) -> str:
        """Who may sign, in words; "" while nobody may."""
        return " or ".join(map(display_name, self.signers))


@dataclass(frozen=True, slots=True)
class ChecklistSection:
    """Items under one heading, in the window from `opens_at` to `due_at`, None without one."""

    title: str
    items: tuple[ItemStatus, ...]
    opens_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def open(self) -> int:
        """How many are to be answered yet."""
        return sum(each.open for each in self.items)


@dataclass(frozen=True, slots=True)
class DeploymentChecklist:
    """One document with its items."""

    document: DeploymentDocument
    sections: tuple[ChecklistSection, ...]

    @property
    def items(self) -> Iterator[ItemStatus]:
        """All of them, in the order of the document."""
        return (item for section in self.sections for item in section.items)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(len(section.items) for section in self.sections)

    @property
    def open(self) -> int:
        """How many are to be answered yet."""
        return sum(section.open for section in self.sections)


@dataclass(frozen=True, slots=True)
class DueWindow:
    """A window of a document that has begun, or is `over`, with so many `open` items."""

    document: DeploymentDocument
    section: ChecklistSection
    over: bool


def checklists_of(deployment: Deployment) -> list[DeploymentChecklist]:
    """All of a deployment, in the order in which they were added."""
    return [checklist_of(each) for each in deployment.documents.select_related("added_by")]


def checklist_of(document: DeploymentDocument) -> DeploymentChecklist:
    """One document as it stands."""
    items = list(document.items.select_related(*_ITEM).order_by("position"))
    deployment = document.deployment
    by_role = _holders(deployment)
    statuses = [
        ItemStatus(item, _answer(item, deployment), _signers(item, items, by_role))
        for item in items
    ]
    sections = (
        _section(deployment, title, list(group))
        for title, group in groupby(statuses, key=lambda each: each.item.section)
    )
    return DeploymentChecklist(document, tuple(sections))


def signers_of(item: DeploymentItem) -> tuple[User, ...]:
    """Who may sign this item, or decide whether to deploy; nobody where none is known."""
    items = list(item.document.items.select_related(*_ITEM))
    return _signers(item, items, _holders(item.document.deployment))


def due_windows(now: datetime, *, looks_back: timedelta) -> Iterator[DueWindow]:
    """Windows that began or ended within `looks_back` and hold something open.

    Nothing is due once it is decided whether a rollback is needed, nor after a failed deployment.
    """
    timed = DeploymentItem.objects.filter(due__isnull=False, document__deployment__decision="")
    timed = timed.filter(document__deployment__state="succeeded")
    timed = timed.filter(document__deployment__finished_at__gte=now - _LONGEST - looks_back)
    fields = ("document", "document__deployment__finished_at", "opens", "due")
    moments = {
        number
        for number, ended, opens, due in timed.order_by().values_list(*fields).distinct()
        if any(_passed(ended, each, now, looks_back) for each in (opens, due))
    }
    related = ("deployment__service", "deployment__environment", "deployment__recorded_by")
    for document in DeploymentDocument.objects.filter(pk__in=moments).select_related(*related):
        for section in checklist_of(document).sections:
            if section.open and section.opens_at and section.due_at:
                yield from _due(document, section, now, looks_back)


def _passed(ended: datetime, minutes: int, now: datetime, looks_back: timedelta) -> bool:
    return timedelta() <= now - ended - timedelta(minutes=minutes) <= looks_back


def _due(
    document: DeploymentDocument, section: ChecklistSection, now: datetime, looks_back: timedelta
) -> Iterator[DueWindow]:
    assert section.opens_at and section.due_at  # noqa: S101  the caller leaves out all others
    if now >= section.due_at:
        if now - section.due_at <= looks_back:
            yield DueWindow(document, section, over=True)
    elif timedelta() <= now - section.opens_at <= looks_back:
        yield DueWindow(document, section, over=False)


def _section(deployment: Deployment, title: str, items: list[ItemStatus]) -> ChecklistSection:
    first, ended = items[0].item, deployment.finished_at
    if ended is None or first.opens is None or first.due is None:
        return ChecklistSection(title, tuple(items))
    opens_at, due_at = (ended + timedelta(minutes=each) for each in (first.opens, first.due))
    return ChecklistSection(title, tuple(items), opens_at, due_at)


def _answer(item: DeploymentItem, deployment: Deployment) -> SelfAnswer | None:
    return self_answer(item.text, deployment) if item.kind == "task" else None


def _holders(deployment: Deployment) -> dict[str, list[User]]:
    """People by the role that they decide in there, folded."""
    holders: dict[str, list[User]] = {}
    for row in owners_of(deployment.environment):
        holders.setdefault(row.role.casefold(), []).append(row.user)
    return holders


def _signers(
    item: DeploymentItem, items: Iterable[DeploymentItem], holders: dict[str, list[User]]
) -> tuple[User, ...]:
    """The person named; else who holds the role; for go or no-go whoever signs the document."""
    if item.kind == "task":
        return ()
    if item.signer is not None:
        return (item.signer,) if item.signer.is_active else ()
    if item.named:
        return ()
    if item.kind == "go_no_go":
        others = [each for each in items if each.kind == "sign_off"]
        people = [who for each in others for who in _signers(each, items, holders)]
        return tuple(dict.fromkeys(people))
    return tuple(holders.get(item.role.casefold(), []))
