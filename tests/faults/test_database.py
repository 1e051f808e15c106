"""Rows 15, 16 and 27: MariaDB dies, refuses or disagrees about the time."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest
import redis as redis_client
from django.core.management import call_command
from django.db import connection

from rollback_console.rollbacks.actions import approvals
from rollback_console.rollbacks.models import Rollback
from tests import make, tally
from tests.remote.sshd import Sshd
from tests.servers import MariaDb, Redis
from tests.toolbox.waiting import until

from . import promise
from .clocks import needs_faketime, off_by
from .ground import LONG, Ground
from .promise import becomes, fresh, kept, succeeds
from .stage import Console, approved_quietly, migrate, session, working_on

pytestmark = pytest.mark.faults


class DurableMariaDb(MariaDb):
    """What it has committed is still there after it was killed, as in production.

    It hands each commit to the kernel, which outlives it, and waits for no disk.
    """

    def command(self) -> list[str]:
        return [*super().command(), "--innodb-flush-log-at-trx-commit=2"]


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    with DurableMariaDb() as server:
        migrate(tmp_path_factory.mktemp("mariadb"), server.url)
        yield server


@pytest.fixture
def console(
    tmp_path: Path, mariadb: MariaDb, redis: Redis, django_db_blocker: Any
) -> Iterator[Console]:
    """A console on a MariaDB that may die; its tables are empty, and it runs."""
    if mariadb.process is None:  # a test that failed left it as it was
        mariadb.start()
    with redis_client.Redis(port=redis.port, db=15) as broker:
        broker.flushdb()
    console = Console(tmp_path, mariadb.url, f"redis://127.0.0.1:{redis.port}/15")
    with django_db_blocker.unblock(), working_on(mariadb):
        call_command("flush", verbosity=0, interactive=False)
        try:
            yield console
        finally:
            console.close()


def healthy(console: Console) -> None:
    started = [console.worker(awaited=False), console.sweeper(awaited=False)]
    for process in started:
        console.heard(process)


def power_cut(server: MariaDb) -> None:
    connection.close()
    server.kill()
    tally.struck("kills")


@pytest.mark.representative
def test_a_database_killed_mid_step_loses_no_byte(
    console: Console, mariadb: MariaDb, sshd: Sshd, ground: Ground
) -> None:
    healthy(console)
    place = console.place(sshd.address())
    rollback = make.approved(place, ground.plan("echo one", ground.held(2), LONG))
    spoken = rollback.runs.filter(position=2, stored__gt=0)
    until(spoken.exists, "the second step speaks", details=lambda: promise.story(rollback))
    power_cut(mariadb)
    ground.go(2)
    until(lambda: ground.ends()[2], "the command ends without us")
    assert ground.starts() == {1: 1, 2: 1}  # nothing is launched unrecorded
    mariadb.start()
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1, 3: 1}


def test_a_database_killed_before_a_launch_launches_nothing_unrecorded(
    console: Console, mariadb: MariaDb, sshd: Sshd, ground: Ground
) -> None:
    place = console.place(sshd.address())
    rollback = make.approved(place, ground.plan("echo one", "echo two"))
    power_cut(mariadb)
    started = [console.worker(awaited=False), console.sweeper(awaited=False)]
    until(
        lambda: "the sweep could not" in started[1].said(),
        "the sweeper sees it",
        details=started[1].said,
    )
    assert not ground.starts()
    mariadb.start()
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1}
    assert all(process.running for process in started)


def test_a_database_killed_at_an_approval_leaves_it_whole_or_not_at_all(
    console: Console, mariadb: MariaDb, sshd: Sshd, ground: Ground
) -> None:
    web = console.web()
    place = console.place(sshd.address())
    rollback = make.requested(place, ground.plan("echo one"))
    path, sha = f"/rollbacks/{rollback.pk}/approvals/", rollback.snapshot_sha256
    cookie = session(place.cast.lee)
    clicking = threading.Thread(
        target=web.form, args=(path, cookie), kwargs={"snapshot_sha256": sha}
    )
    clicking.start()
    power_cut(mariadb)
    clicking.join(timeout=90)
    assert not clicking.is_alive()
    mariadb.start()
    row = fresh(rollback)
    whole = (row.state, row.approvals.count(), row.events.filter(kind="rollback.approved").count())
    assert whole in {("requested", 0, 0), ("approved", 1, 1)}
    if row.state == "requested":
        approvals.approve(row, by=place.cast.lee, snapshot_sha256=sha)
    healthy(console)
    succeeds(rollback, place)
    kept(rollback, ground)


@pytest.mark.parametrize("harm", ["lock wait", "disconnected"])
def test_a_database_that_refuses_a_write_costs_time_and_is_no_success(
    console: Console, mariadb: MariaDb, sshd: Sshd, ground: Ground, harm: str
) -> None:
    """A lock that is not given in time, and connections that are killed again and again."""
    healthy(console)
    place = console.place(sshd.address())
    rollback = make.approved(place, ground.plan(ground.held(1), LONG))
    becomes(rollback, 1, "running")
    with pymysql.connect(
        unix_socket=str(mariadb.socket), user="root", database="console", autocommit=False
    ) as other:
        cursor = other.cursor()
        if harm == "lock wait":
            cursor.execute("SET GLOBAL innodb_lock_wait_timeout = 1")
            cursor.execute(
                "SELECT 1 FROM rollbacks_rollback WHERE id = %s FOR UPDATE", [rollback.pk]
            )
            ground.go(1)
            until(lambda: ground.ends()[1], "the command ends")
            assert fresh(rollback).runs.get(position=1).state == "running"
            other.rollback()
        else:
            for _ in range(3):
                _kill_all(
                    cursor,
                    keep=other.thread_id(),
                )
            ground.go(1)
        cursor.execute("SET GLOBAL innodb_lock_wait_timeout = 50")
    connection.close()
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1}


def _kill_all(cursor: Any, keep: int) -> None:
    cursor.execute(
        "SELECT id FROM information_schema.processlist WHERE id <> %s AND user = 'root'", [keep]
    )
    for (number,) in cursor.fetchall():
        try:
            cursor.execute(f"KILL CONNECTION {number}")
        except pymysql.err.OperationalError:
            continue  # it has gone by itself


def test_a_deadlock_that_the_driver_loses_costs_time_and_nothing_else(
    console: Console, mariadb: MariaDb, sshd: Sshd, ground: Ground
) -> None:
    """It holds the rollback and waits for a step; whoever holds the step asks for the rollback."""
    console.environment["REDIS_URL"] = "redis://127.0.0.1:1/0"  # so the sweeper alone drives
    sweeper = console.sweeper()
    place = console.place(sshd.address())
    rollback = make.approved(place, ground.plan(ground.held(1), LONG))
    becomes(rollback, 1, "running")
    with pymysql.connect(
        unix_socket=str(mariadb.socket), user="root", database="console", autocommit=False
    ) as other:
        cursor = other.cursor()
        _be_the_heavier(cursor)
        row = "SELECT 1 FROM rollbacks_steprun WHERE rollback_id = %s FOR UPDATE"
        cursor.execute(row, [rollback.pk])
        ground.go(1)
        until(
            lambda: _a_step_is_waited_for(cursor),
            "the driver waits for the step's row",
            details=sweeper.said,
        )
        cursor.execute("SELECT 1 FROM rollbacks_rollback WHERE id = %s FOR UPDATE", [rollback.pk])
        other.rollback()
    until(
        lambda: "Deadlock found" in sweeper.log.read_text(),
        "the driver says that it lost",
        details=sweeper.said,
    )
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1}


def _be_the_heavier(cursor: Any) -> None:
    """Of two in a deadlock the one that wrote less is the victim."""
    cursor.execute("CREATE TABLE IF NOT EXISTS heavy (n INT)")
    cursor.execute("INSERT INTO heavy SELECT seq FROM seq_1_to_5000")


def _a_step_is_waited_for(cursor: Any) -> bool:
    """By whoever drives: nobody else writes to a step, and who does so holds its rollback.

    Any other wait, say for a lease, would end without a deadlock. The tables of locks in
    information_schema are of no use: whoever asks them more often than ten times a second
    is told the same again and again.
    """
    cursor.execute("SHOW ENGINE INNODB STATUS")
    now = cursor.fetchone()[2].rpartition("\nTRANSACTIONS\n")[2]  # before it: the last deadlock
    waiting = r"of table `console`\.`rollbacks_steprun` trx id \d+ lock.* waiting"
    return bool(re.search(waiting, now))


@needs_faketime
@pytest.mark.parametrize("shift", ["+1h", "-1h"])
def test_a_console_whose_clock_is_an_hour_off_keeps_to_the_database_s_time(
    console: Console, sshd: Sshd, ground: Ground, shift: str
) -> None:
    """One worker an hour off beside a sweeper that is not: no lease is taken from the other."""
    worker = console.worker(variables=off_by(shift), LEASE_SECONDS="20")
    console.sweeper()
    place = console.place(sshd.address())
    rollback = approved_quietly(place, ground.plan("echo one", ground.held(2), LONG))
    console.send(rollback.pk)
    becomes(rollback, 2, "running")
    fence = fresh(rollback).fence
    assert f":{worker.pid}:" in fresh(rollback).lease_owner
    expired = Rollback.objects.filter(pk=rollback.pk, state="expired")
    ground.go(2)
    becomes(rollback, 3, "running", "succeeded")
    assert fresh(rollback).fence - fence <= 2
    assert not expired.exists()
    succeeds(rollback, place)
    kept(rollback, ground)
