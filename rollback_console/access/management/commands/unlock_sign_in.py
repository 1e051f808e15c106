"""`manage.py unlock_sign_in NAME`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...actions.attempts import lift_wait


class Command(BaseCommand):
    """Exits 1 with a sentence when nobody is called so."""

    help = "Lets a person sign in again at once after wrong passwords and codes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the name they sign in with")

    def handle(self, *_: Any, **options: Any) -> None:
        name = options["user"]
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is nobody called {name}.")
        count = lift_wait(person, by=None)
        self.stdout.write(f"{name} can sign in at once. Wrong passwords forgotten: {count}.")
