"""How rooms above learn that a rollback ended, without this room knowing them."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

from .models import Rollback

finished = Signal()
"""Sent after commit with `rollback`; receivers may fail without harm."""

sweeping = Signal()
"""Sent once by a sweeper process as it begins, with `stop`, the threading.Event that ends it.
Receivers that work along with it do so in threads of their own."""


def send_finished(rollback: Rollback) -> None:
    """Send `finished` once the caller's transaction has committed."""
    transaction.on_commit(
        lambda: [*finished.send_robust(sender=Rollback, rollback=rollback)], robust=True
    )
