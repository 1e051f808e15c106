"""`manage.py revoke_token USER NAME`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...actions.tokens import revoke_token
from ...errors import BadToken
from ...tokens import Token


class Command(BaseCommand):
    """Exits 1 with a sentence when there is no such token or it was revoked before."""

    help = "Ends a token of the REST API at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="user name of the person it acts for")
        parser.add_argument("name", help="the token's name")

    def handle(self, *_: Any, **options: Any) -> None:
        mine = Token.objects.filter(user__username=options["user"])
        token = mine.filter(name=options["name"]).first()
        if token is None:
            names = ", ".join(mine.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no such token. {options['user']} has: {names}.")
        try:
            revoke_token(token, by=None)
        except BadToken as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{token} is revoked.")
