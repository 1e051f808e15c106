"""What changed in who may do what, for the record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

log = logging.getLogger(__name__)


def record(
    kind: str,
    *,
    by: User | None,
    subject: User,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **facts: Any,
) -> None:
    """Put one act on record, within the caller's transaction. Values are never secrets."""
    actor = by.get_username() if by else "the command line"
    log.info("%s of %s by %s: %s > %s %s", kind, subject, actor, before, after, facts)
