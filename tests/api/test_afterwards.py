"""Trends, archives and past incidents as a program sees them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import AsyncClient

from rollback_console.postmortems.archive.verify import verify
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage
from tests.postmortems.test_incident import PAST

from .caller import Caller

pytestmark = pytest.mark.django_db


def withdrawn(stage: Stage) -> Rollback:
    return requests.withdraw(make.requested(stage), by=stage.cast.dana, reason="Fixed")


def test_a_past_incident_is_loaded_once_and_counted(call: Caller) -> None:
    made = call.post("/incidents", PAST)
    assert made.status_code == 201, made.content
    number = made.json()["rollback"]
    assert made.json()["events"] == len(PAST["events"]) + 1
    again = call.post("/incidents", PAST)
    assert again.status_code == 409
    assert f"it is rollback {number}" in again.json()["detail"]
    trends = call.get("/trends", days=0).json()
    assert [each["number"] for each in trends["rollbacks"]] == [number]
    assert trends["phases"][-1] == {
        "name": "recover",
        "label": "Failed deployment recovery",
        "count": 1,
        "median": 3360.0,
        "p90": 3360.0,
        "guessed": 0,
    }
    assert len(call.get("/trends.csv", days=0).content.splitlines()) == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"state": "running"}, 422), ({"more": 1}, 422), ({"plan": "nothing"}, 409)],
)
def test_a_mistake_in_an_incident_is_a_problem(
    call: Caller, changes: dict[str, Any], status: int
) -> None:
    answer = call.post("/incidents", {**PAST, **changes})
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_a_viewer_loads_nothing(call: Caller) -> None:
    assert call.post("/incidents", PAST, who="vic").status_code == 409
    assert not Rollback.objects.exists()


def test_a_period_below_zero_is_a_problem(call: Caller) -> None:
    assert call.get("/trends", days=-1).status_code == 422


def test_an_archive_holds_what_is_kept(call: Caller, stage: Stage) -> None:
    rollback = withdrawn(stage)
    answer = call.get(f"/rollbacks/{rollback.pk}/archive")
    assert answer["Content-Type"] == "application/gzip"
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert verify(io.BytesIO(data)).wrong == []


def test_one_under_way_has_none_yet(call: Caller, stage: Stage) -> None:
    answer = call.get(f"/rollbacks/{make.requested(stage).pk}/archive")
    assert answer.status_code == 409
    assert "once the rollback has ended" in answer.json()["detail"]


@pytest.mark.django_db(transaction=True)
async def test_an_archive_is_streamed_under_asgi(call: Caller, stage: Stage) -> None:
    from asgiref.sync import sync_to_async

    rollback = await sync_to_async(withdrawn)(stage)
    headers = await sync_to_async(call.headers)("vic")
    answer = await AsyncClient().get(f"/api/v1/rollbacks/{rollback.pk}/archive", headers=headers)
    assert answer.is_async  # type: ignore[attr-defined]
    data = b"".join([piece async for piece in answer.streaming_content])  # type: ignore[attr-defined]
    assert verify(io.BytesIO(data)).wrong == []
