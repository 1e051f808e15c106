"""`manage.py create_token USER --name N --scopes read,request --days 90`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...actions.tokens import create_token
from ...errors import BadToken
from ...scope_limits import ScopeLimit


class Command(BaseCommand):
    """Prints the secret on standard output, once; everything else on standard error."""

    help = "Makes a token with which a program acts as a user through the REST API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="user name of the person it acts for")
        parser.add_argument("--name", required=True, help="the program that will use it")
        parser.add_argument("--scopes", default="read", help="comma separated; read by default")
        parser.add_argument(
            "--environments", default="", help="comma separated slugs; all by default"
        )
        parser.add_argument("--services", default="", help="comma separated slugs; all by default")
        parser.add_argument(
            "--days", type=int, default=90, help="expires after so many days; 90 by default"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        limit = ScopeLimit.of(_words(options["environments"]), _words(options["services"]))
        try:
            token, secret = create_token(
                _person(options["user"]),
                by=None,
                name=options["name"],
                scopes=_words(options["scopes"]),
                days=options["days"],
                limit=limit,
            )
        except BadToken as error:
            raise CommandError(str(error)) from error
        self.stderr.write(
            f"{token} for {', '.join(token.scopes)} lives until {token.expires_at:%Y-%m-%d %H:%M} "
            "UTC. Keep it now: it cannot be shown again."
        )
        self.stdout.write(secret)


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _person(name: str) -> User:
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name}. Name one who can sign in.")
    return user
