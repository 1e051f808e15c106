"""How often a person and a program may ask."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from rollback_console.access import limits
from tests import make

from .conftest import SignIn, words

NOON = datetime(2026, 11, 26, 12, 0, 10, tzinfo=UTC)


def test_what_costs_may_be_posted_so_often_and_again_in_the_next_minute(
    signed_in: SignIn, stage: make.Stage, settings: Any
) -> None:
    settings.COSTLY_PER_MINUTE = 2
    client, other = signed_in(stage.cast.dana), signed_in(stage.cast.lee)
    with time_machine.travel(NOON, tick=False):
        assert [client.post("/plans/import/", {"text": ""}).status_code for _ in range(2)] == [
            422,
            422,
        ]
        refused = client.post("/plans/import/", {"text": ""})
        assert (refused.status_code, refused["Retry-After"]) == (429, "50")
        assert "Nothing was changed. Go back and try again in 50 seconds." in words(refused)
        assert client.get("/plans/import/").status_code == 200
        assert other.post("/plans/import/", {"text": ""}).status_code == 422
    with time_machine.travel(NOON.replace(minute=1), tick=False):
        assert client.post("/plans/import/", {"text": ""}).status_code == 422


def test_a_token_may_ask_so_often_and_is_told_when_to_go_on(
    stage: make.Stage, settings: Any
) -> None:
    settings.API_PER_MINUTE = 3
    headers = []
    for name in ("one", "two"):
        _, secret = make.token(stage.cast.dana, name=name, scopes=["read"], days=1)
        headers.append({"Authorization": f"Bearer {secret}"})
    with time_machine.travel(datetime.now(UTC).replace(second=10), tick=False):
        answers = [Client().get("/api/v1/plans", headers=headers[0]) for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert answers[3]["Retry-After"] == "50"
        assert answers[3].json()["type"].endswith("/problems/too-many")
        assert Client().get("/api/v1/plans", headers=headers[1]).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("cache", ["default", "process"])
def test_a_window_counts_each_thing_apart(cache: str) -> None:
    with time_machine.travel(NOON, tick=False):
        waits = [limits.spend(f"a-{cache}", most=2, seconds=60, cache=cache) for _ in range(3)]
        assert waits == [0, 0, 50]
        assert limits.spend(f"b-{cache}", most=2, seconds=60, cache=cache) == 0
