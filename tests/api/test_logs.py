"""A log is answered byte for byte, from any byte, without being held in memory."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import cast

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from rollback_console.api.routes import logs as routes
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import LogChunk, StepRun
from tests import make
from tests.make import Stage

from .caller import PREFIX, Caller, problem

WHOLE = b"caf\xc3\xa9 \xff\x00\x1b[31m<script>\r\n" * 20_000


@pytest.fixture
def run(stage: Stage) -> StepRun:
    """A step run whose log is longer than the pieces it is answered in."""
    made = StepRun.objects.create(
        rollback=make.requested(stage), position=1, host="app-1", stored=len(WHOLE)
    )
    rows = log_store.append(made.pk, log_store.Tail(), WHOLE, timezone.now())
    LogChunk.objects.bulk_create(rows)
    assert len(WHOLE) > routes.PIECE
    return made


def body(response: object) -> bytes:
    return b"".join(cast(Iterator[bytes], response.streaming_content))  # type: ignore[attr-defined]


def test_a_log_is_answered_byte_for_byte(call: Caller, run: StepRun) -> None:
    response = call.get(f"/step-runs/{run.token}/log")
    assert response.streaming
    assert body(response) == WHOLE
    assert response.headers["Content-Length"] == str(len(WHOLE))
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "start", [1, log_store.CHUNK - 1, log_store.CHUNK, log_store.CHUNK + 1, len(WHOLE) - 1]
)
def test_a_log_goes_on_from_any_byte(call: Caller, run: StepRun, start: int) -> None:
    response = call.get(f"/step-runs/{run.token}/log", **{"from": str(start)})
    assert body(response) == WHOLE[start:]


@pytest.mark.parametrize("start", [len(WHOLE), len(WHOLE) + 1, 2**63 - 1])
def test_past_the_end_there_is_nothing_yet(call: Caller, run: StepRun, start: int) -> None:
    response = call.get(f"/step-runs/{run.token}/log", **{"from": str(start)})
    assert response.status_code == 200
    assert body(response) == b""
    assert response.headers["Content-Length"] == "0"


@pytest.mark.parametrize("start", ["-1", "x", "1.5", "", str(2**63)])
def test_an_offset_that_is_no_number_of_bytes_is_refused(
    call: Caller, run: StepRun, start: str
) -> None:
    problem(call.get(f"/step-runs/{run.token}/log", **{"from": str(start)}), 422, "invalid")


def test_bytes_stored_past_the_checkpoint_are_not_shown(call: Caller, run: StepRun) -> None:
    StepRun.objects.update(stored=100)
    assert body(call.get(f"/step-runs/{run.token}/log")) == WHOLE[:100]


def test_an_unknown_token_names_no_log(call: Caller) -> None:
    problem(call.get(f"/step-runs/{uuid.uuid4()}/log"), 404, "not-found")
    problem(call.get("/step-runs/not-a-token/log"), 404, "not-found")


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_it_comes_in_pieces(call: Caller, run: StepRun) -> None:
    headers = await sync_to_async(call.headers)("vic")
    response = await AsyncClient().get(
        f"{PREFIX}/step-runs/{run.token}/log?from=5", headers=headers
    )
    assert response.is_async  # type: ignore[attr-defined]
    pieces = [piece async for piece in cast(AsyncIterator[bytes], response.streaming_content)]  # type: ignore[attr-defined]
    assert b"".join(pieces) == WHOLE[5:]
    assert len(pieces) > 1
    assert max(len(piece) for piece in pieces) <= routes.PIECE
