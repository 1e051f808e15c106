"""Rows that somebody changed in the database: pages say so, and none of them fails."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.actions.redactions import redact_text
from rollback_console.rollbacks.events import flaws
from rollback_console.rollbacks.models import Event, LogChunk, Rollback, StepRun
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.rollbacks.driving import answer_checks, drive

from .conftest import words

pytestmark = pytest.mark.django_db(transaction=True)

CHANGED = "was changed in the database"
GARBAGE: dict[str, dict[str, Any]] = {
    "bytes that are none of ours": {"data": b"garbage"},
    "no bytes": {"data": b""},
    "more bytes than it says": {"length": 3},
    "fewer bytes than it says": {"length": 60_000},
    "starts of lines that are none": {"line_starts": b"\xff\xff\xff"},
    "starts of lines far outside": {"line_starts": b"\xff" * 40},
}


@pytest.fixture
def ended(stage: Stage) -> Rollback:
    fleet = Fleet()
    lines = b"".join(b"line %d of the log\n" % number for number in range(40))
    fleet.scripts["stopping"] = (lines, 0)
    rollback = drive(make.approved(stage), fleet)
    answer_checks(rollback, stage)
    return drive(rollback, fleet)


@pytest.fixture
def client(stage: Stage) -> Client:
    return make.signed_in(stage.cast.ada)


def change_text(rollback: Rollback) -> None:
    text = rollback.snapshot.replace("echo stopping", "echo harming")
    Rollback.objects.filter(pk=rollback.pk).update(snapshot=text)


def change_text_and_hash(rollback: Rollback) -> None:
    change_text(rollback)
    rollback.refresh_from_db()
    sha256 = hashlib.sha256(rollback.snapshot.encode()).hexdigest()
    Rollback.objects.filter(pk=rollback.pk).update(snapshot_sha256=sha256)


@pytest.mark.parametrize("change", [change_text, change_text_and_hash])
def test_a_page_that_shows_a_changed_snapshot_says_so(
    stage: Stage, ended: Rollback, client: Client, change: Any
) -> None:
    pending = make.requested(stage)
    paths = [
        f"/rollbacks/{pending.pk}/",
        f"/rollbacks/{ended.pk}/",
        f"/rollbacks/{ended.pk}/postmortem/",
    ]
    for path in paths:
        assert CHANGED not in words(client.get(path)), path
    change(pending)
    change(ended)
    for path in paths:
        assert CHANGED in words(client.get(path)), path


@pytest.mark.parametrize("text", ["", "{}", "not JSON", "[1]", "null"])
def test_a_snapshot_that_cannot_be_read_is_a_sentence(
    ended: Rollback, client: Client, text: str
) -> None:
    Rollback.objects.filter(pk=ended.pk).update(snapshot=text)
    for path in (f"/rollbacks/{ended.pk}/", f"/rollbacks/{ended.pk}/postmortem/"):
        answer = client.get(path)
        assert answer.status_code == 409
        assert "cannot be read any more" in words(answer)


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_a_row_of_a_log_that_cannot_be_read_ends_no_page(
    stage: Stage, ended: Rollback, client: Client, garbage: dict[str, Any]
) -> None:
    run = StepRun.objects.get(position=1)
    LogChunk.objects.filter(run=run).update(**garbage)
    _, token = make.token(stage.cast.ada, name="reading", scopes=["read"])
    paths = [
        f"/rollbacks/{ended.pk}/?run={run.token}",
        f"/rollbacks/{ended.pk}/pulse/?seq=0&offsets=" + json.dumps({str(run.token): 0}),
        f"/rollbacks/{ended.pk}/steps/1/lines/",
        f"/rollbacks/{ended.pk}/steps/1/lines/?before=1767225600000000-1-1",
        f"/step-runs/{run.token}/lines/?last=20",
        f"/step-runs/{run.token}/lines/?from=3&to=9",
        f"/step-runs/{run.token}/folds/",
        f"/step-runs/{run.token}/matches/?q=of+the&texts=1",
        f"/api/v1/step-runs/{run.token}/log",
    ]
    for path in paths:
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, path
        if answer.streaming:
            assert b"".join(answer) is not None
    with pytest.raises(Exception, match="stands nowhere"):
        redact_text(ended, by=stage.cast.ada, text="nothing-of-it", reason="A look")


def test_what_cannot_be_read_says_so_and_is_what_verify_audit_names(
    ended: Rollback, client: Client
) -> None:
    run = StepRun.objects.get(position=1)
    LogChunk.objects.filter(run=run).update(data=b"garbage")
    assert "[unreadable]" in words(client.get(f"/rollbacks/{ended.pk}/?run={run.token}"))
    assert len(log_store.read_log(run)) == run.stored
    assert any("cannot be read" in flaw.what for flaw in flaws())


def test_a_text_is_masked_around_a_row_that_cannot_be_read(
    stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_store, "CHUNK", 64)
    fleet.scripts["stopping"] = (b"slipped-through\n" * 20, 0)
    rollback = drive(make.approved(stage), fleet)
    run = StepRun.objects.get(position=1)
    second = run.chunks.order_by("offset")[1]
    LogChunk.objects.filter(pk=second.pk).update(data=b"garbage")
    redact_text(rollback, by=stage.cast.ada, text="slipped-through", reason="It slipped through")
    second.refresh_from_db()
    assert bytes(second.data) == b"garbage"
    assert b"slipped" not in log_store.read_log(run)


@pytest.mark.parametrize(
    "facts",
    [
        "null",
        "[]",
        "7",
        '"text"',
        '{"position": "x", "host": 5, "hosts": 7, "to": 1, "logs": 3, "survivors": 1}',
        '{"position": [], "reason": {}, "archive": [], "token": null, "size": "9", "path": 3}',
    ],
)
def test_events_with_odd_facts_end_no_page(ended: Rollback, client: Client, facts: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rollbacks_event SET facts = %s WHERE rollback_id = %s", [facts, ended.pk]
        )
    for path in (
        f"/rollbacks/{ended.pk}/",
        f"/rollbacks/{ended.pk}/pulse/?seq=0",
        f"/audit/?rollback={ended.pk}",
    ):
        assert client.get(path).status_code == 200, path
    assert any(flaws())
    assert Event.objects.filter(rollback=ended).exists()
