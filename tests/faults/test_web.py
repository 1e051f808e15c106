"""Rows 1 and 28: the web process dies at an approval; people and programs ask twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from django.contrib.auth.models import User

from rollback_console.access import tokens
from tests import make
from tests.make import Stage

from .ground import Ground
from .moments import WEB
from .promise import becomes, comes_to, fresh, kept, succeeds
from .stage import Console, crash, session

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("healers")]

_names = count(1)


def token(user: User) -> str:
    _, secret = make.token(user, name=f"t{next(_names)}", scopes=tuple(tokens.SCOPES), days=1)
    return secret


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(name, marks=pytest.mark.representative if name == "enqueue.before" else [])
        for name in WEB
    ],
)
def test_a_web_process_killed_at_an_approval_leaves_the_start_to_the_sweep(
    console: Console, place: Stage, ground: Ground, moment: str
) -> None:
    web = console.web(**crash(f"{moment}:{WEB[moment][0]}"))
    rollback = make.requested(place, ground.plan("echo one"))
    path = f"/rollbacks/{rollback.pk}/approvals"
    answer = web.post(path, token(place.cast.lee), snapshot_sha256=rollback.snapshot_sha256)
    assert answer.status == 0
    assert web.process.died(), web.process.said()
    assert rollback.approvals.count() == 1
    becomes(rollback, 1, "launching", "running", "succeeded")
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1}


@pytest.mark.representative
def test_a_double_click_a_replay_and_two_tabs_have_one_effect(
    console: Console, place: Stage, ground: Ground
) -> None:
    web = console.web()
    rollback = make.requested(place, ground.plan(ground.held(1), "echo two"))
    lee, dana = session(place.cast.lee), session(place.cast.dana)
    sha = rollback.snapshot_sha256
    path = f"/rollbacks/{rollback.pk}"
    with ThreadPoolExecutor(4) as tabs:
        clicks = [
            tabs.submit(web.form, f"{path}/approvals/", lee, snapshot_sha256=sha) for _ in range(4)
        ]
        assert all(click.result().status < 500 for click in clicks)
        assert rollback.approvals.count() == 1
        assert rollback.events.filter(kind="rollback.approved").count() == 1
        becomes(rollback, 1, "running")
        secret = token(place.cast.dana)
        replays = [
            tabs.submit(web.post, f"{path}/abort-requests", secret, "one-key", reason="Wrong")
            for _ in range(4)
        ]
        # 409: its twin is being carried out at this moment.
        assert {replay.result().status for replay in replays} <= {201, 409}
        replay = web.post(f"{path}/abort-requests", secret, "one-key", reason="Wrong")
        assert replay.status == 201
    assert web.form(f"{path}/abort-requests/", dana, reason="Wrong").status < 500
    comes_to(rollback, "aborted")
    assert rollback.events.filter(kind="abort.requested").count() == 1
    assert ground.starts() == {1: 1}
    kept(fresh(rollback), ground)
