"""Making and revoking tokens; every moment is the database's."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.integrity.row_ledger import changed
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_self_or_admin
from rollback_console.rollbacks import db_clock

from ..errors import BadToken
from ..scope_limits import EVERYWHERE, ScopeLimit
from ..tokens import LONGEST_DAYS, SCOPES, Token, hash_secret

_PREFIX = "rbc_"


def create_token(
    owner: User,
    *,
    by: User | None,
    name: str,
    scopes: Sequence[str],
    days: int,
    limit: ScopeLimit = EVERYWHERE,
) -> tuple[Token, str]:
    """A new token and its secret, which cannot be shown again. Raises BadToken.

    Nobody but its owner makes one, an Admin neither: PermissionDenied.
    """
    if by is not None and by.pk != owner.pk:
        raise PermissionDenied("People create only their own tokens.")
    distinct = list(dict.fromkeys(scopes))
    _check(name, distinct, days)
    secret = _PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = _insert(owner, name.strip(), hash_secret(secret), distinct, days, limit)
        record_change(kinds.TOKEN_MADE, by=by, subject=token, after=_shown(token))
    return token, secret


def revoke_token(token: Token, *, by: User | None) -> Token:
    """The token opens nothing from now on. Raises BadToken when it did not anyway."""
    require_self_or_admin(by, token.user)
    with transaction.atomic():
        if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()):
            raise BadToken(f"{token} was revoked already.")
        rows = [changed(token, "revoked_at")]
        record_change(kinds.TOKEN_REVOKED, by=by, subject=token, rows=rows)
    token.refresh_from_db()
    return token


def revoke_tokens(owner: User, *, by: User | None, why: str) -> int:
    """End every token of a person, within the caller's transaction; returns how many."""
    rows = Token.objects.filter(user=owner, revoked_at=None, expires_at__gt=Now())
    tokens = list(rows.select_for_update())
    rows.update(revoked_at=Now())
    for token in tokens:
        written = [changed(token, "revoked_at")]
        record_change(kinds.TOKEN_REVOKED, by=by, subject=token, why=why, rows=written)
    return len(tokens)


def _shown(token: Token) -> dict[str, object]:
    return snapshot_fields(
        token, "user", "name", "scopes", "environments", "services", "expires_at"
    )


def _insert(
    owner: User, name: str, sha256: str, scopes: list[str], days: int, limit: ScopeLimit
) -> Token:
    try:
        with transaction.atomic():
            token = Token.objects.create(
                user=owner,
                name=name,
                sha256=sha256,
                scopes=scopes,
                environments=list(limit.environments),
                services=list(limit.services),
                created_at=Now(),
                expires_at=db_clock.later(timedelta(days=days)),
            )
    except IntegrityError as error:
        raise BadToken(
            f"{owner} has had a token named {name} already: choose another name, so that "
            "the record stays clear."
        ) from error
    token.refresh_from_db()
    return token


def _check(name: str, scopes: Sequence[str], days: int) -> None:
    if not 1 <= len(name.strip()) <= 100:
        raise BadToken("Name the token after the program that will use it, in 100 characters.")
    if not scopes or set(scopes) - set(SCOPES):
        raise BadToken(f"Scopes are one or more of: {', '.join(SCOPES)}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadToken(f"A token lives between 1 and {LONGEST_DAYS} days.")
