"""Sockets are for the console's own origins, and the log says why one was refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlparse

import pytest

from rollback_console.live.routes import OwnOrigins


async def pages(scope: Any, receive: Any, send: Any) -> None:
    """Nobody gets that far."""


@pytest.mark.parametrize("origin", ["https://other.example.org", "null", None])
def test_a_socket_from_elsewhere_is_refused_and_the_log_names_both_origins(
    origin: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    guard = OwnOrigins(pages, ["https://rollback.example.org"])
    assert not guard.valid_origin(urlparse(origin) if origin else None)
    (entry,) = caplog.messages
    assert (origin or "none") in entry
    assert "https://rollback.example.org" in entry


def test_a_socket_from_the_console_s_own_page_passes_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard = OwnOrigins(pages, ["https://rollback.example.org"])
    assert guard.valid_origin(urlparse("https://rollback.example.org"))
    assert caplog.messages == []
