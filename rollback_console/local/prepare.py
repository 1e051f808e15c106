"""Everything that must stand before the processes start: tables, people, the demo."""

from __future__ import annotations

import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError

import rollback_console.celery  # noqa: F401  what the demo asks of a worker goes to its broker
from rollback_console.demo.build import build
from rollback_console.demo.errors import DemoUnavailable
from rollback_console.demo.layout import Layout

from .errors import DatabaseAway
from .options import ACCOUNTS, Options


def prepare(options: Options) -> int:
    """Migrate and, where wanted and possible, build and seed the demo; an exit code.

    Raises DatabaseAway.
    """
    django.setup()
    _migrate()
    (options.data / "static").mkdir(exist_ok=True)
    if options.demo:
        _demo(Layout(options.data / "demo"))
    _note_accounts(options)
    return 0


def _note_accounts(options: Options) -> None:
    """For the banner, which is printed by a process that knows no database."""
    from django.contrib.auth.models import User

    count = User.objects.filter(is_active=True).count()
    (options.data / ACCOUNTS).write_text(f"{count}\n")


def _migrate() -> None:
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        where = settings.DATABASES["default"]
        raise DatabaseAway(
            f"The database {where['NAME']} at {where['HOST'] or 'this machine'} cannot be used: "
            f"{error.args[-1]}. Start it, or correct DATABASE_URL."
        ) from error


def _demo(layout: Layout) -> None:
    from rollback_console.demo.seed import seed_demo

    try:
        state = build(layout)
    except DemoUnavailable as error:
        sys.stderr.write(f"{error}\n")
        state = None
    seed_demo(layout, state)
