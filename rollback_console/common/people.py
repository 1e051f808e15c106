"""How a person is named."""

from __future__ import annotations

from typing import Protocol


class _Named(Protocol):
    def get_full_name(self) -> str: ...

    def get_username(self) -> str: ...


def display_name(person: _Named | None, nobody: str = "") -> str:
    """A person's full name, or the user name of one who gave none; `nobody` for None."""
    if person is None:
        return nobody
    return str(person.get_full_name() or person.get_username())
