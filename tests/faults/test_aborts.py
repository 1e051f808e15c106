"""Row 24: an abort meets a command that will not end, cannot be ended, or never began."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rollback_console.rollbacks.actions import steering
from tests import make
from tests.make import Stage
from tests.remote import guest
from tests.toolbox.waiting import until

from . import promise
from .ground import Ground
from .promise import becomes, comes_to, kept, run_of
from .stage import Console, approved_quietly

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("healers")]


def test_an_abort_of_a_command_that_ignores_term_kills_it_and_proves_it(
    place: Stage, ground: Ground
) -> None:
    stubborn = "trap '' TERM; echo here; while :; do sleep 0.2; done"
    rollback = make.approved(place, ground.plan(stubborn, "echo two"))
    until(lambda: ground.said(1), "it speaks", details=lambda: promise.story(rollback))
    becomes(rollback, 1, "running")
    steering.request_abort(rollback, by=place.cast.dana, reason="Wrong version")
    comes_to(rollback, "aborted")
    assert run_of(rollback, 1).state == "aborted"
    assert rollback.events.filter(kind="abort.proven").count() == 1
    assert not ground.ends()
    kept(rollback, ground)


@pytest.mark.skipif(not guest.possible(), reason="needs root, sudo and unshare")
def test_a_child_that_nobody_may_end_is_named_and_asked_about(
    console: Console, in_the_open: Path
) -> None:
    ground = Ground(in_the_open / "ground")
    stubborn = in_the_open / "stubborn"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\necho up\nwhile :; do sleep 0.2; done\n")
    stubborn.chmod(0o755)
    host = guest.GuestHost(in_the_open / "guest", str(stubborn)).start()
    try:
        place = console.place(host.address())
        ground.folder.chmod(0o777)
        rollback = make.approved(place, ground.plan(f"sudo -n {stubborn}", "echo two"))
        until(lambda: ground.said(1), "it is up", details=lambda: promise.story(rollback))
        becomes(rollback, 1, "running")
        steering.request_abort(rollback, by=place.cast.dana, reason="Wrong version")
        run = becomes(rollback, 1, "abort_unconfirmed")
        assert any("stubborn" in name for name in run.survivors)
        row = promise.fresh(rollback)
        until(lambda: promise.fresh(row).question, "a person is asked")
        assert promise.fresh(row).question["kind"] == "abort_unconfirmed"
        for name in run.survivors:
            os.kill(int(name.rpartition("(")[2].rstrip(")")), signal.SIGKILL)
        steering.answer(row, position=1, by=place.cast.dana, answer="continue", note="Ended it")
        comes_to(row, "aborted")
        kept(row, ground)
    finally:
        host.stop()
        ground.clear()


@pytest.mark.representative
def test_an_abort_before_the_start_is_a_veto(
    console: Console, place: Stage, ground: Ground
) -> None:
    """Committed, never launched, its worker dead: what the abort finds must not begin."""
    doomed = console.doomed("attempt.committed:1")
    rollback = approved_quietly(place, ground.plan("echo one", "echo two"))
    console.send(rollback.pk, doomed.queue)
    assert doomed.died(), doomed.said()
    steering.request_abort(rollback, by=place.cast.dana, reason="Not now")
    comes_to(rollback, "aborted")
    run = run_of(rollback, 1)
    assert run.state == "aborted"
    assert "never started" in run.why
    assert not ground.starts()
    kept(rollback, ground)
