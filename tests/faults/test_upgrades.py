"""An upgrade while rollbacks run: the schema is newer than some of the processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.remote.sshd import Sshd
from tests.servers import MariaDb, Redis
from tests.toolbox.waiting import until
from tests.upgrading import dangers

from .ground import LONG, Ground
from .promise import becomes, fresh, kept, story, succeeds
from .stage import Console, migrate, session, working_on

pytestmark = pytest.mark.faults

# What a next release may bring: columns that need not be given, a table, an index.
NEXT = [
    migrations.AddField("rollback", "ticket", models.CharField(max_length=40, null=True)),
    migrations.AddField("steprun", "weight", models.IntegerField(db_default=1)),
    migrations.AddField("event", "origin", models.CharField(max_length=9, db_default="")),
    migrations.CreateModel("Later", [("id", models.BigAutoField(primary_key=True))]),
    migrations.AddIndex("steprun", models.Index(fields=["ended_at"], name="run_by_end")),
]


@pytest.fixture
def console(tmp_path: Path, redis: Redis, django_db_blocker: Any) -> Iterator[Console]:
    """On a MariaDB of its own: there a change of a table waits for everybody who reads it."""
    with redis_client.Redis(port=redis.port, db=14) as broker:
        broker.flushdb()
    with MariaDb() as server, django_db_blocker.unblock(), working_on(server):
        migrate(tmp_path, server.url)
        made = Console(tmp_path, server.url, f"redis://127.0.0.1:{redis.port}/14")
        try:
            yield made
        finally:
            made.close()


def upgrade() -> None:
    """The migrations of the next release, while processes of this one work."""
    before = MigrationLoader(connection).project_state()
    assert [each for one in NEXT for each in dangers(one, before, "rollbacks")] == []
    later = migrations.Migration("9999_later", "rollbacks")
    later.operations = NEXT  # type: ignore[misc]
    with connection.schema_editor(atomic=later.atomic) as editor:
        later.apply(before, editor)
    connection.close()


def test_a_rollback_under_way_is_finished_by_workers_of_both_releases(
    console: Console, sshd: Sshd, ground: Ground
) -> None:
    old, web = console.worker(), console.web()
    place = console.place(sshd.address())
    rollback = make.approved(place, ground.plan(LONG, ground.held(2), ground.held(3), "echo four"))
    console.send(rollback.pk)
    speaks(rollback, 2)

    upgrade()
    ground.go(2)
    speaks(rollback, 3)
    assert f":{old.pid}:" in fresh(rollback).lease_owner, "the old worker works on"
    cookie = session(place.cast.lee)
    for page in ("/", f"/rollbacks/{rollback.pk}/", "/audit/", "/readyz"):
        answer = web.get(page, cookie)
        assert answer.status in {200, 503 if page == "/readyz" else 200}, (page, answer.body)

    console.worker()
    console.sweeper()
    assert old.end() == 0, old.said()
    assert not ground.ends()[3], "the command goes on while nobody drives"
    until(
        lambda: fresh(rollback).lease_owner, "the new one adopts", details=lambda: story(rollback)
    )
    ground.go(3)
    becomes(rollback, 4, "succeeded")
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1, 3: 1, 4: 1}


def speaks(rollback: Rollback, position: int) -> None:
    half = rollback.runs.filter(position=position, state="running", stored__gt=0)
    until(half.exists, f"step {position} speaks", details=lambda: story(rollback))
