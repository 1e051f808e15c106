"""`manage.py apply_retention`: takes old logs out of the database; run it every night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...archive.retention import NotArchived, Retired, apply


class Command(BaseCommand):
    """Exits 0 when everything due is done, 1 with a sentence for each that is not."""

    help = "Archives and removes logs of rollbacks that ended long ago; events stay for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, default=settings.KEEP_LOGS_DAYS, help="else KEEP_LOGS_DAYS"
        )
        parser.add_argument("--archive-to", default=settings.ARCHIVE_DIR, help="else ARCHIVE_DIR")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *_: Any, **options: Any) -> None:
        days, dry = options["days"], options["dry_run"]
        if days < 1:
            self.stdout.write("Logs are kept for good: KEEP_LOGS_DAYS is not set.")
            return
        folder = self._folder(options["archive_to"])
        total = 0
        try:
            for each in apply(days, folder, dry=dry):
                total += 1
                self.stdout.write(_line(each, dry=dry))
        except NotArchived as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{total} rollbacks had ended more than {days} days ago.")

    def _folder(self, name: str) -> Path | None:
        if name and not Path(name).is_dir():
            raise CommandError(f"{name} is not a folder. Make it, or name another one.")
        return Path(name) if name else None


def _line(each: Retired, *, dry: bool) -> str:
    does = "would lose" if dry else "lost"
    where = f"; they are in {each.file}" if each.file and not dry else ""
    return f"Rollback {each.rollback} {does} {each.size} bytes of log{where}."
