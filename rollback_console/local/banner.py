"""What a person reads once everything runs: where to go, and as whom."""

from __future__ import annotations

from rollback_console.demo.build import unavailable
from rollback_console.demo.layout import Layout
from rollback_console.demo.people import DemoAccount, load
from rollback_console.demo.state import State
from rollback_console.processes.child import print_line

from .options import Options


def greet(options: Options) -> None:
    """Print the address, who may sign in, and what to try first."""
    layout = Layout(options.data / "demo")
    people = load(layout)
    lines = ["", f"The console answers at {options.address}", *_people(people)]
    lines += _demo(layout, people) if options.demo else []
    for line in [*lines, "", "Ctrl-C stops everything; the data stays.", ""]:
        print_line("up", line)


def _people(people: list[DemoAccount]) -> list[str]:
    if not people:
        return [
            "Nobody has an account yet. Make the first, in another terminal:",
            "  .venv/bin/python manage.py create_owner --username NAME",
        ]
    rows = [f"  {each.name:<5} {each.password}  {each.role}" for each in people]
    return ["Sign in as one of", *rows]


def _demo(layout: Layout, people: list[DemoAccount]) -> list[str]:
    state = State.load(layout)
    if state is None:
        return ["", unavailable()]
    return [
        "",
        f"The service that dana asks to roll back: {state.service_url}health",
        f"Sign in as {people[0].name}, open the rollback that waits, and approve it.",
    ]
