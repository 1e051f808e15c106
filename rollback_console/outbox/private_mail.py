"""Mail to one person that is kept nowhere: it holds what opens their account.

Deliveries are rows that people read; so this one is sent at once, and only once.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from rollback_console import notify
from rollback_console.notify import target_urls

from .dispatch import rules
from .messages import link
from .models import Target


def invitation_link(secret: str) -> str:
    """The address that a secret opens."""
    return link(f"/invitations/{secret}/")


def can_mail() -> bool:
    """Whether a target sends mail to those whom it concerns, and to nobody else beside them."""
    return _mailer() is not None


def mail_invitation(address: str, *, secret: str, inviter: str, expires_at: datetime) -> str:
    """Send the link to its person; returns why it did not go, as a sentence, "" when it did."""
    target = _mailer()
    if not address:
        return "No address is known."
    if target is None:
        return "No message target sends mail to those it concerns, and to them alone."
    letter = notify.Letter(
        url=target.url,
        number=str(uuid.uuid4()),
        title="Your account on the Rollback Console",
        text=_text(secret, inviter, expires_at),
        to=(address,),
    )
    return notify.send(letter, rules()).problem


def _mailer() -> Target | None:
    rows = Target.objects.filter(is_active=True, personal=True).order_by("environment", "id")
    return next((row for row in rows if not target_urls.names_others(row.url)), None)


def _text(secret: str, inviter: str, expires_at: datetime) -> str:
    return (
        f"{inviter} invites you to the Rollback Console. Choose your password here, once, before "
        f"{expires_at:%Y-%m-%d %H:%M} UTC:\n\n{invitation_link(secret)}\n\n"
        "Pass this link on to nobody. If you do not expect it, ignore it and tell an Admin."
    )
