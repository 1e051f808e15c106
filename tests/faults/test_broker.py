"""Row 13: Redis dies, forgets, refuses to write or says nothing. The database goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from rollback_console.rollbacks.models import Rollback
from tests import make, tally
from tests.make import Stage
from tests.remote.sshd import Sshd
from tests.servers import Redis
from tests.toolbox.waiting import until

from . import promise
from .ground import LONG, Ground
from .promise import becomes, fresh, kept, succeeds
from .stage import Console, session, sqlite, working_on
from .web import Web

pytestmark = pytest.mark.faults


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def whole(tmp_path: Path, own_redis: Redis, django_db_blocker: Any) -> Iterator[Console]:
    """Every process of a console, and a broker that may be broken."""
    url = sqlite(tmp_path)
    console = Console(tmp_path, url, own_redis.url)
    with django_db_blocker.unblock(), working_on(url):
        try:
            yield console
        finally:
            console.close()


def ask(redis: Redis, *words: str) -> None:
    with redis_client.Redis(port=redis.port) as client:
        client.execute_command(*words)


FAULTS: dict[str, tuple[Callable[[Redis], object], Callable[[Redis], object]]] = {
    "killed": (Redis.kill, Redis.start),
    "flushed": (lambda redis: ask(redis, "FLUSHALL"), lambda redis: None),
    "read-only": (
        lambda redis: ask(redis, "REPLICAOF", "127.0.0.1", "1"),
        lambda redis: ask(redis, "REPLICAOF", "NO", "ONE"),
    ),
    "stopped": (Redis.freeze, Redis.thaw),
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(name, marks=pytest.mark.representative if name == "stopped" else [])
        for name in FAULTS
    ],
)
def test_a_broken_broker_stops_no_rollback_and_no_page(
    whole: Console, own_redis: Redis, sshd: Sshd, ground: Ground, fault: str
) -> None:
    harm, heal = FAULTS[fault]
    web = everything(whole)
    place = whole.place(sshd.address())
    under_way = make.approved(place, ground.plan("echo one", ground.held(2), "echo three"))
    becomes(under_way, 2, "running")
    other = make.requested(whole.place(sshd.address()), Ground(ground.folder / "b").plan(LONG))
    harm(own_redis)
    tally.struck({"killed": "kills", "stopped": "freezes"}.get(fault, "cuts"))
    answered_by_page(web, other, place)
    other = fresh(other)
    assert other.state != "requested"
    moved = other.runs.filter(state__in=["running", "succeeded"])
    until(moved.exists, "the sweep begins it", seconds=20, details=lambda: promise.story(other))
    page = web.get(f"/rollbacks/{other.pk}/", session(place.cast.dana))
    assert page.status == 200, web.process.said()
    ground.go(2)
    becomes(under_way, 3, "succeeded")
    heal(own_redis)
    succeeds(under_way, place)
    kept(under_way, ground)
    kept(other, Ground(ground.folder / "b"))


def everything(console: Console) -> Web:
    started = [console.worker(awaited=False), console.sweeper(awaited=False)]
    web = console.web()
    for process in started:
        console.heard(process)
    return web


def answered_by_page(web: Web, rollback: Rollback, place: Stage) -> None:
    """lee approves by the page; the answer is no error, broker or not."""
    answer = web.form(
        f"/rollbacks/{rollback.pk}/approvals/",
        session(place.cast.lee),
        snapshot_sha256=rollback.snapshot_sha256,
        note="",
    )
    assert answer.status in {200, 302, 303}, answer
