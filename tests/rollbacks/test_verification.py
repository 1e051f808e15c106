"""Checks that answer themselves, looked at on a real sshd and a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.test import override_settings

from rollback_console.engine.states import RollbackState
from rollback_console.plans.models import Environment
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution import apply, lease
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Event, Look, Rollback
from rollback_console.rollbacks.sweeper import automated_checks
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

from .driving import drive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page() -> Iterator[tuple[str, dict[str, int]]]:
    """An address that answers with the status that the dictionary holds."""
    says = {"status": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(says["status"])
            self.end_headers()
            self.wfile.write(b"release 1.4.0")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", says
    server.shutdown()
    server.server_close()


def verifying(here: Stage, *checks: str, settle: str = "0s") -> Rollback:
    """A rollback whose steps are done, and whose head has those checks."""
    head = "---\nchecks:\n" + "".join(f"  - {{{each}}}\n" for each in checks)
    rollback = make.approved(here, f"{head}settle: {settle}\n---\n{PLAN}")
    Rollback.objects.filter(pk=rollback.pk).update(started_at=Now())
    rollback.refresh_from_db()
    with transaction.atomic():
        lease.move(rollback, RollbackState.RUNNING)
        apply.verify(rollback)
    return rollback


def look(rollback: Rollback) -> list[Look]:
    for row in Look.objects.filter(rollback=rollback, due_at__isnull=False):
        Look.objects.filter(pk=row.pk).update(due_at=Now())
        assert automated_checks.run_check(row.pk)
    return list(Look.objects.filter(rollback=rollback).order_by("id"))


def answers(rollback: Rollback) -> dict[str, tuple[str, str]]:
    return {each.key: (each.answer, each.note) for each in rollback.check_answers.all()}


def test_a_page_that_answers_ticks_its_item_with_the_evidence(
    here: Stage, page: tuple[str, dict[str, int]]
) -> None:
    url, _ = page
    rollback = verifying(
        here, f"check: Application starts, http: '{url}', status: 200, holds: 'release 1.4.0'"
    )
    look(rollback)
    ((key, (answer, note)),) = answers(rollback).items()
    assert key.startswith("check-1-application-starts")
    assert (answer, note) == ("pass", f"app-1: {url} answers 200.")
    (event,) = Event.objects.filter(rollback=rollback, kind="check.answered")
    assert event.by is None


def test_a_page_that_fails_is_left_to_a_person_with_what_was_seen(
    here: Stage, page: tuple[str, dict[str, int]]
) -> None:
    url, says = page
    says["status"] = 500
    rollback = verifying(here, f"check: Application starts, http: '{url}'")
    (row,) = look(rollback)
    assert (row.well, answers(rollback)) == (False, {})
    assert "answers 500" in row.evidence
    steering.answer_check(
        rollback, key=row.key, by=here.cast.dana, answer="fail", note="It is down"
    )
    says["status"] = 200
    (row,) = look(rollback)
    assert row.due_at is None
    assert answers(rollback)[row.key] == ("fail", "It is down")


def test_a_check_has_to_hold_for_the_whole_settling_time(
    here: Stage, page: tuple[str, dict[str, int]]
) -> None:
    url, says = page
    rollback = verifying(here, f"check: Application starts, http: '{url}'", settle="2m")
    look(rollback)
    assert answers(rollback) == {}
    says["status"] = 503
    look(rollback)
    says["status"] = 200
    (row,) = look(rollback)
    assert answers(rollback) == {}
    assert row.good_since is not None
    Look.objects.update(good_since=row.good_since - timedelta(minutes=2))
    look(rollback)
    assert [answer for answer, _ in answers(rollback).values()] == ["pass"]
    seen = Event.objects.filter(rollback=rollback, kind="check.observed").order_by("seq")
    assert [each.facts["well"] for each in seen] == [True, False, True]


def written(log: Path, pattern: str, *, seconds: int) -> None:
    """The log gets a line with this time, counted from now."""
    moment = time.localtime(time.time() + seconds)
    with log.open("a") as file:
        file.write(time.strftime(pattern, moment))


def test_a_log_is_read_from_the_start_on(here: Stage, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    check = f"check: No errors, log: {log}, without: 'ERROR|Traceback'"
    rollback = verifying(here, check)
    written(log, "%Y-%m-%d %H:%M:%S ERROR long ago\n", seconds=-3600)
    written(log, "%Y-%m-%d %H:%M:%S INFO started\n", seconds=1)
    look(rollback)
    assert [answer for answer, _ in answers(rollback).values()] == ["pass"]


def test_an_error_since_the_start_is_quoted(here: Stage, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    rollback = verifying(here, f"check: No errors, log: {log}, without: 'ERROR|Traceback'")
    written(log, "%Y-%m-%dT%H:%M:%S request failed\n", seconds=1)
    with log.open("a") as file:
        file.write("Traceback (most recent call last):\n")
    (observed,) = look(rollback)
    assert "Traceback (most recent call last):" in observed.evidence
    assert answers(rollback) == {}


@pytest.mark.parametrize("log", ["/nonexistent/app.log", "no-such-unit-anywhere.service", "/etc"])
def test_a_log_that_cannot_be_read_waits_for_a_person(here: Stage, log: str) -> None:
    rollback = verifying(here, f"check: No errors, log: '{log}', without: ERROR")
    (observed,) = look(rollback)
    assert not observed.well
    assert answers(rollback) == {}


@pytest.mark.parametrize(
    ("command", "well"),
    [("echo 12", True), ("echo 0", False), ("echo 99", False), ("exit 3", False)],
)
def test_a_number_of_connections_lies_within_its_bounds(
    here: Stage, command: str, well: bool
) -> None:
    check = f"check: Connections, command: '{command}', at_least: 1, at_most: 50"
    (row,) = look(verifying(here, check))
    assert row.well is well


def test_two_sweepers_look_once(here: Stage) -> None:
    verifying(here, "check: Connections, command: 'echo 12'")
    number = Look.objects.get().pk
    assert automated_checks.run_check(number)
    assert not automated_checks.run_check(number)


def test_the_rest_of_the_list_is_still_for_people(here: Stage) -> None:
    rollback = verifying(here, "check: Connections, command: 'echo 12'")
    look(rollback)
    assert len(answers(rollback)) == 1
    rollback.refresh_from_db()
    assert rollback.state == "verifying"


def test_checks_of_another_zone_are_left_to_its_own_sweeper(
    here: Stage, page: tuple[str, dict[str, int]]
) -> None:
    url, _ = page
    verifying(here, f"check: Application starts, http: '{url}'")
    Environment.objects.filter(pk=here.environment.pk).update(zone="dmz")
    looked = Asked()
    automated_checks.sweep(looked)
    assert looked.numbers == []
    with override_settings(ZONES=["dmz"]):
        automated_checks.sweep(looked)
    assert looked.numbers == [Look.objects.get().pk]


class Asked(Executor):
    """Keeps what was handed to it."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.numbers += args
        return Future()


def test_a_check_is_answered_only_once_the_last_step_has_ended(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    key = snapshot_of(rollback.snapshot).checks[0].key
    with pytest.raises(Refused, match="once the last step has ended"):
        steering.answer_check(rollback, key=key, by=stage.cast.dana, answer="pass")
    assert not rollback.check_answers.exists()
