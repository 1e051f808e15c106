"""Which revisions a person has confirmed, and which documents are like one of those."""

from __future__ import annotations

import re

from rollback_console.common.permission import may_do
from rollback_console.documents.canonical import is_canonical
from rollback_console.documents.model import PlanDocument, Role
from rollback_console.documents.shape import shape_of
from rollback_console.documents.shell.command_patterns import reads_like_command, signature

from .document_cache import document, read_cached
from .errors import NotConfirmed
from .models import Plan, Revision

CHANGE_PLAN = "plans.change_plan"

_GUARDS = frozenset({"front-matter", "bad-attribute"})
_RUNS = frozenset({Role.STEP, Role.PRECONDITION, Role.CHECK})
# One word that is no option, no path and no way out of the folder it stands in.
_PLAIN_WORD = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.,:@+-]*")
_LETTERS = re.compile(r"[A-Za-z0-9_]+")
_NEXT_COMMAND = re.compile(r"[\n;&|]+")


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
        return before if before and _is_like(before, document(before), revision, text) else None
    rows = Revision.objects.filter(
        plan__service=revision.plan.service_id, confirmed_at__isnull=False, shape=shape_of(text)
    )
    for row in rows.select_related("confirmed_by", "plan").order_by("-pk")[:20]:
        if _is_like(row, author_text(row), revision, text):
            return row
    return None


def _is_like(
    before: Revision, before_text: PlanDocument, revision: Revision, text: PlanDocument
) -> bool:
    """Whether what was confirmed of one text holds word for word for the other."""
    return (
        shape_of(before_text) == shape_of(text)
        and _stands_for(before, revision)
        and _same_programs(before_text, text)
    )


def _stands_for(before: Revision, revision: Revision) -> bool:
    by = before.confirmed_by
    return by is not None and by.is_active and may_do(by, CHANGE_PLAN, revision.plan)


def _same_programs(before: PlanDocument, text: PlanDocument) -> bool:
    """Whether commands of one shape differ in plain values alone, and start the same programs."""
    values = {*text.fields.values(), text.title, text.service, text.environment}
    values |= {text.date, text.lead}
    pairs = zip(_shell_texts(before), _shell_texts(text), strict=True)
    return all(old == new or _is_plain_change(old, new, values) for old, new in pairs)


def _is_plain_change(old: str, new: str, values: set[str]) -> bool:
    """Whether no value of the header that stands in a command makes it more than it was.

    A value that is not a plain word may differ from the one before in letters and digits only.
    """
    if _signatures(old) != _signatures(new):
        return False
    used = [value for value in values if value and value.casefold() in new.casefold()]
    if all(_PLAIN_WORD.fullmatch(each) and not reads_like_command(each) for each in used):
        return True
    return _LETTERS.sub("a", old) == _LETTERS.sub("a", new)


def _signatures(text: str) -> list[tuple[str, str]]:
    return [signature(each.strip()) for each in _NEXT_COMMAND.split(text)]


def _shell_texts(text: PlanDocument) -> list[str]:
    return [one.text for one in text.commands if one.role in _RUNS]
