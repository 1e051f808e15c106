"""How often others are told how a rollback goes, and when they expect to hear next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.common.permission import may_do
from rollback_console.documents.model import PlanDocument
from rollback_console.engine.states import TERMINAL
from rollback_console.plans.document_cache import document
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import record
from rollback_console.rollbacks.models import Rollback

from ..models import Cadence

USUAL = timedelta(minutes=30)
"""Where neither a person nor the plan says how often."""

_LEAST, _MOST = 1, 24 * 60
_EVERY = re.compile(
    r"\b(?:every|each|cada|toutes les|alle)\s+(\d{1,3})\s*"
    r"(m(?:in\w*)?|h(?:ours?|oras?|eures?)?|stunden?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Beat:
    """`every` how long; `source` is person, plan or usual. `last` is the last message, None
    before the first. `next_due` is None once the rollback has ended."""

    every: timedelta
    source: str
    last: datetime | None
    next_due: datetime | None

    def late(self, now: datetime) -> bool:
        """Whether others wait for a word that should have come."""
        return self.next_due is not None and self.next_due < now


def beat(rollback: Rollback) -> Beat:
    """When the next update is due, in two queries."""
    every, source = _every(rollback)
    last = rollback.messages.order_by("-id").values_list("at", flat=True).first()
    since = last or rollback.started_at or rollback.requested_at
    over = rollback.state in TERMINAL
    return Beat(every, source, last, None if over else since + every)


@transaction.atomic
def set_cadence(rollback: Rollback, *, by: User, minutes: int) -> Cadence:
    """Tell others every so many minutes."""
    if not may_do(by, "rollbacks.operate_rollback", rollback):
        raise Refused("You may not set how often others are told. Ask an operator.")
    if rollback.state in TERMINAL:
        raise Refused("This rollback has ended: nobody waits for an update.")
    if not _LEAST <= minutes <= _MOST:
        raise Refused("Updates come every 1 to 1,440 minutes.")
    made = Cadence.objects.create(rollback=rollback, minutes=minutes, by=by, at=Now())
    record(rollback, "cadence.set", by=by, minutes=minutes)
    made.refresh_from_db()
    return made


def stated_in(plan: PlanDocument) -> timedelta | None:
    """What a plan says: `cadence` in its front matter in minutes, or "every 15 minutes" under
    whom to notify or in a message; None when it says nothing."""
    stated = str(plan.front_matter.values.get("cadence", "")).strip()
    if stated.isdigit() and _LEAST <= int(stated) <= _MOST:
        return timedelta(minutes=int(stated))
    texts = [stated, *(f"{each.label} {each.text}" for each in plan.notify)]
    for text in [*texts, *(each.text for each in plan.messages)]:
        if match := _EVERY.search(text):
            unit = 60 if match[2].lower().startswith(("h", "stunde")) else 1
            return timedelta(minutes=int(match[1]) * unit) or None
    return None


def _every(rollback: Rollback) -> tuple[timedelta, str]:
    chosen = Cadence.objects.filter(rollback=rollback).first()
    if chosen:
        return timedelta(minutes=chosen.minutes), "person"
    if stated := stated_in(document(rollback.revision)):
        return stated, "plan"
    return USUAL, "usual"
