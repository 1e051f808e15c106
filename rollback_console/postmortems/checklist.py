"""A plan's checks and actions as living things: who does each, until when, and what shows it.

They are there from the moment a rollback is asked for. A row is kept only once somebody
touched an item, or the rollback ended: reading never writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now

from rollback_console.common.permission import may_do
from rollback_console.common.text import LONGEST_TEXT
from rollback_console.engine.states import TERMINAL
from rollback_console.plans.document_cache import document
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import ChecklistAnswer, Rollback

from .models import ADDED, ActionItem, Postmortem, new_key

_ORDER = {"verification": 0, "immediate": 1, "follow_up": 2}
_DONE = {"pass", "not_applicable"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One item with, for a check, the last answer to it; `done` counts either."""

    item: ActionItem
    answer: ChecklistAnswer | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.item.done_at) or (self.answer is not None and self.answer.answer in _DONE)


def entries(rollback: Rollback) -> list[Entry]:
    """Everything to check and to do, in the plan's order, in a fixed number of queries."""
    kept = {item.key: item for item in rollback.action_items.select_related("owner", "done_by")}
    answers = {
        each.key: each for each in rollback.check_answers.select_related("by").order_by("id")
    }
    if not Postmortem.objects.filter(rollback=rollback).exists():
        for item in named(rollback):
            kept.setdefault(item.key, item)
    items = sorted(kept.values(), key=lambda item: (_ORDER[item.kind], item.pk or 0))
    return [Entry(item, answers.get(item.key)) for item in items]


def named(rollback: Rollback) -> list[ActionItem]:
    """What the plan itself asks for, as unsaved rows."""
    checks = snapshot_of(rollback.snapshot).checks
    named_items = [(check.key, check.text, "verification") for check in checks]
    named_items += [
        (each.key, each.text, each.when) for each in document(rollback.revision).actions
    ]
    return [
        ActionItem(rollback=rollback, key=key[:80], text=text[:300], kind=kind)
        for key, text, kind in named_items
    ]


@transaction.atomic
def begin_checklist(rollback: Rollback) -> None:
    """Keep a row for everything the plan asks for that has none yet; checks that passed are
    done by whoever answered them."""
    kept = set(rollback.action_items.values_list("key", flat=True))
    ActionItem.objects.bulk_create(
        [item for item in named(rollback) if item.key not in kept], ignore_conflicts=True
    )
    last = {each.key: each for each in rollback.check_answers.order_by("id")}
    for answer in last.values():
        if answer.answer in _DONE:
            _settle(rollback, answer)


def item_of(rollback: Rollback, key: str) -> ActionItem:
    """The row of that key, kept now if the plan names it. Raises Refused when nothing does."""
    if kept := rollback.action_items.filter(key=key).first():
        return kept
    for item in named(rollback):
        if item.key == key:
            return ActionItem.objects.get_or_create(
                rollback=rollback, key=key, defaults={"text": item.text, "kind": item.kind}
            )[0]
    raise Refused("There is no such item. Reload the page: the list may have changed.")


def add_item(
    rollback: Rollback,
    *,
    by: User,
    text: str,
    kind: str,
    owner: User | None = None,
    due: date | None = None,
    remind_at: datetime | None = None,
) -> ActionItem:
    """Something to do that the plan does not name."""
    _permit(by, rollback)
    if not text.strip():
        raise Refused("Enter the action.")
    if kind not in {"immediate", "follow_up"}:
        raise Refused("An action is immediate or a follow-up. Checks come from the plan.")
    return ActionItem.objects.create(
        rollback=rollback,
        key=new_key(),
        text=text.strip()[:300],
        kind=kind,
        owner=owner,
        due=due,
        remind_at=remind_at,
    )


def assign_item(
    item: ActionItem,
    *,
    by: User,
    owner: User | None,
    due: date | None = None,
    remind_at: datetime | None = None,
) -> ActionItem:
    """Who does it, until when, and when to remind them."""
    _permit(by, item.rollback)
    if owner is not None and not owner.is_active:
        raise Refused(f"{owner} is deactivated. Give it to somebody who can do it.")
    ActionItem.objects.filter(pk=item.pk).update(owner=owner, due=due, remind_at=remind_at)
    item.refresh_from_db()
    return item


def tick_item(item: ActionItem, *, by: User, done: bool, evidence: str | None = None) -> ActionItem:
    """It is done, or not after all. `evidence` is what shows it; None leaves it as it is.

    A check of a rollback under way is answered on its page, where it decides how it ends.
    """
    _permit(by, item.rollback)
    if item.kind == "verification" and item.rollback.state not in TERMINAL:
        raise Refused("Answer this check on the rollback's page: it decides how it ends.")
    if evidence is not None and len(evidence) > LONGEST_TEXT:
        raise Refused(f"Evidence holds at most {LONGEST_TEXT:,} characters. Link to the rest.")
    when, who = (Now(), by) if done else (None, None)
    with transaction.atomic():
        ActionItem.objects.filter(pk=item.pk).update(done_at=when, done_by=who)
        if evidence is not None:
            ActionItem.objects.filter(pk=item.pk).update(evidence=evidence.strip())
    item.refresh_from_db()
    return item


def open_items(owner: User | None = None) -> QuerySet[ActionItem]:
    """What is still to be done, of everyone or of one person, the soonest due first.

    Rows only: what the plan of a rollback under way asks for and nobody touched is on its page.
    Where nothing ever ran, only what somebody took or added is left to do.
    """
    answers = ChecklistAnswer.objects.filter(rollback=OuterRef("rollback"), key=OuterRef("key"))
    items = ActionItem.objects.filter(done_at=None).annotate(
        answer=Coalesce(Subquery(answers.order_by("-id").values("answer")[:1]), Value(""))
    )
    items = items.exclude(kind="verification", answer__in=_DONE).filter(
        Q(rollback__started_at__isnull=False) | Q(owner__isnull=False) | Q(key__startswith=ADDED)
    )
    if owner is not None:
        items = items.filter(owner=owner)
    items = items.select_related("owner", "rollback__service", "rollback__environment")
    return items.defer("rollback__snapshot").order_by(F("due").asc(nulls_last=True), "id")


def due_items(now: datetime) -> list[ActionItem]:
    """Open items whose owner should be told now: the reminder's time has come, or the day it
    is due, and nobody told them since. Call `reminded` for those that were told."""
    return list(
        open_items()
        .filter(owner__is_active=True)
        .filter(
            Q(remind_at__lte=now, reminded_at=None)
            | Q(remind_at__lte=now, reminded_at__lt=F("remind_at"))
            | Q(due__lte=now.date(), reminded_at=None)
            | Q(due__lte=now.date(), reminded_at__date__lt=F("due"))
        )
    )


def reminded(items: Iterable[ActionItem], now: datetime) -> None:
    """Their owners were told at `now`."""
    ActionItem.objects.filter(pk__in=[item.pk for item in items]).update(reminded_at=now)


def _settle(rollback: Rollback, answer: ChecklistAnswer) -> None:
    item = rollback.action_items.filter(key=answer.key, done_at=None)
    item.filter(evidence="").update(evidence=answer.note)
    item.update(done_at=answer.at, done_by=answer.by)


def _permit(by: User, rollback: Rollback) -> None:
    if not may_do(by, "rollbacks.operate_rollback", rollback):
        raise Refused("You may read this, but not change it. Ask an operator.")
