"""Plans: importing, revising and binding them. Every change is a new revision."""

from __future__ import annotations

import hashlib
from difflib import unified_diff
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added
from rollback_console.audit.record import record_change
from rollback_console.common.people import display_name
from rollback_console.documents.markdown.source import encode

from ..document_cache import document, read_cached
from ..errors import PlanError
from ..models import Environment, Plan, Revision, Service
from ..snapshot.bindings import write_into_text
from .permission import permit

_BINDINGS = {"hosts", "steps", "on_host", "facts", "time_limit", "confirmed_characters"}
_LONGEST = 7 * 24 * 60


@transaction.atomic
def import_document(
    data: bytes,
    *,
    by: User,
    service: Service,
    environment: Environment,
    title: str = "",
    note: str = "",
) -> Revision:
    """Keep a document as a plan's first revision, or as the next one of the plan it belongs to.

    A plan is one title for one service in one environment. Raises UnreadablePlan.
    """
    place = Plan(service=service, environment=environment)
    permit(by, "plans.add_plan", "import plans there", over=place)
    name = (title or read_cached(data).title or f"Rollback of {service.name}")[:200]
    plan = _known(service, environment, name) or _new(service, environment, name)
    return _next(plan, data, by=by, note=note or "Imported")


def _known(service: Service, environment: Environment, title: str) -> Plan | None:
    """The plan of that title, whatever its capitals and marks."""
    plain = slugify(title)
    for plan in Plan.objects.filter(service=service, environment=environment):
        if plan.title == title or (plain and slugify(plan.title) == plain):
            return plan
    return None


def _new(service: Service, environment: Environment, title: str) -> Plan:
    """Another plan's word in addresses is never taken: a number follows it."""
    word = slugify(f"{service.slug} {environment.slug} {title}")[:110].strip("-")
    for number in count(1):
        plan, made = Plan.objects.get_or_create(
            slug=word if number == 1 else f"{word}-{number}",
            defaults={"title": title, "service": service, "environment": environment},
        )
        if made:
            break
    return plan


@transaction.atomic
def revise(
    plan: Plan, data: bytes, *, by: User, note: str = "", drawn_from: str | None = None
) -> Revision:
    """A new revision with another text; bindings are carried over.

    Raises UnreadablePlan, and PlanError when the newest is no longer what `drawn_from` says.
    """
    permit(by, "plans.change_plan", "change this plan", over=plan)
    _refuse_outdated(plan, drawn_from)
    return _next(plan, data, by=by, note=note)


@transaction.atomic
def bind_steps(
    revision: Revision, *, by: User, bindings: dict[str, Any], drawn_from: str | None = None
) -> Revision:
    """A new revision with the same text and these bindings (see Revision).

    Raises PlanError, also when the newest is no longer what `drawn_from` says.
    """
    permit(by, "plans.change_plan", "change this plan", over=revision.plan)
    _refuse_outdated(revision.plan, drawn_from)
    if unknown := bindings.keys() - _BINDINGS:
        raise PlanError(f"These are no bindings: {', '.join(sorted(unknown))}.")
    limit = bindings.get("time_limit", 1)
    if not (isinstance(limit, int) and 1 <= limit <= _LONGEST):
        raise PlanError("The time limit for the whole is a number of minutes, at most a week.")
    latest = revision.plan.revisions.order_by("-number")[0]
    return _next(revision.plan, bytes(latest.source), by=by, note="Bound", bindings=bindings)


@transaction.atomic
def write_bindings(plan: Plan, *, by: User, drawn_from: str | None = None) -> Revision:
    """A new revision whose text says what people bound its steps to; those bindings are gone.

    Raises PlanError when nothing bound can be written on a fence, and when the newest is no longer
    what `drawn_from` says.
    """
    permit(by, "plans.change_plan", "change this plan", over=plan)
    _refuse_outdated(plan, drawn_from)
    latest = plan.revisions.order_by("-number")[0]
    before = document(latest)
    text, bindings = write_into_text(before, latest.bindings)
    if text == before.source:
        raise PlanError(
            "Nothing bound here can be written into the text: no step with a fence of its own "
            "has hosts, a folder, an account or a time limit of its own."
        )
    data = encode(text, before.encoding)
    note = "Bindings written into the text"
    return _next(plan, data, by=by, note=note, bindings=bindings)


def draw_revision(revision: Revision) -> str:
    """What a form carries of the revision it was drawn from: its number and hash."""
    return f"{revision.number}:{revision.sha256}"


def _refuse_outdated(plan: Plan, drawn_from: str | None) -> None:
    """Raise PlanError unless the newest revision is `drawn_from`; None asks nothing."""
    Plan.objects.select_for_update().get(pk=plan.pk)  # nobody writes another meanwhile
    newest = plan.revisions.select_related("author").order_by("-number")[0]
    if drawn_from is None or drawn_from == draw_revision(newest):
        return
    seen = drawn_from.partition(":")[0]
    before = plan.revisions.filter(number=int(seen)).first() if seen.isdecimal() else None
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


def _next(
    plan: Plan, data: bytes, *, by: User, note: str, bindings: dict[str, Any] | None = None
) -> Revision:
    read_cached(data)
    last = Plan.objects.select_for_update().get(pk=plan.pk).revisions.order_by("-number").first()
    number = plan.revisions.aggregate(last=Max("number"))["last"] or 0
    carried = last.bindings if last and bindings is None else bindings or {}
    revision = Revision.objects.create(
        plan=plan,
        number=number + 1,
        source=data,
        sha256=hashlib.sha256(data).hexdigest(),
        bindings=carried,
        note=note[:200],
        author=by,
    )
    record_change(
        kinds.PLAN_REVISED,
        by=by,
        subject=plan,
        rows=[added(revision), *([] if last else [added(plan)])],
        revision=revision.number,
        document=revision.sha256,
        bindings=revision.bindings,
        note=revision.note,
    )
    return revision
