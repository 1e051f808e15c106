"""From what happened to deliveries: each event of each rollback once, by a cursor of its own.

Events are numbered without gaps under their rollback's lock, so a cursor per rollback misses
none, whatever order transactions commit in. Nothing of this runs inside the transaction that
makes an event: it can neither fail nor slow it.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Now

from rollback_console.rollbacks.models import Event, Rollback

from . import mentions, messages
from .messages import Notice
from .models import Delivery, PushDevice, Target, Told
from .push import device_name

log = logging.getLogger(__name__)

AT_ONCE = 200


def events() -> int:
    """Write what is owed for new events; how many rollbacks had some."""
    last_seq_told = Coalesce(F("told__seq"), Value(0))
    behind = Rollback.objects.annotate(known=last_seq_told).filter(last_seq__gt=F("known"))
    # What was loaded from a file happened long ago, and was told then.
    behind = behind.filter(imported=None).order_by("id")
    rollbacks = list(behind.values_list("id", "known")[:AT_ONCE])
    for number, known in rollbacks:
        _rollback(number, known)
    return len(rollbacks)


def store_notice(note: Notice) -> int:
    """A delivery for each target and device that hears of it, unless it has one; how many.

    Several callers at once, or one that died half-way, make no second one.
    """
    targets = listening(note)
    devices = PushDevice.objects.filter(user__in=note.people).select_related("user")
    if not targets and not devices:
        return 0
    clean = messages.masked(note)
    owed = [_delivery(target, clean) for target in targets]
    owed += [_push(device, clean) for device in devices]
    Delivery.objects.bulk_create(owed, ignore_conflicts=True)
    return len(owed)


def listening(note: Notice) -> list[Target]:
    """Active targets that hear of a topic in an environment."""
    rows = Target.objects.filter(is_active=True).defer("url", "secret")
    rows = rows.filter(environment=None) | rows.filter(environment=note.environment)
    return [target for target in rows if note.topic in target.topics]


def _rollback(number: int, known: int) -> None:
    rollback = Rollback.objects.select_related(
        "environment", "service", "requested_by", "revision__plan"
    ).get(pk=number)
    events_since = list(
        Event.objects.filter(rollback=number, seq__gt=known).select_related("by").order_by("seq")
    )
    owed = [note for event in events_since for note in _notes(rollback, event)]
    with transaction.atomic():
        if events_since and _advance(number, known, events_since[-1].seq):
            for note in owed:
                store_notice(note)


def _notes(rollback: Rollback, event: Event) -> list[Notice]:
    try:
        note = messages.notice_of(rollback, event)
        return [*([note] if note else []), *mentions.mentions_in_note(rollback, event)]
    except Exception:
        # One event that cannot be told must not keep all later ones from being told.
        log.exception("Event %s of rollback %s could not be told.", event.seq, rollback.pk)
        return []


def _advance(number: int, known: int, seq: int) -> bool:
    """Move the cursor, unless another sweeper did."""
    Told.objects.get_or_create(rollback_id=number)
    return bool(Told.objects.filter(rollback=number, seq=known).update(seq=seq))


def _delivery(target: Target, note: Notice) -> Delivery:
    return _message(
        note,
        target=target,
        target_name=target.name,
        to=list(note.to) if target.personal else [],
    )


def _push(device: PushDevice, note: Notice) -> Delivery:
    return _message(note, device=device, target_name=device_name(device))


def _message(note: Notice, **receiver: Any) -> Delivery:
    return Delivery(
        **receiver,
        cause=note.cause,
        topic=note.topic,
        kind=note.kind,
        environment=note.environment.slug,
        rollback=note.rollback,
        title=note.title,
        text=note.text,
        link=note.link,
        made_at=Now(),
        due_at=Now(),
    )
