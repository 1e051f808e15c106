"""Which URLs are taken, and what of them is shown."""

from __future__ import annotations

import pytest

from rollback_console.notify import Rules, problem_with
from rollback_console.notify.target_urls import masked

from .conftest import INSIDE

NONE = Rules()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "Give https://"),
        ("json://127.0.0.1/", "Give https://"),
        ("form://10.0.0.1/", "Give https://"),
        ("syslog://localhost", "Give https://"),
        ("dbus://", "Give https://"),
        ("nonsense", "Give https://"),
        ("https://", "names no host"),
        ("https://user:word@example.org/", "Leave name and password out"),
        ("https://127.0.0.1/hook", "not a public address"),
        ("https://localhost:8000/", "leads to an address that is refused"),
        ("http://169.254.169.254/latest/meta-data/", "not a public address"),
        ("http://1.1.1.1/", "use https://"),
        ("https://[::1]:99999/", "not a URL"),
        ("mailto://u:p@example.org?smtp=127.0.0.1", "not a public address"),
        ("mmost://10.0.0.7/token", "not a public address"),
        ("mailtos://u:p@example.org?verify=no", "not allowed here: verify"),
        ("slack://a/b/c?template=/etc/passwd", "not allowed here: template"),
        ("mailtos://u:p@example.org?pgp=yes&pgppub=/etc/passwd", "not allowed here: pgp"),
        ("slack://a/b/c?redirect=yes", "not allowed here: redirect"),
    ],
)
def test_a_url_that_could_be_misused_is_refused(url: str, why: str) -> None:
    assert why in problem_with(url, NONE)


def test_what_apprise_does_not_understand_is_refused() -> None:
    assert "Apprise does not understand" in problem_with("slack://only-one", NONE)


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
        "mailto://u:p@127.0.0.1:2525?from=a@example.org&to=b@example.org",
        "http://127.0.0.1:9/hook",
    ],
)
def test_what_is_in_order_is_taken(url: str) -> None:
    assert problem_with(url, INSIDE) == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.org/T1/secret?token=s", "https://hooks.example.org/…"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/secret/#ops", "slack://…"),
        ("mailtos://me:secret@mail.example.org", "mailtos://mail.example.org/…"),
        ("pover://secret@secret", "pover://…"),
    ],
)
def test_a_page_shows_the_service_and_no_secret(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert "secret" not in masked(url)
