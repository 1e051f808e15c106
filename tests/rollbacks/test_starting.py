"""Between the approval and the first step the hosts are asked once more; on a real sshd."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from rollback_console.plans.models import Asking, ProbeResult
from rollback_console.plans.readiness import queue
from rollback_console.remote import ssh
from rollback_console.remote.protocol import HostAddress, Remote
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import approvals, break_glass, requests
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.models import Event, Rollback
from tests import make
from tests.make import PLAN, Stage

from .test_break_glass import REASON, grant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here(here: Stage, settings: Any) -> Stage:
    settings.READINESS_EVERY = timedelta(minutes=10)
    here.environment.readiness_rule = "block"
    here.environment.save()
    return here


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """What the plan's second step runs."""
    path = tmp_path / "restore.sh"
    install(path)
    return path


def install(tool: Path) -> None:
    tool.write_text("#!/bin/sh\necho restored\n")
    tool.chmod(0o755)


def approved(here: Stage, tool: Path) -> Rollback:
    """Approved when all was well; that was a while ago."""
    rollback = make.requested(here, PLAN.replace("echo restoring", str(tool)))
    make.hosts_answer()
    approvals.approve(rollback, by=here.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    ProbeResult.objects.update(at=db_clock.later(-timedelta(minutes=2)))
    return rollback


def drive(rollback: Rollback) -> Rollback:
    while driver.advance(rollback.pk):
        pass
    rollback.refresh_from_db()
    return rollback


def kinds(rollback: Rollback) -> list[str]:
    return list(
        Event.objects.filter(rollback=rollback).order_by("seq").values_list("kind", flat=True)
    )


def asked_at_start() -> int:
    return Asking.objects.filter(why="start").count()


def test_what_turned_red_since_the_approval_stops_the_start(here: Stage, tool: Path) -> None:
    rollback = approved(here, tool)
    tool.unlink()
    rollback = drive(rollback)
    assert (rollback.state, rollback.runs.count()) == ("approved", 0)
    refused = rollback.events.get(kind="start.refused").facts["why"]
    assert "Blocked by the rule of" in refused
    assert f"{tool} is not installed" in refused
    assert kinds(rollback)[-2:] == ["readiness.lost", "start.refused"]


def test_once_it_is_put_right_a_person_starts_it_and_it_is_asked_anew(
    here: Stage, tool: Path
) -> None:
    rollback = approved(here, tool)
    tool.unlink()
    drive(rollback)
    install(tool)
    requests.start(rollback, by=here.cast.dana)
    rollback = drive(rollback)
    assert rollback.state == "verifying"
    assert asked_at_start() == 2
    assert "readiness.regained" in kinds(rollback)


def test_or_it_is_withdrawn_and_nothing_ever_ran(here: Stage, tool: Path) -> None:
    rollback = approved(here, tool)
    tool.unlink()
    drive(rollback)
    requests.withdraw(rollback, by=here.cast.dana)
    assert drive(rollback).state == "withdrawn"
    assert rollback.runs.count() == 0


def test_where_the_rule_only_warns_it_starts_and_the_record_says_what_was_red(
    here: Stage, tool: Path
) -> None:
    here.environment.readiness_rule = "warn"
    here.environment.save()
    rollback = approved(here, tool)
    tool.unlink()
    rollback = drive(rollback)
    assert rollback.question["kind"] == "failed"
    recorded = kinds(rollback)
    assert recorded.index("readiness.lost") < recorded.index("rollback.started")


def test_what_was_heard_a_moment_ago_is_not_asked_again(here: Stage, tool: Path) -> None:
    rollback = approved(here, tool)
    ProbeResult.objects.update(at=Now())
    assert drive(rollback).state == "verifying"
    assert asked_at_start() == 0


def test_while_somebody_else_asks_nothing_begins_and_no_lease_is_held(
    here: Stage, tool: Path, settings: Any
) -> None:
    settings.SWEEP_EVERY = timedelta(0)
    rollback = approved(here, tool)
    other = under_way(rollback, timedelta(seconds=1))
    assert not driver.advance(rollback.pk)
    rollback.refresh_from_db()
    assert (rollback.state, rollback.lease_until, rollback.start_asked) == ("approved", None, True)
    assert rollback.due_at is not None
    other.delete()
    assert drive(rollback).state == "verifying"


def test_who_else_asks_is_waited_for_and_not_repeated(here: Stage, tool: Path) -> None:
    rollback = approved(here, tool)
    wish = Asking.objects.create(
        revision=rollback.revision,
        choices=rollback.choices,
        snapshot_sha256=rollback.snapshot_sha256,
        why="person",
        at=Now(),
    )
    reached = threading.Event()

    def connect(address: HostAddress) -> Remote:
        reached.set()
        return ssh.connect(address)

    def other() -> None:
        try:
            queue.answer_asking(wish.pk, connect)
        finally:
            connection.close()

    asker = threading.Thread(target=other)
    asker.start()
    assert reached.wait(timeout=60)
    rollback = until_driven(rollback)
    asker.join(timeout=60)
    assert rollback.state == "verifying"
    assert asked_at_start() == 0


def until_driven(rollback: Rollback) -> Rollback:
    """As sweeps do: again and again while it is due."""
    while drive(rollback).state == "approved":
        pass
    return rollback


def test_who_died_while_asking_holds_nothing_up(here: Stage, tool: Path) -> None:
    rollback = approved(here, tool)
    under_way(rollback, timedelta(minutes=2))
    assert drive(rollback).state == "verifying"
    assert asked_at_start() == 2


def test_who_breaks_glass_waits_for_no_answer(here: Stage, tool: Path) -> None:
    rollback = make.requested(here, PLAN.replace("echo restoring", str(tool)))
    grant(here.cast.dana)
    seen = rollback.snapshot_sha256
    break_glass.break_glass(rollback, by=here.cast.dana, snapshot_sha256=seen, reason=REASON)
    assert drive(rollback).state == "verifying"
    assert asked_at_start() == 0


def under_way(rollback: Rollback, since: timedelta) -> Asking:
    """Somebody began to ask that long ago and has not ended."""
    return Asking.objects.create(
        revision=rollback.revision,
        choices=rollback.choices,
        snapshot_sha256=rollback.snapshot_sha256,
        why="start",
        at=db_clock.later(-since),
        taken_at=db_clock.later(-since),
    )
