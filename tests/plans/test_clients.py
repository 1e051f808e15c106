"""Clients of databases, found in commands as people write them."""

from __future__ import annotations

import pytest

from rollback_console.plans.readiness.database_clients import clients

LOOK = ("--connect-timeout=5", "-e", "SELECT 1")
PSQL = ("env", "PGCONNECT_TIMEOUT=5", "psql", "-X", "-q", "-w", "-c", "SELECT 1")


@pytest.mark.parametrize(
    ("line", "subject", "words"),
    [
        ("mysql shop < a.sql", "mysql shop", ("mysql", *LOOK, "shop")),
        (
            "mariadb-dump --defaults-extra-file=/etc/a.cnf --events shop > x",
            "mariadb shop",
            ("mariadb", "--defaults-extra-file=/etc/a.cnf", *LOOK, "shop"),
        ),
        (
            'mariadb -h db1 -NBe "DELETE FROM calls" shop',
            "mariadb shop",
            ("mariadb", "-hdb1", *LOOK, "shop"),
        ),
        ("gunzip -c a.gz | mysql -u app shop", "mysql shop", ("mysql", "-uapp", *LOOK, "shop")),
        (
            "mysql -h $HOST -u $USER -p$PASSWORD shop < a.sql",
            "mysql shop",
            ("mysqladmin", "-hdb1", "--connect-timeout=5", "ping"),
        ),
        ("mysql --host db2 -p shop < a.sql", "mysql shop",
         ("mysqladmin", "--host=db2", "--connect-timeout=5", "ping")),
        ("psql -h db1 -f a.sql shop", "postgresql shop", (*PSQL, "-hdb1", "shop")),
        ("psql -h db1 -tAc 'DROP TABLE calls' shop", "postgresql shop", (*PSQL, "-hdb1", "shop")),
        ("pg_restore --dbname=shop a.dump", "postgresql", (*PSQL, "--dbname=shop")),
        ("psql -h db1 -f a.sql", "postgresql", ("pg_isready", "-q", "-t", "5", "-hdb1")),
        ("PGPASSWORD=$PASSWORD pg_dump -h db1 shop", "postgresql shop",
         ("pg_isready", "-q", "-t", "5", "-hdb1")),
        ("sudo -u postgres psql shop < a.sql", "postgresql shop",
         ("sudo", "-n", "-u", "postgres", *PSQL, "shop")),
    ],
)  # fmt: skip
def test_the_same_client_only_signs_in(line: str, subject: str, words: tuple[str, ...]) -> None:
    assert list(clients(line, {"HOST": "db1"})) == [(subject, words)]


@pytest.mark.parametrize(
    "line",
    [
        "mysql -h $ELSEWHERE shop < a.sql",
        "psql -h $(cat host) shop",
        "docker exec db mysql shop",
        "echo mysql shop",
        "# mysql shop < a.sql",
        "mysql 'shop < a.sql",
        "systemctl restart mysql",
        "git checkout v1",
    ],
)
def test_where_it_is_not_known_which_server_is_meant_nothing_is_asked(line: str) -> None:
    assert list(clients(line, {})) == []


def test_a_file_is_looked_for_where_the_database_is_one() -> None:
    ((subject, words),) = clients("sqlite3 db.sqlite3 '.restore a'", {})
    assert (subject, words[-1]) == ("db.sqlite3", "db.sqlite3")
    assert list(clients("sqlite3 $PLACE '.restore a'", {})) == []
