"""Receivers for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rollback_console.notify import Rules
from tests.receivers import Mail, Web, mail, web

INSIDE = Rules(allowed=("127.0.0.0/8",), seconds=10)


@pytest.fixture
def receiver() -> Iterator[Web]:
    with web() as seen:
        yield seen


@pytest.fixture
def post_office() -> Iterator[Mail]:
    with mail() as kept:
        yield kept
