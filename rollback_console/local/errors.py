"""What may keep a console from being prepared."""

from __future__ import annotations


class DatabaseAway(Exception):
    """The database does not answer or refuses us; `str()` is a sentence."""
