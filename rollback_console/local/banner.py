"""What a person reads once everything runs: where to go, and as whom."""

from __future__ import annotations

import shlex

from rollback_console.demo.build import unavailable
from rollback_console.demo.layout import Layout
from rollback_console.demo.people import DemoAccount, load
from rollback_console.demo.state import State
from rollback_console.processes.child import print_line

from .options import ACCOUNTS, ROOT, Options


def greet(options: Options) -> None:
    """Print the address, who may sign in, and what to try first."""
    layout = Layout(options.data / "demo")
    people = load(layout) if options.demo else []
    lines = ["", f"The console answers at {options.address}", *_people(people, options)]
    lines += _demo(layout, people) if options.demo else []
    for line in [*lines, "", "Ctrl-C stops everything; the data stays.", ""]:
        print_line("up", line)


def _people(people: list[DemoAccount], options: Options) -> list[str]:
    if people:
        rows = [f"  {each.name:<5} {each.password}  {each.role}" for each in people]
        return ["Sign in as one of", *rows]
    if _accounts(options):
        return []
    return [
        "Nobody has an account yet. Make the first Admin, in another terminal:",
        f"  {owner_command(options)}",
        *(["with the same DATABASE_URL as here."] if options.database_url else []),
        "It prints a password. Sign in with it: the page Set-up goes on from there.",
    ]


def owner_command(options: Options) -> str:
    """What makes the first Admin of this very console, to be typed where `make run` was."""
    settings = ""
    if options.data != ROOT / "var":
        settings = f"DATA_DIR={shlex.quote(str(options.data))} "
    return f"{settings}.venv/bin/python manage.py create_owner --username NAME"


def _accounts(options: Options) -> int:
    try:
        return int((options.data / ACCOUNTS).read_text())
    except (OSError, ValueError):
        return 0


def _demo(layout: Layout, people: list[DemoAccount]) -> list[str]:
    state = State.load(layout)
    if state is None:
        return ["", unavailable()]
    return [
        "",
        f"The service that dana asks to roll back: {state.service_url}health",
        f"Sign in as {people[0].name}, open the rollback that waits, and approve it.",
    ]
