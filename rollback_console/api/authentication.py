"""Who comes in: a bearer token with the scope that a route asks for, and nothing else."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer

from rollback_console.access import limits
from rollback_console.access.errors import BadToken
from rollback_console.access.second_factor import lacks_factor
from rollback_console.access.tokens import SCOPES, Token, find_token
from rollback_console.audit.origin import enter_by
from rollback_console.rollbacks.permissions.groups import may_look

from . import lookup
from .errors.error_mapping import CHALLENGE
from .errors.problems import Problem

_CHALLENGE = CHALLENGE["WWW-Authenticate"]


class Bearer(HttpBearer):
    """Opens a route to tokens with `scope`; each scope stands alone, none implies another."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Token:
        """The token. Raises Problem, 401 or 403."""
        try:
            known = find_token(token.strip())
        except BadToken as error:
            challenge = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
            raise Problem("unauthenticated", str(error), headers=challenge) from error
        if self.scope not in known.scopes:
            raise self._too_narrow(known)
        _check_person(known.user)
        _within_rate(known)
        enter_by(f"API token {known.name}")
        lookup.limit_to(known.limit)
        return known

    def _too_narrow(self, token: Token) -> Problem:
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{self.scope}"'
        return Problem(
            "forbidden",
            f"This needs a token with the scope {self.scope}; this one has "
            f"{', '.join(token.scopes)}.",
            headers={"WWW-Authenticate": challenge},
        )


def _check_person(user: User) -> None:
    if not may_look(user):
        raise Problem("forbidden", f"{user} is in no group that may use this console.")
    if lacks_factor(user):
        raise Problem(
            "forbidden",
            f"This console requires two-factor authentication, and {user} has none. Add an "
            "authenticator app or a passkey on the page of the account.",
        )


def _within_rate(token: Token) -> None:
    most = settings.API_PER_MINUTE
    wait = limits.spend(f"api:{token.sha256}", most=most, seconds=60, cache="process")
    if wait:
        raise Problem(
            "too-many",
            f"A token may ask {most} times in a minute. Go on in {wait} seconds.",
            headers={"Retry-After": str(wait)},
        )


READ, PLANS, REQUEST, OPERATE, APPROVE, ADMIN, BREAK_GLASS = map(Bearer, SCOPES)


def person(request: HttpRequest) -> User:
    """Whom the token acts for."""
    return cast(Token, request.auth).user  # type: ignore[attr-defined]
