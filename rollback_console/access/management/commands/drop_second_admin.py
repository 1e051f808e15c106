"""`manage.py drop_second_admin ENVIRONMENT`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollback_console.plans.actions.environments import change_environment
from rollback_console.plans.models import Environment


class Command(BaseCommand):
    """Exits 1 with a sentence when there is no such environment."""

    help = "Lets one Admin alone ease approvals of an environment again; on record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("environment", help="its URL slug")

    def handle(self, *_: Any, **options: Any) -> None:
        environment = Environment.objects.filter(slug=options["environment"]).first()
        if environment is None:
            raise CommandError(f"There is no environment {options['environment']}.")
        change_environment(environment, by=None, second_admin=False)
        self.stdout.write(f"In {environment} one Admin is enough from now on.")
