"""The people of the demo, and the passwords made for them here."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from .layout import Layout
from .state import write


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Someone who may sign in: `group` is the console's, `role` says what they decide."""

    name: str
    family: str
    group: str
    role: str
    password: str


_CAST = (
    ("lee", "Okafor", "Operator", "Deploy Lead"),
    ("sam", "Lindqvist", "Operator", "DevOps Lead"),
    ("rio", "Marchetti", "Operator", "CTO"),
    ("dana", "Ferreira", "Operator", "Developer"),
    ("vic", "Tanaka", "Viewer", "Viewer"),
    ("ada", "Nakamura", "Admin", "Admin"),
)


def load(layout: Layout) -> list[DemoAccount]:
    """Who was made so far."""
    if not layout.people.exists():
        return []
    return [DemoAccount(**row) for row in json.loads(layout.people.read_text())]


def ensure(layout: Layout) -> list[DemoAccount]:
    """The cast, with passwords that are made once and kept for their owner alone to read."""
    if people := load(layout):
        return people
    layout.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    people = [DemoAccount(*facts, password=secrets.token_urlsafe(12)) for facts in _CAST]
    write(layout.people, [asdict(person) for person in people])
    return people
