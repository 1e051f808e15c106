"""What opens something does not stand in the log."""

from __future__ import annotations

from typing import Any

import pytest

from rollback_console.config.logs import mask_addresses


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("GET /status/Zq3v9m_secret/ 200", "GET /status/…/ 200"),
        ("Not Found: /status/Zq3v9m", "Not Found: /status/…"),
        ("POST /invitations/Zq3v9m_secret/ 303", "POST /invitations/…/ 303"),
        ("Not Found: /x/../Status//Zq3v9m/", "Not Found: /x/../Status//…/"),
        ('"POST /api/v1/hooks/6b1c-77 HTTP/1.1" 401', '"POST /api/v1/hooks/… HTTP/1.1" 401'),
        ("/sign-in/with/corp/callback/?code=abc&state=x 302", "/sign-in/with/corp/callback/?… 302"),
        (
            "/sign-in/with/corp/callback/?code=4/0AbC&state=x 302",
            "/sign-in/with/corp/callback/?… 302",
        ),
        ("/rollbacks/3?run=7", "/rollbacks/3?…"),
        ("Rollback 3 is driven. Is it?", "Rollback 3 is driven. Is it?"),
        ("Why? Nobody knows", "Why? Nobody knows"),
    ],
)
def test_secrets_in_addresses_are_masked(line: str, shown: str) -> None:
    entry: dict[str, Any] = {"event": line, "request": line, "status": 200}
    masked = mask_addresses(None, "", entry)
    assert (masked["event"], masked["request"], masked["status"]) == (shown, shown, 200)
