"""A session ends when its person is gone, and after so many hours in any case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from rollback_console.access import session_expiry
from tests import make

pytestmark = pytest.mark.django_db

BY_ITSELF = {"sec-fetch-mode": "cors"}
BY_HAND = {"sec-fetch-mode": "navigate", "sec-fetch-user": "?1"}


@pytest.fixture
def browser(stage: make.Stage) -> Client:
    client = make.signed_in(stage.cast.lee)
    assert client.get("/").status_code == 200
    return client


def later(**much: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**much), tick=False)


def is_in(client: Client, **headers: str) -> bool:
    answer = client.get("/", headers=headers)
    assert answer.status_code == 200 or answer["location"].startswith("/sign-in/")
    return answer.status_code == 200


def test_a_session_ends_after_a_while_without_its_person(browser: Client) -> None:
    with later(minutes=119):
        assert is_in(browser)
    with later(minutes=119 + 121):
        assert not is_in(browser)
    assert not browser.session.keys()


def test_a_page_that_asks_again_by_itself_keeps_nobody_signed_in(browser: Client) -> None:
    with later(minutes=100):
        assert is_in(browser, **BY_ITSELF)
    with later(minutes=121):
        assert not is_in(browser, **BY_ITSELF)


def test_what_somebody_does_by_hand_does(browser: Client) -> None:
    for hours in (1.5, 3, 4.5):
        with later(hours=hours):
            assert is_in(browser, **BY_HAND)


def test_a_session_ends_after_so_many_hours_however_busy(browser: Client) -> None:
    for hour in range(1, 12):
        with later(hours=hour):
            assert is_in(browser)
    with later(hours=12, seconds=1):
        assert not is_in(browser)


def test_how_long_is_a_setting(browser: Client, settings: Any) -> None:
    settings.SESSION_IDLE = timedelta(minutes=5)
    with later(minutes=6):
        assert session_expiry.over(browser.session)
        assert not is_in(browser)


def test_a_request_to_do_something_comes_too_late_as_well(
    browser: Client, stage: make.Stage
) -> None:
    rollback = make.requested(stage)
    with later(minutes=121):
        answer = browser.post(f"/rollbacks/{rollback.pk}/approvals/")
    assert answer["location"].startswith("/sign-in/")
    assert not rollback.approvals.exists()
