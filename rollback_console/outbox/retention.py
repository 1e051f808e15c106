"""Old messages and proposals leave by themselves; what they were about stays on record."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings

from rollback_console.proposals.actions import proposals
from rollback_console.rollbacks import db_clock

from .due_notices import LOOKS_BACK
from .models import Delivery

EVERY = 3600.0
EACH = 500
"""Rows that go at once, so that nobody waits long for a lock."""

_next = 0.0


def sometimes() -> None:
    """`once`, at most every hour."""
    global _next
    if time.monotonic() >= _next:
        _next = time.monotonic() + EVERY
        forget_due()


def forget_due() -> int:
    """Remove what is older than the settings keep; how many rows that were.

    What is still on its way stays, and so does what the calendar might tell anew.
    """
    if settings.KEEP_MESSAGES_DAYS < 1:
        return 0
    age = max(timedelta(days=settings.KEEP_MESSAGES_DAYS), LOOKS_BACK * 2)
    over = Delivery.objects.exclude(state=Delivery.WAITING).filter(made_at__lt=db_clock.later(-age))
    gone = 0
    while some := list(over.order_by("id").values_list("id", flat=True)[:EACH]):
        Delivery.objects.filter(id__in=some).delete()
        gone += len(some)
    return gone + proposals.forget_proposals(age)
