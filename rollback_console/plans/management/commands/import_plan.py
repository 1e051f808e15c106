"""`manage.py import_plan FILE`: what the console understands of a plan, and keeping it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from rollback_console.documents.model import PlanDocument
from rollback_console.documents.report import report
from rollback_console.documents.shell.hidden_characters import (
    escape_in_json,
    show_hidden_in_output,
)

from ...acknowledgement import add_acknowledgements
from ...actions.plans import import_document
from ...document_cache import read_cached
from ...errors import UnreadablePlan
from ...models import Environment, Revision, Service

_LARGEST = 256 * 1024


class Command(BaseCommand):
    """Exits 0 with a report, 2 when FILE cannot be read, 1 with --strict and an error finding."""

    help = "Reads a rollback plan in Markdown and prints what was understood of it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the Markdown document, or - for standard input")
        parser.add_argument("--service", help="keep the plan for this service (its slug)")
        parser.add_argument("--environment", help="keep the plan for this environment (its slug)")
        parser.add_argument("--by", help="user name of its author; the first admin when left out")
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
        parser.add_argument("--strict", action="store_true", help="exit 1 on an error finding")

    def handle(self, *_: Any, **options: Any) -> None:
        data = self._bytes(options["file"])
        try:
            document = read_cached(data)
        except UnreadablePlan as error:
            raise CommandError(str(error), returncode=2) from error
        revision = None
        if options["service"] or options["environment"]:
            revision = self._keep(data, options)
        self._print(document, revision, as_json=options["json"])
        if options["strict"] and any(each.severity == "error" for each in document.findings):
            sys.exit(1)

    def _bytes(self, name: str) -> bytes:
        try:
            with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
                return file.read(_LARGEST + 1)
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise CommandError(f"{name}: {why}. Name a readable file.", returncode=2) from error

    def _keep(self, data: bytes, options: dict[str, Any]) -> Revision:
        try:
            revision = self._import(data, options)
        except (OperationalError, ProgrammingError) as error:
            raise CommandError("The database is not ready: run `manage.py migrate`.") from error
        self.stderr.write(f"Kept as {revision.plan.slug}, revision {revision.number}.")
        return revision

    def _import(self, data: bytes, options: dict[str, Any]) -> Revision:
        service = Service.objects.filter(slug=options["service"]).first()
        environment = Environment.objects.filter(slug=options["environment"]).first()
        if service is None or environment is None:
            known = ", ".join(Service.objects.values_list("slug", flat=True)) or "none yet"
            places = ", ".join(Environment.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(
                "Name a known --service and --environment to keep this plan. "
                f"Services: {known}. Environments: {places}."
            )
        return import_document(
            data, by=self._author(options["by"]), service=service, environment=environment
        )

    def _author(self, name: str | None) -> User:
        users = User.objects.filter(is_active=True)
        authors = users.filter(username=name) if name else users.filter(is_superuser=True)
        author = authors.order_by("id").first()
        if author is None:
            raise CommandError("Say with --by who wrote this plan: a user name known here.")
        return author

    def _print(self, document: PlanDocument, kept: Revision | None, *, as_json: bool) -> None:
        if as_json:
            understood = report(document)
            if kept is not None:
                add_acknowledgements(understood, kept)
            text = json.dumps(understood, ensure_ascii=False, indent=2)
            self.stdout.write(escape_in_json(text))
            return
        for line in self._lines(document):
            self.stdout.write(show_hidden_in_output(line))

    def _lines(self, document: PlanDocument) -> Iterator[str]:
        yield document.title or "(no title)"
        for procedure in document.procedures:
            yield f"\n{procedure.name}"
            for step in procedure.steps:
                yield f"  {step.number}. {step.title} [{step.kind}]"
        for finding in document.findings:
            yield f"{finding.severity}: line {finding.line}: {finding.message}"
