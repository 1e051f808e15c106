"""`manage.py create_owner`: the first Admin of a new console; repeating it harms nobody."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ...permissions import groups


class Command(BaseCommand):
    """Exits 0 when the person is an active Admin afterwards, 1 with a sentence when not."""

    help = "Makes the first Admin. Whoever exists already keeps their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--password-file", help="a file that holds the password; else one is made and printed"
        )

    @transaction.atomic
    def handle(self, *_: Any, **options: Any) -> None:
        name = options["username"]
        person = User.objects.select_for_update().filter(username=name).first()
        if person is None:
            person = self._new(name, options["email"], options["password_file"])
        elif not person.is_active:
            raise CommandError(f"{name} is deactivated. Choose another name, or let them in again.")
        groups.ensure()
        admin = Group.objects.get(name=groups.ADMIN)
        already = person.groups.filter(pk=admin.pk).exists()
        person.groups.add(admin)
        self.stdout.write(f"{name} {'was Admin already' if already else 'is Admin now'}.")

    def _new(self, name: str, email: str, file: str | None) -> User:
        password = _read(file) if file else secrets.token_urlsafe(18)
        person = User(username=name, email=email)
        try:
            validate_password(password, person)
            person.set_password(password)
            person.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        person.save()
        if not file:
            self.stdout.write(f"Password: {password}\nIt is shown this once. Change it soon.")
        return person


def _read(name: str) -> str:
    try:
        return Path(name).read_text().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read. Name a file with the password.") from error
