"""`manage.py verify_audit`: whether anything on record was edited, removed or made up."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollback_console.audit.integrity.row_comparison import accept_rows as accept_rows_as_they_are
from rollback_console.audit.integrity.row_comparison import configuration_row_flaws
from rollback_console.audit.integrity.verification import configuration_flaws, file_flaws
from rollback_console.audit.origin import acting_from_command_line

from ...events import flaws, upgrade
from ...permissions.groups import rows_of_roles


class Command(BaseCommand):
    """Exits 0 when both streams are whole, and 1 with a sentence for everything that is wrong."""

    help = "Checks the record of every rollback and of the configuration, and names what is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-unsealed",
            action="store_true",
            help="take events without a seal, and rows that no event tells of, for true, once, at "
            "the end of an upgrade: goes on record",
        )
        parser.add_argument(
            "--accept-rows",
            action="store_true",
            help="take every row of the configuration, and the end of each stream whose anchor is "
            "gone, for true, after somebody repaired the database by hand: goes on record as an "
            "alarm",
        )

    def handle(self, *_: Any, accept_unsealed: bool, accept_rows: bool, **__: Any) -> None:
        if accept_unsealed:
            with acting_from_command_line():
                accepted = upgrade.accept_unsealed()
            self.stdout.write(f"{len(accepted)} streams were accepted as they are.")
        if accept_rows:
            with acting_from_command_line():
                lost = upgrade.accept_lost_anchors()
            self.stdout.write(f"{len(lost)} streams whose anchor was gone end where they end now.")
        known = rows_of_roles()
        if accept_unsealed or accept_rows:
            with acting_from_command_line():
                count = accept_rows_as_they_are(known, unknown_only=not accept_rows)
            self.stdout.write(f"{count} rows of the configuration were accepted as they are.")
        streams = (*flaws(), *configuration_flaws(), *configuration_row_flaws(known))
        wrong = [flaw.sentence for flaw in (*streams, *file_flaws())]
        if wrong:
            raise CommandError("The audit does not hold.\n" + "\n".join(wrong))
        self.stdout.write("Every event is as it was written.")
