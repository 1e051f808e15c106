"""Hosts asked by workers, and what they say on the record of the rollbacks it is about."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.test.utils import override_settings

from rollback_console.plans import signals
from rollback_console.plans.models import Asking, Environment
from rollback_console.plans.readiness import queue as askings
from rollback_console.plans.readiness.check import STALE
from rollback_console.rollbacks import signals as signals_of_rollbacks
from rollback_console.rollbacks import tasks
from rollback_console.rollbacks.actions import approvals
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution import apply
from rollback_console.rollbacks.models import Event, Rollback
from rollback_console.rollbacks.queries import health
from rollback_console.rollbacks.sweeper import readiness_schedule
from tests import make
from tests.make import PLAN, Stage
from tests.remote.sshd import Sshd

pytestmark = pytest.mark.django_db(transaction=True)

OVERWRITING = PLAN.replace("echo restoring", "rm -rf /srv/uploads")
MEASURE = "---\nmeasures:\n  - {what: calls since deployment, run: cat %s}\n---\n"


@pytest.fixture
def here(here: Stage, settings: Any) -> Stage:
    settings.READINESS_EVERY = timedelta(minutes=10)
    return here


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    file = tmp_path / "count"
    file.write_text("1284\n")
    return file


def asked(here: Stage, counter: Path) -> Rollback:
    return make.requested(here, MEASURE % counter + OVERWRITING)


def answered(rollback: Rollback) -> None:
    askings.enqueue_asking(rollback.revision, rollback.choices, why="person")
    make.host_questions_approved(User.objects.get(username="lee"))
    for number in Asking.objects.filter(done_at=None).values_list("id", flat=True):
        assert askings.answer_asking(number)


def told(rollback: Rollback, kind: str) -> list[dict[str, Any]]:
    return [each.facts for each in Event.objects.filter(rollback=rollback, kind=kind)]


def test_a_request_asks_the_hosts_and_the_count_goes_on_record(here: Stage, counter: Path) -> None:
    rollback = asked(here, counter)
    (asking,) = Asking.objects.all()
    assert (asking.why, asking.snapshot_sha256) == ("request", rollback.snapshot_sha256)
    make.host_questions_approved(here.cast.lee)
    assert askings.answer_asking(asking.pk)
    assert told(rollback, "data.measured") == [
        {"what": "calls since deployment", "rows": 1284, "table": ""}
    ]


def test_the_same_count_is_recorded_once_and_another_one_again(here: Stage, counter: Path) -> None:
    rollback = asked(here, counter)
    answered(rollback)
    answered(rollback)
    counter.write_text("1290\n")
    answered(rollback)
    assert [each["rows"] for each in told(rollback, "data.measured")] == [1284, 1290]


def test_what_was_counted_is_counted_once_more_after_the_end(here: Stage, counter: Path) -> None:
    rollback = asked(here, counter)
    answered(rollback)
    Rollback.objects.filter(pk=rollback.pk).update(
        state="aborted", started_at=Now(), finished_at=Now()
    )
    rollback.refresh_from_db()
    counter.write_text("84\n")
    signals_of_rollbacks.finished.send(sender=Rollback, rollback=rollback)
    (asking,) = Asking.objects.filter(done_at=None)
    assert asking.why == "end"
    assert askings.answer_asking(asking.pk)
    assert told(rollback, "data.remaining") == [
        {"what": "calls since deployment", "rows": 84, "table": ""}
    ]
    counter.write_text("90\n")
    answered(rollback)
    assert [each["rows"] for each in told(rollback, "data.remaining")] == [84]
    assert [each["rows"] for each in told(rollback, "data.measured")] == [1284]


def test_what_cannot_be_counted_is_on_record_with_its_reason(here: Stage, tmp_path: Path) -> None:
    rollback = asked(here, tmp_path / "nowhere")
    answered(rollback)
    (facts,) = told(rollback, "data.unmeasured")
    assert "could not be counted" in facts["why"]


def test_one_asking_is_answered_once(here: Stage, counter: Path) -> None:
    asked(here, counter)
    (asking,) = Asking.objects.all()
    assert askings.answer_asking(asking.pk)
    assert not askings.answer_asking(asking.pk)


def test_a_rollback_that_became_impossible_raises_readiness_lost_once(
    here: Stage, counter: Path, sshd: Sshd
) -> None:
    rollback = asked(here, counter)
    answered(rollback)
    assert told(rollback, "readiness.lost") == []
    numbers: list[str] = []

    def hear(*, revision: Any, red: Any, **_: Any) -> None:
        numbers.append(f"{revision.plan}: {red[0].detail}")

    signals.lost.connect(hear)
    sshd.stop()
    answered(rollback)
    answered(rollback)
    (facts,) = told(rollback, "readiness.lost")
    assert "cannot be reached" in facts["why"]
    assert len(numbers) == 1
    sshd.start()
    answered(rollback)
    assert len(told(rollback, "readiness.regained")) == 1


def test_the_sweep_asks_what_no_worker_took_and_what_grew_old(here: Stage, counter: Path) -> None:
    rollback = asked(here, counter)
    Asking.objects.update(at=rollback.requested_at - timedelta(hours=2))
    swept = Swept()
    readiness_schedule.sweep(swept)  # type: ignore[arg-type]
    (asking,) = Asking.objects.all()
    assert swept.numbers == [asking.pk]
    Asking.objects.update(done_at=rollback.requested_at)
    readiness_schedule.sweep(swept)  # type: ignore[arg-type]
    assert [each.why for each in Asking.objects.order_by("id")] == ["request", "schedule"]


class Swept:
    """A pool that only remembers what it was given."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def submit(self, _: Any, number: int) -> Future[None]:
        self.numbers.append(number)
        return Future()


def test_a_new_plan_is_asked_about_without_anyone_asking(here: Stage) -> None:
    make.plan(here)
    readiness_schedule.schedule_plans()
    with ThreadPoolExecutor(max_workers=1) as pool:
        readiness_schedule.sweep(pool)
    (asking,) = Asking.objects.all()
    assert asking.why == "schedule"


def test_where_the_rule_blocks_nobody_approves_what_would_not_work(
    here: Stage, counter: Path, sshd: Sshd
) -> None:
    here.environment.readiness_rule = "block"
    here.environment.save()
    rollback = asked(here, counter)
    seen = rollback.snapshot_sha256
    with pytest.raises(Refused, match="the preflight checks have not run"):
        approvals.approve(rollback, by=here.cast.lee, snapshot_sha256=seen)
    sshd.stop()
    answered(rollback)
    with pytest.raises(Refused, match="the preflight checks fail"):
        approvals.approve(rollback, by=here.cast.lee, snapshot_sha256=seen)
    sshd.start()
    answered(rollback)
    approvals.approve(rollback, by=here.cast.lee, snapshot_sha256=seen)
    rollback.refresh_from_db()
    assert rollback.state == "approved"


def test_a_start_is_refused_where_what_the_hosts_said_is_too_old(
    here: Stage, counter: Path
) -> None:
    rollback = asked(here, counter)
    answered(rollback)
    approvals.approve(rollback, by=here.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    here.environment.readiness_rule = "block"
    here.environment.save()
    rows = rollback.revision.probe_results
    rows.update(at=rollback.requested_at - STALE * 2)
    row = Rollback.objects.get(pk=rollback.pk)
    with transaction.atomic():
        assert not apply.begin_rollback(row)
    assert "too old" in told(rollback, "start.refused")[0]["why"]


class TestZones:
    """Hosts of a zone are asked by those alone who reach them."""

    @pytest.fixture
    def far(self, here: Stage) -> Stage:
        Environment.objects.filter(pk=here.environment.pk).update(zone="dmz")
        return here

    def test_a_wish_is_handed_to_the_queue_of_its_zone(
        self, far: Stage, counter: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = noted(monkeypatch)
        asked(far, counter)
        (asking,) = Asking.objects.all()
        assert ("rollbacks.look", asking.pk, "rollbacks.dmz") in sent

    def test_a_worker_of_another_zone_leaves_it_alone_though_the_message_came_to_it(
        self, far: Stage, counter: Path, settings: Any
    ) -> None:
        asked(far, counter)
        (asking,) = Asking.objects.all()
        tasks.look(asking.pk)
        asking.refresh_from_db()
        assert (asking.taken_at, asking.done_at) == (None, None)
        settings.ZONES = ["dmz"]
        tasks.look(asking.pk)
        asking.refresh_from_db()
        assert asking.done_at

    def test_a_sweeper_asks_where_it_reaches_and_else_hands_it_to_those_who_do(
        self, far: Stage, counter: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rollback = asked(far, counter)
        Asking.objects.update(at=rollback.requested_at - timedelta(hours=2))
        (asking,) = Asking.objects.all()
        sent = noted(monkeypatch)
        swept = Swept()
        readiness_schedule.sweep(swept)  # type: ignore[arg-type]
        assert (swept.numbers, sent) == ([], []), "nobody is there who could"
        with override_settings(ZONES=["dmz"]):
            health.say_alive("worker")
        readiness_schedule.sweep(swept)  # type: ignore[arg-type]
        assert (swept.numbers, sent) == ([], [("rollbacks.look", asking.pk, "rollbacks.dmz")])
        settings.ZONES = ["dmz"]
        readiness_schedule.sweep(swept)  # type: ignore[arg-type]
        assert swept.numbers == [asking.pk]


def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """What is handed to the broker from now on: task, number, queue."""
    sent: list[tuple[str, int, str]] = []

    def send(task: Any, number: int, queue: str) -> None:
        sent.append((task.name, number, queue))

    monkeypatch.setattr(tasks, "_quiet_until", 0.0)
    monkeypatch.setattr(tasks, "_send", send)
    return sent
