"""Plans: importing, revising and binding them. Every change is a new revision."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.documents.markdown.source import encode

from ..document_cache import document, read
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
    name = (title or read(data).title or f"Rollback of {service.name}")[:200]
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
def revise(plan: Plan, data: bytes, *, by: User, note: str = "") -> Revision:
    """A new revision with another text; bindings are carried over. Raises UnreadablePlan."""
    permit(by, "plans.change_plan", "change this plan", over=plan)
    return _next(plan, data, by=by, note=note)


@transaction.atomic
def bind_steps(revision: Revision, *, by: User, bindings: dict[str, Any]) -> Revision:
    """A new revision with the same text and these bindings (see Revision)."""
    permit(by, "plans.change_plan", "change this plan", over=revision.plan)
    if unknown := bindings.keys() - _BINDINGS:
        raise PlanError(f"These are no bindings: {', '.join(sorted(unknown))}.")
    limit = bindings.get("time_limit", 1)
    if not (isinstance(limit, int) and 1 <= limit <= _LONGEST):
        raise PlanError("The time limit for the whole is a number of minutes, at most a week.")
    latest = revision.plan.revisions.order_by("-number")[0]
    return _next(revision.plan, bytes(latest.source), by=by, note="Bound", bindings=bindings)


@transaction.atomic
def write_bindings(plan: Plan, *, by: User) -> Revision:
    """A new revision whose text says what people bound its steps to; those bindings are gone.

    Raises PlanError when nothing bound can be written on a fence.
    """
    permit(by, "plans.change_plan", "change this plan", over=plan)
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


def _next(
    plan: Plan, data: bytes, *, by: User, note: str, bindings: dict[str, Any] | None = None
) -> Revision:
    read(data)
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
        revision=revision.number,
        document=revision.sha256,
        bindings=revision.bindings,
        note=revision.note,
    )
    return revision
