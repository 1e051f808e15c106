"""`manage.py verify_audit`: whether anything on record was edited, removed or made up."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollback_console.audit.origin import acting_from_command_line
from rollback_console.audit.verification import configuration_flaws, file_flaws

from ...events import flaws, upgrade


class Command(BaseCommand):
    """Exits 0 when both streams are whole, and 1 with a sentence for everything that is wrong."""

    help = "Checks the record of every rollback and of the configuration, and names what is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-unsealed",
            action="store_true",
            help="take events without a seal for true, once, at the end of an upgrade: goes on "
            "record",
        )

    def handle(self, *_: Any, accept_unsealed: bool, **__: Any) -> None:
        if accept_unsealed:
            with acting_from_command_line():
                accepted = upgrade.accept_unsealed()
            self.stdout.write(f"{len(accepted)} streams were accepted as they are.")
        wrong = [flaw.sentence for flaw in (*flaws(), *configuration_flaws(), *file_flaws())]
        if wrong:
            raise CommandError("The audit does not hold.\n" + "\n".join(wrong))
        self.stdout.write("Every event is as it was written.")
