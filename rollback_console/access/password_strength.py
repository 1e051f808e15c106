"""Passwords that are easy to guess are refused, whatever characters they are made of."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

_ENOUGH = 3
"""Of 0 to 4: an attacker who has the hash needs at least a hundred million guesses."""

_READ = 72
"""Characters that are looked at: the estimate takes time that grows with their square."""

_CONTEXT = ["rollback", "rollbackconsole", "console", "rollout", "deploy", "deployment", "admin"]


class StrengthValidator:
    """Estimates the guesses that a password withstands; what is known of its person counts."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        known = [*_CONTEXT, *_host(), *_facts(user)]
        # Signs between the words of an easy password make it no harder.
        bare = "".join(filter(str.isalnum, password))
        if min(_score(each, known) for each in (password, bare) if each) < _ENOUGH:
            raise ValidationError(
                "This password is easy to guess. Use four or more unrelated words, or let a "
                "password manager make one.",
                code="password_too_easy",
            )

    def get_help_text(self) -> str:
        """For the page."""
        return "Four or more unrelated words, or one that a password manager made."


def _score(password: str, known: list[str]) -> int:
    score: int = zxcvbn(password[:_READ], user_inputs=known)["score"]
    return score


def _host() -> list[str]:
    address = urlsplit(settings.BASE_URL).hostname or ""
    return [part for part in address.split(".") if len(part) > 2]


def _facts(user: Any) -> list[str]:
    names = ("username", "first_name", "last_name", "email")
    values = [str(getattr(user, name, "") or "") for name in names]
    return [part for value in values for part in (value, *value.split("@")) if part]
