"""A console of one's own, ended however a test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .console import Console


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Console]]:
    """Start a console on this test's folder: `start(DEMO="0")`."""
    consoles: list[Console] = []

    def begin(data: Path = tmp_path / "data", port: int = 0, **settings: str) -> Console:
        consoles.append(Console(data, port, settings))
        return consoles[-1]

    yield begin
    for console in consoles:
        console.end()
