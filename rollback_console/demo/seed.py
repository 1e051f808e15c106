"""What the console knows at first: people, an environment, the host, its plan, a request."""

from __future__ import annotations

from .layout import Layout
from .people import ensure
from .state import State


def seed_demo(layout: Layout, state: State | None) -> None:
    """Make what is missing; without a host only the people."""
    ensure(layout)
