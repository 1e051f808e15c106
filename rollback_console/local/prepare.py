"""Everything that must stand before the processes start: tables, people, the demo."""

from __future__ import annotations

import sys

import django
from django.core.management import call_command

from rollback_console.demo.build import build
from rollback_console.demo.errors import DemoUnavailable
from rollback_console.demo.layout import Layout

from .options import Options


def prepare(options: Options) -> int:
    """Migrate and, where wanted and possible, build and seed the demo; an exit code."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    (options.data / "static").mkdir(exist_ok=True)
    if options.demo:
        _demo(Layout(options.data / "demo"))
    return 0


def _demo(layout: Layout) -> None:
    from rollback_console.demo.seed import seed_demo

    try:
        state = build(layout)
    except DemoUnavailable as error:
        sys.stderr.write(f"{error}\n")
        state = None
    seed_demo(layout, state)
