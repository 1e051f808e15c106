"""`manage.py config export | schema | diff FILE | apply FILE`: the configuration as a document."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...apply import apply_configuration, preview_configuration
from ...changes import ConfigurationChange
from ...document import LONGEST, Configuration, ConfigurationError, read_document
from ...export import export_configuration, write_document


class Command(BaseCommand):
    """`diff` exits 0 when nothing would change and 1 otherwise; 2 is for an unreadable FILE."""

    help = "Writes the configuration as YAML, or compares the console with a file and applies it."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("export", help="write the configuration, without secrets")
        verbs.add_parser("schema", help="write the JSON Schema of the document, for editors")
        diff = verbs.add_parser("diff", help="say what applying FILE would change")
        apply = verbs.add_parser("apply", help="make the console what FILE says")
        for verb in (diff, apply):
            verb.add_argument("file", help="the document, or - for standard input")
            verb.add_argument(
                "--prune",
                action="store_true",
                help="remove hosts, host groups, secrets and credentials that it lacks",
            )
        apply.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_: Any, **options: Any) -> None:
        verb = options["verb"]
        if verb == "export":
            self.stdout.write(write_document(export_configuration()), ending="")
        elif verb == "schema":
            self.stdout.write(json.dumps(Configuration.model_json_schema(), indent=2))
        else:
            self._with_file(options)

    def _with_file(self, options: dict[str, Any]) -> None:
        name = options["file"]
        try:
            desired = read_document(self._text(name))
            changes = preview_configuration(desired, may_read=True, prune=options["prune"])
            self._show(changes)
            if options["verb"] == "diff":
                sys.exit(int(any(change.action != "left-over" for change in changes)))
            if options["yes"] or self._agreed():
                apply_configuration(desired, by=None, may_read=True, prune=options["prune"])
                self.stdout.write("Applied.")
            else:
                self.stdout.write("Nothing was changed.")
        except ConfigurationError as error:
            lines = "\n".join(f"{name}: {problem}" for problem in error.problems)
            raise CommandError(f"Nothing was changed.\n{lines}") from error

    def _text(self, name: str) -> str:
        try:
            with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
                return file.read(LONGEST + 1).decode("utf-8-sig")
        except (OSError, ValueError) as error:
            raise CommandError(f"{name} cannot be read: {error}.", returncode=2) from error

    def _show(self, changes: list[ConfigurationChange]) -> None:
        for change in changes:
            self.stdout.write(change.text)
        if not changes:
            self.stdout.write("Nothing would change.")

    def _agreed(self) -> bool:
        self.stdout.write("Apply this? Write yes: ", ending="")
        self.stdout.flush()
        return sys.stdin.readline().strip() == "yes"
