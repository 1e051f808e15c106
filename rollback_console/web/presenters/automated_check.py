"""A check that answers itself, as who approves it reads it: all that it does and asks for."""

from __future__ import annotations

from collections.abc import Iterator

from rollback_console.documents.shell.hidden_characters import show_hidden
from rollback_console.engine.snapshot import CheckSpec


def describe_place(check: CheckSpec) -> str:
    """Where it looks: `on app-1, as deploy, in /srv`; "" for what people answer."""
    parts = (
        f"on {', '.join(check.hosts)}" if check.hosts else "",
        f"as {check.user}" if check.user else "",
        f"in {check.cwd}" if check.cwd else "",
    )
    return show_hidden(", ".join(filter(None, parts)))


def describe_conditions(check: CheckSpec) -> str:
    """When it holds: `status 200; must hold “1.4”`."""
    return show_hidden("; ".join(_conditions(check)))


def _conditions(check: CheckSpec) -> Iterator[str]:
    if check.look == "http":
        yield f"status {check.status}" if check.status else "status below 400"
    if check.look == "command":
        yield "exit code 0"
    if check.holds:
        yield f"must hold “{check.holds}”"
    if check.without:
        yield f"must not hold {' or '.join(f'“{each}”' for each in check.without)}"
    if check.at_least is not None:
        yield f"its first number at least {check.at_least}"
    if check.at_most is not None:
        yield f"its first number at most {check.at_most}"
