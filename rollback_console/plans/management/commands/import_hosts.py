"""`manage.py import_hosts FILE`: many hosts from an inventory, an SSH configuration or CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...actions.host_imports import HostImport, import_hosts, preview_import
from ...errors import PlanError
from ...inventory.host_lists import LONGEST_TEXT, HostList, read_host_list
from ...models import Credential, Environment


class Command(BaseCommand):
    """Exits 0 when done or when nothing would change, 1 on problems, 2 when FILE is unreadable."""

    help = "Shows what a list of hosts would change, and with --yes changes it, all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the list, or - for standard input")
        parser.add_argument("--environment", required=True, help="its short name")
        parser.add_argument("--credential", help="for hosts whose account the list does not name")
        parser.add_argument("--yes", action="store_true", help="do it, not only show it")

    def handle(self, *_: Any, **options: Any) -> None:
        environment = self._find(Environment, "slug", options["environment"])
        name = options["credential"]
        credential = self._find(Credential, "name", name) if name else None
        try:
            listed = read_host_list(self._text(options["file"]))
            planned = preview_import(environment, listed.rows, credential)
            self._show(listed, planned)
            if options["yes"]:
                import_hosts(environment, listed.rows, by=None, credential=credential)
        except PlanError as error:
            raise CommandError(str(error)) from error

    def _text(self, name: str) -> str:
        try:
            with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
                return file.read(LONGEST_TEXT + 1).decode("utf-8-sig", errors="replace")
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise CommandError(f"{name}: {why}. Name a readable file.", returncode=2) from error

    def _find(self, model: Any, field: str, name: str) -> Any:
        row = model.objects.filter(**{field: name}).first()
        if row is None:
            known = ", ".join(model.objects.values_list(field, flat=True)) or "none yet"
            what = model._meta.verbose_name
            raise CommandError(f"There is no {what} {name}. Known are: {known}.")
        return row

    def _show(self, listed: HostList, planned: HostImport) -> None:
        for change in planned.new:
            self.stdout.write(f"new      {change.row.name} {change.row.address}:{change.row.port}")
        for change in planned.changed:
            self.stdout.write(f"changed  {change.row.name}: {'; '.join(change.differences)}")
        for name in planned.absent:
            self.stdout.write(f"not listed, stays: {name}")
        self.stdout.write(f"{planned.same} hosts are as they are.")
        if problems := [*listed.problems, *planned.problems]:
            raise CommandError("Nothing was imported.\n" + "\n".join(problems))
