"""`manage.py check_plan FILE...`: the same as `python -m rollback_console check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from rollback_console.documents.check import FORMATS, check_files, exit_code, format_checks


class Command(BaseCommand):
    """Exits 0 when every file is canonical and clean, 1 with findings, 2 when one is unreadable."""

    help = "Reads plans without a database: 0 canonical and clean, 1 findings, 2 unreadable."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a plan")
        parser.add_argument("--format", choices=FORMATS, default="text")
        parser.add_argument("--write", action="store_true", help="put files in canonical form")

    def handle(self, *_: Any, **options: Any) -> None:
        checks = check_files(options["files"], write=options["write"])
        if text := format_checks(checks, options["format"]):
            self.stdout.write(text)
        if code := exit_code(checks):
            sys.exit(code)
