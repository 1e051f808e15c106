"""`manage.py create_owner`: the first Admin of a new console; repeating it harms nobody."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...actions.people import make_owner
from ...errors import AccessError


class Command(BaseCommand):
    """Exits 0 when the person is an active Admin afterwards, 1 with a sentence when not."""

    help = "Makes the first Admin. Whoever exists already keeps their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--password-file", help="a file that holds the password; else one is made and printed"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        name, file = options["username"], options["password_file"]
        password = _read(file) if file else secrets.token_urlsafe(18)
        try:
            owner = make_owner(username=name, email=options["email"], password=password)
        except AccessError as error:
            raise CommandError(str(error)) from error
        if owner.is_new and not file:
            self.stdout.write(f"Password: {password}\nIt is shown this once. Change it soon.")
        self.stdout.write(f"{name} {'was Admin already' if owner.was_admin else 'is Admin now'}.")


def _read(name: str) -> str:
    try:
        return Path(name).read_text().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read. Name a file with the password.") from error
