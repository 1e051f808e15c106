"""Sending one delivery: claimed in one UPDATE, sent outside any transaction, noted in another.

A sender that dies in between is followed by another one after a while; the other side may then
get it twice, under the same number. Each attempt that fails waits longer than the last.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from rollback_console import notify
from rollback_console.notify.web_push import GONE
from rollback_console.rollbacks import db_clock

from . import push
from .models import Delivery

DELAYS = tuple(timedelta(seconds=each) for each in (15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600))
"""Between attempts; after the last one a person must ask for another."""

LEFT = timedelta(minutes=3)
"""After so long a sender that said nothing counts as dead."""


def rules() -> notify.Rules:
    """What the settings allow."""
    return notify.Rules(
        allowed=tuple(settings.MESSAGES_ALLOW),
        seconds=float(settings.MESSAGES_SECONDS),
        ca_file=settings.MESSAGES_CA_FILE,
    )


def due(limit: int) -> list[tuple[int, int | None]]:
    """(delivery, target) of what is to be sent now, the longest due first; a device has a
    negative number."""
    rows = Delivery.objects.filter(state=Delivery.WAITING, due_at__lte=Now())
    owed = rows.order_by("due_at", "id").values_list("id", "target_id", "device_id")[:limit]
    return [(number, -device if device else target) for number, target, device in owed]


def send_delivery(number: int, *, early: bool = False) -> None:
    """Send one delivery, if nobody else is at it; `early` sends before it is due."""
    claim = uuid.uuid4()
    mine = Delivery.objects.filter(pk=number, state=Delivery.WAITING)
    mine = mine if early else mine.filter(due_at__lte=Now())
    if not mine.update(claim=claim, attempts=F("attempts") + 1, due_at=db_clock.later(LEFT)):
        return
    delivery = Delivery.objects.select_related("target", "rollback", "device__user").get(pk=number)
    outcome = _outcome(delivery, _send(delivery))
    Delivery.objects.filter(pk=number, claim=claim, state=Delivery.WAITING).update(**outcome)


def _send(delivery: Delivery) -> str:
    if delivery.device_id:
        return push.push_delivery(delivery, rules())
    target = delivery.target
    if target is None or not target.is_active:
        return _GONE
    letter = notify.Letter(
        url=target.url,
        number=str(delivery.pk),
        title=delivery.title,
        text=f"{delivery.text}\n\n{delivery.link}",
        payload=payload(delivery) if target.is_webhook else {},
        secret=target.secret,
        to=tuple(delivery.to),
    )
    return notify.send(letter, rules()).problem


def payload(delivery: Delivery) -> dict[str, Any]:
    """The JSON of a webhook; docs/messages.md describes it."""
    return {
        "delivery": delivery.pk,
        "topic": delivery.topic,
        "kind": delivery.kind,
        "environment": delivery.environment,
        "rollback": delivery.rollback_id,
        "title": delivery.title,
        "text": delivery.text,
        "link": delivery.link,
        "at": delivery.made_at.isoformat(timespec="milliseconds"),
    }


def _outcome(delivery: Delivery, problem: str) -> dict[str, Any]:
    if not problem:
        return {"state": Delivery.SENT, "sent_at": Now(), "problem": ""}
    tried = delivery.attempts
    if problem in (_GONE, GONE) or tried > len(DELAYS):
        return {"state": Delivery.FAILED, "problem": problem}
    return {"due_at": db_clock.later(DELAYS[tried - 1]), "problem": problem}


_GONE = "This target was removed or switched off."
__all__ = ["DELAYS", "LEFT", "due", "payload", "rules", "send_delivery"]
