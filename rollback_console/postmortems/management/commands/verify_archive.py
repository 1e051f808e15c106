"""`manage.py verify_archive FILE`: whether an archive of a rollback holds; needs no database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...archive.verify import ArchiveVerdict, UnreadableArchive, verify


class Command(BaseCommand):
    """Exits 0 when all of it holds, 1 with what does not, 2 when FILE is no archive."""

    help = "Checks an archive's checksums, snapshot and chain of events, without a database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="what “Archive” on a postmortem's page gave you")
        parser.add_argument(
            "--last-hash", default="", help="the chain's last hash, as the console shows it"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        verdict = self._verdict(options["file"])
        wrong = list(verdict.wrong)
        if options["last_hash"] and options["last_hash"] != verdict.last_hash:
            wrong.append("The chain does not end with the hash you named.")
        if wrong:
            raise CommandError("The archive does not hold. " + " ".join(wrong), returncode=1)
        self.stdout.write(
            f"Rollback {verdict.rollback}: {verdict.files} files and {verdict.events} events are "
            f"as they were kept. The chain ends with {verdict.last_hash}."
        )

    def _verdict(self, name: str) -> ArchiveVerdict:
        try:
            with Path(name).open("rb") as file:
                return verify(file)
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise CommandError(f"{name}: {why}. Name a readable file.", returncode=2) from error
        except UnreadableArchive as error:
            raise CommandError(f"{name}: {error}", returncode=2) from error
