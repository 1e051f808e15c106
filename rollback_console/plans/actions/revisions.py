"""One revision: writing it, confirming it, and that nobody writes over what they did not see.

The callers in `plans` have checked the right.
"""

from __future__ import annotations

import hashlib
from difflib import unified_diff
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Max
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import RowChange, added, changed
from rollback_console.audit.record import record_change
from rollback_console.common.people import display_name
from rollback_console.common.text import read_row_number
from rollback_console.documents import write_canonical
from rollback_console.documents.canonical import is_canonical, keep_all_lines
from rollback_console.documents.errors import Unwritable
from rollback_console.documents.shape import shape_of

from ..acknowledgement import list_still_true
from ..arrangement import arranged
from ..confirmation import author_text, find_same_shape, misread_guards
from ..document_cache import document, read_cached
from ..errors import PlanError
from ..models import Acknowledgement, Plan, Revision

Operation = dict[str, Any]
_CONFIRMATION = ("confirmed_at", "confirmed_by", "original", "shape", "operations")


def write_revision(
    plan: Plan,
    data: bytes,
    *,
    by: User,
    note: str,
    bindings: dict[str, Any] | None = None,
    original: bytes | None = None,
) -> Revision:
    """The plan's next revision, where `original` is what the author wrote of it.

    What was confirmed stays confirmed when only bindings change. Raises UnreadablePlan.
    """
    read_cached(data)
    last = Plan.objects.select_for_update().get(pk=plan.pk).revisions.order_by("-number").first()
    number = plan.revisions.aggregate(last=Max("number"))["last"] or 0
    revision = Revision(
        plan=plan,
        number=number + 1,
        source=data,
        sha256=hashlib.sha256(data).hexdigest(),
        bindings=last.bindings if last and bindings is None else bindings or {},
        note=note[:200],
        author=by,
        original=original,
    )
    if last is not None and last.sha256 == revision.sha256:
        for name in _CONFIRMATION:
            setattr(revision, name, getattr(last, name))
    revision.save(force_insert=True)
    carried = carry_acknowledgements(last, revision) if last else [added(plan)]
    record_change(
        kinds.PLAN_REVISED,
        by=by,
        subject=plan,
        rows=[added(revision), *carried],
        revision=revision.number,
        document=revision.sha256,
        bindings=revision.bindings,
        note=revision.note,
    )
    return revision


def carry_acknowledgements(before: Revision, after: Revision) -> list[RowChange]:
    """What people acknowledged of `before` holds of `after` too, where the finding is the same;
    as rows for the event that makes it so."""
    there = set(after.acknowledgements.values_list("finding", flat=True))
    names = ("finding", "code", "reason", "by_id", "at")
    return [
        added(
            Acknowledgement.objects.create(
                revision=after, **{name: getattr(row, name) for name in names}
            )
        )
        for row in list_still_true(before, after)
        if row.finding not in there
    ]


def canonical_text(revision: Revision, operations: list[Operation]) -> bytes:
    """The canonical form of what was arranged. Raises PlanError where it has none: a question is
    open, an operation does not fit, or a misspelled guard would be lost."""
    if problems := misread_guards(document(revision)):
        raise PlanError(f"Correct this in the text first. {problems[0]}")
    plan = arranged(revision, operations)
    if plan.questions:
        raise PlanError(f"Answer this first: {plan.questions[0].text}")
    try:
        return write_canonical(keep_all_lines(plan)).encode()
    except Unwritable as error:
        raise PlanError(str(error)) from error


def confirm_as(
    revision: Revision,
    data: bytes,
    *,
    by: User,
    like: Revision | None = None,
    operations: list[Operation] | None = None,
) -> Revision:
    """The revision confirmed, or where its text is not `data` the next one with that text."""
    if bytes(revision.source) != data:
        original = bytes(revision.original or revision.source)
        revision = write_revision(revision.plan, data, by=by, note="Confirmed", original=original)
    return mark_confirmed(revision, by=by, like=like, operations=operations)


def mark_confirmed(
    revision: Revision,
    *,
    by: User,
    like: Revision | None = None,
    operations: list[Operation] | None = None,
) -> Revision:
    """On record: who stands for which text. `like` is the confirmed one it is confirmed by."""
    if revision.confirmed_at is not None:
        return revision
    person = by if like is None else like.confirmed_by
    kind = kinds.PLAN_CONFIRMED if like is None else kinds.PLAN_CONFIRMED_BY_SHAPE
    facts: dict[str, Any] = {}
    if like is not None:
        facts = {"like": f"{like.plan} r{like.number}", "confirmed_by": str(person or "")}
    rows = Revision.objects.filter(pk=revision.pk, confirmed_at=None)
    shape = shape_of(author_text(revision))
    if not rows.update(confirmed_at=Now(), confirmed_by=person, shape=shape, operations=operations):
        raise PlanError("Somebody else confirmed this revision meanwhile. Open the page again.")
    carried = [] if like is None else carry_acknowledgements(like, revision)
    record_change(
        kind,
        by=by,
        subject=revision.plan,
        rows=[changed(revision, *_CONFIRMATION), *carried],
        revision=revision.number,
        document=revision.sha256,
        original=hashlib.sha256(bytes(revision.original or revision.source)).hexdigest(),
        shape=shape,
        **facts,
    )
    revision.refresh_from_db()
    return revision


def take_as_confirmed(revision: Revision, *, rollback: int) -> None:
    """An upgrade's word for a revision by which that rollback was approved before; on record."""
    Revision.objects.filter(pk=revision.pk, confirmed_at=None).update(confirmed_at=Now())
    record_change(
        kinds.PLAN_TAKEN_AS_CONFIRMED,
        subject=revision.plan,
        rows=[changed(revision, "confirmed_at")],
        revision=revision.number,
        document=revision.sha256,
        rollback=rollback,
    )


def take_over_arrangement(revision: Revision, *, by: User) -> Revision:
    """The revision, confirmed by a confirmed one of the same shape where there is one."""
    like = None if revision.confirmed_at is not None else find_same_shape(revision)
    if like is None:
        return revision
    same_text = is_canonical(document(revision).source)
    operations = [] if same_text else list(like.operations or [])
    try:
        data = canonical_text(revision, operations)
    except PlanError:
        return revision  # a person looks at it
    return confirm_as(revision, data, by=by, like=like, operations=operations)


def draw_revision(revision: Revision) -> str:
    """What a form carries of the revision it was drawn from: its number and hash."""
    return f"{revision.number}:{revision.sha256}"


def refuse_outdated(plan: Plan, drawn_from: str | None) -> None:
    """Raise PlanError unless the newest revision is `drawn_from`; None asks nothing."""
    Plan.objects.select_for_update().get(pk=plan.pk)  # nobody writes another meanwhile
    newest = plan.revisions.select_related("author").order_by("-number")[0]
    if drawn_from is None or drawn_from == draw_revision(newest):
        return
    seen = read_row_number(drawn_from.partition(":")[0])
    before = plan.revisions.filter(number=seen).first() if seen else None
    who = f" by {display_name(newest.author)}" if newest.author else ""
    which = f"You saw revision {before.number}" if before else "The page did not say what you saw"
    difference = f" {_difference(before, newest)}" if before else ""
    raise PlanError(
        f"{which}, and revision {newest.number} was made meanwhile{who}.{difference} Nothing was "
        "saved: open the page again, then make your change there."
    )


def _difference(before: Revision, newest: Revision) -> str:
    """What differs between two revisions, as a sentence."""
    old, new = document(before).source.splitlines(), document(newest).source.splitlines()
    lines = sum(
        line[:1] in "+-" and line[:3] not in ("+++", "---")
        for line in unified_diff(old, new, lineterm="", n=0)
    )
    steps = [bindings.get("steps", {}) for bindings in (before.bindings, newest.bindings)]
    titles = {step.key: step.title for each in document(newest).procedures for step in each.steps}
    bound = [
        titles.get(key, key)
        for key in sorted(steps[0].keys() | steps[1].keys())
        if steps[0].get(key) != steps[1].get(key)
    ]
    parts = [f"{lines} line{'s' * (lines != 1)} of the text"] if lines else []
    parts += [f"the bindings of {', '.join(bound)}"] if bound else []
    parts += [
        name.replace("_", " ")
        for name in sorted((before.bindings.keys() | newest.bindings.keys()) - {"steps"})
        if before.bindings.get(name) != newest.bindings.get(name)
    ]
    return f"Changed since: {'; '.join(parts)}." if parts else ""
