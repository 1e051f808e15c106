"""What people without an account read about one rollback, behind a secret address.

It says what is undone, how it stands, since when, when the next word comes, and what was
already messages; no hosts, commands, people or reasons.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.common.permission import may_do
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import record
from rollback_console.rollbacks.models import Rollback

from ..models import StatusLink
from .cadence import beat

_WORDS = {
    "requested": "A rollback is being decided on",
    "approved": "A rollback was decided on and begins soon",
    "running": "The rollback is under way",
    "waiting": "The rollback is under way; people are looking at a step",
    "verifying": "The rollback is done and is being checked",
    "aborting": "The rollback is being stopped",
    "succeeded": "The rollback succeeded",
    "failed": "The rollback did not succeed; people are working on it",
    "aborted": "The rollback was stopped",
    "rejected": "It was decided not to roll back",
    "expired": "No rollback takes place",
    "withdrawn": "No rollback takes place",
}


@dataclass(frozen=True, slots=True)
class PublicStatus:
    """Everything a status page shows; `messages` is (when, text), newest first."""

    what: str
    environment: str
    state: str
    sentence: str
    since: datetime
    next_update: datetime | None
    messages: list[tuple[datetime, str]]


@transaction.atomic
def share(rollback: Rollback, *, by: User, label: str) -> tuple[StatusLink, str]:
    """A new link and its secret, which is shown this once: only its SHA-256 is kept."""
    _permit(by, rollback)
    if not label.strip():
        raise Refused("Say whom the link is for, so that you know later which to revoke.")
    secret, label = secrets.token_urlsafe(32), label.strip()[:100]
    made = StatusLink.objects.create(
        rollback=rollback, token_sha256=_digest(secret), label=label, by=by, at=Now()
    )
    record(rollback, "status_link.shared", by=by, link=made.pk, label=label)
    made.refresh_from_db()
    return made, secret


@transaction.atomic
def revoke(link: StatusLink, *, by: User) -> StatusLink:
    """Whoever holds this link reads nothing any more."""
    _permit(by, link.rollback)
    valid = StatusLink.objects.filter(pk=link.pk, revoked_at=None)
    if not valid.update(revoked_at=Now(), revoked_by=by):
        raise Refused("This link was revoked already.")
    record(link.rollback, "status_link.revoked", by=by, link=link.pk, label=link.label)
    link.refresh_from_db()
    return link


def behind(secret: str) -> Rollback | None:
    """The rollback a secret opens; None for a wrong or revoked one."""
    links = StatusLink.objects.filter(token_sha256=_digest(secret), revoked_at=None)
    link = links.select_related("rollback__environment").first()
    return link.rollback if link else None


def status(rollback: Rollback) -> PublicStatus:
    """What the page says now."""
    messages = rollback.messages.order_by("-id").values_list("at", "text")[:50]
    return PublicStatus(
        what=rollback.title,
        environment=rollback.environment.name,
        state=rollback.state,
        sentence=_WORDS[rollback.state],
        since=rollback.finished_at or rollback.started_at or rollback.requested_at,
        next_update=beat(rollback).next_due,
        messages=list(messages),
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _permit(by: User, rollback: Rollback) -> None:
    if not may_do(by, "rollbacks.operate_rollback", rollback):
        raise Refused("You may not share a status page. Ask an operator.")
