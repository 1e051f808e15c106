"""The servers that other tests rely on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import redis

from tests.servers import MariaDb, Redis
from tests.toolbox.waiting import until


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDb]:
    with MariaDb() as server:
        yield server


def test_mariadb_has_the_database_that_its_url_names(mariadb: MariaDb) -> None:
    with (
        pymysql.connect(unix_socket=str(mariadb.socket), user="root", database="console") as line,
        line.cursor() as cursor,
    ):
        cursor.execute("SELECT DATABASE()")
        assert cursor.fetchone() == ("console",)
    assert f"/console?unix_socket={mariadb.socket}" in mariadb.url


def test_one_mariadb_leaves_the_temporary_tables_of_another_alone(mariadb: MariaDb) -> None:
    with (
        pymysql.connect(unix_socket=str(mariadb.socket), user="root") as line,
        line.cursor() as cursor,
    ):
        cursor.execute("SELECT @@tmpdir")
        assert cursor.fetchone() == (str(mariadb.scratch),)


def test_mariadb_comes_back_with_its_rows_after_a_kill(mariadb: MariaDb) -> None:
    def connect() -> pymysql.connections.Connection:
        return pymysql.connect(unix_socket=str(mariadb.socket), user="root", database="console")

    with connect() as line, line.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (n INT) ENGINE=InnoDB")
        cursor.execute("INSERT INTO kept VALUES (7)")
        line.commit()
        cursor.execute("FLUSH TABLES")
        cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        cursor.execute("INSERT INTO kept VALUES (8)")
        line.commit()
    mariadb.kill()
    mariadb.start()
    with connect() as line, line.cursor() as cursor:
        cursor.execute("SELECT n FROM kept ORDER BY n")
        assert [n for (n,) in cursor.fetchall()] == [7, 8]


def test_redis_forgets_when_it_is_killed_and_answers_again() -> None:
    with Redis() as server:
        with redis.Redis.from_url(server.url) as line:
            line.set("a", "1")
            assert line.get("a") == b"1"
        server.kill()
        server.start()
        with redis.Redis.from_url(server.url) as line:
            assert line.get("a") is None


def test_a_frozen_redis_answers_nobody_until_it_is_thawed() -> None:
    with Redis() as server:
        server.freeze()
        with redis.Redis.from_url(server.url, socket_timeout=0.2) as line:
            with pytest.raises(redis.exceptions.TimeoutError):
                line.ping()
            server.thaw()
            assert until(lambda: _pings(server))


def test_stopping_leaves_no_files_and_may_be_repeated() -> None:
    server = Redis().start()
    server.stop()
    server.stop()
    assert not server.folder.exists()


def test_a_server_ends_with_the_process_that_started_it() -> None:
    script = (
        "from tests.servers import Redis\nimport time\nserver = Redis().start()\n"
        "print(server.process.pid, server.folder, flush=True)\ntime.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    pid, folder = owner.stdout.readline().split()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    try:
        assert until(lambda: not _lives(int(pid)))
    finally:
        (Path(folder) / "log").unlink(missing_ok=True)
        Path(folder).rmdir()


def _pings(server: Redis) -> bool:
    try:
        with redis.Redis.from_url(server.url, socket_timeout=1) as line:
            return bool(line.ping())
    except redis.exceptions.RedisError:
        return False


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
