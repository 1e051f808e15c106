"""Which revisions a person has confirmed, and which documents are like one of those."""

from __future__ import annotations

import re

from rollback_console.common.permission import may_do
from rollback_console.documents.canonical import is_canonical
from rollback_console.documents.model import Command, PlanDocument
from rollback_console.documents.placeholders.collect import commands_of
from rollback_console.documents.shape import shape_of
from rollback_console.documents.shell.command_patterns import signature

from .document_cache import document, read_cached
from .errors import NotConfirmed
from .models import Plan, Revision

CHANGE_PLAN = "plans.change_plan"

_GUARDS = frozenset({"front-matter", "bad-attribute"})
_PLAIN_VALUE = re.compile(r"[\w .,:/@+-]*")


def require_confirmed(revision: Revision) -> None:
    """Raise NotConfirmed unless a person confirmed the revision."""
    if revision.confirmed_at is None:
        raise NotConfirmed(revision.plan, revision.number)


def misread_guards(text: PlanDocument) -> list[str]:
    """A sentence for each attribute or name of the head that was not understood: it may have
    been what guards a step, so nothing is confirmed or requested without it."""
    findings = [each for each in text.findings if each.code in _GUARDS]
    return [f"Line {each.line}: {each.message}" for each in findings]


def newest_confirmed(plan: Plan) -> Revision | None:
    """What a request of the plan would use; None while nobody confirmed any revision."""
    rows = plan.revisions.select_related("author", "confirmed_by")
    rows = rows.select_related("plan__service", "plan__environment")
    return rows.filter(confirmed_at__isnull=False).order_by("-number").first()


def author_text(revision: Revision) -> PlanDocument:
    """What the author wrote, understood: the proposal that became this revision."""
    return read_cached(bytes(revision.original or revision.source))


def find_same_shape(revision: Revision) -> Revision | None:
    """The newest confirmed revision of the same service whose arrangement fits this one's text.

    Whoever confirmed that one must have the right to confirm this one too.
    """
    text = document(revision)
    if is_canonical(text.source):
        before = newest_confirmed(revision.plan)
        fits = before is not None and shape_of(document(before)) == shape_of(text)
        return before if before and fits and _stands_for(before, revision) else None
    rows = Revision.objects.filter(
        plan__service=revision.plan.service_id, confirmed_at__isnull=False, shape=shape_of(text)
    )
    for row in rows.select_related("confirmed_by", "plan").order_by("-pk")[:20]:
        if _stands_for(row, revision) and _same_programs(author_text(row), text):
            return row
    return None


def _stands_for(before: Revision, revision: Revision) -> bool:
    by = before.confirmed_by
    return by is not None and by.is_active and may_do(by, CHANGE_PLAN, revision.plan)


def _same_programs(before: PlanDocument, text: PlanDocument) -> bool:
    """Only plain values differ: the programs are the same, and no value is shell text."""
    values = {*text.fields.values(), text.title, text.service, text.environment}
    texts = [one.text for one in _commands(text)]
    used = [value for value in values if value and any(value in each for each in texts)]
    return all(map(_PLAIN_VALUE.fullmatch, used)) and [
        signature(one.text) for one in _commands(before)
    ] == [signature(each) for each in texts]


def _commands(text: PlanDocument) -> list[Command]:
    return [c for one in text.procedures for step in one.steps for c in commands_of(step)]
