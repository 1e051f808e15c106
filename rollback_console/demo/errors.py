"""Why there is no demo host here."""

from __future__ import annotations


class DemoUnavailable(Exception):
    """Something this needs is missing; `str()` is a sentence that says what to do."""
