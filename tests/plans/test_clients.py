"""Clients of databases, found in commands as people write them."""

from __future__ import annotations

import pytest

from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.plans.readiness.database_clients import DatabaseLogin, database_logins
from rollback_console.plans.readiness.database_logins import database_probes
from rollback_console.plans.readiness.targets import Targets


def login(line: str, **values: str) -> DatabaseLogin:
    (only,) = database_logins(line, values)
    return only


@pytest.mark.parametrize(
    ("line", "subject", "server", "words"),
    [
        ("mysql shop < a.sql", "mysql shop", "",
         ("mysql", "--database=shop", "--execute=SELECT 1")),
        ('mariadb -h db1 -NBe "DELETE FROM calls" shop', "mariadb shop", "db1:3306",
         ("mariadb", "--host=db1", "--port=3306", "--protocol=tcp", "--database=shop")),
        ("gunzip -c a.gz | mysql -u app shop", "mysql shop", "",
         ("mysql", "--user=app", "--database=shop")),
        ("mysql -h $HOST -u $USER -p$PASSWORD shop < a.sql", "mysql shop", "db1:3306",
         ("mysqladmin", "--host=db1", "ping")),
        ("mysql --host db2 -p shop < a.sql", "mysql shop", "db2:3306",
         ("mysqladmin", "--host=db2", "ping")),
        ("mysql -h localhost shop < a.sql", "mysql shop", "", ("mysql", "--database=shop")),
        ("mysql -P 3307 shop < a.sql", "mysql shop", "localhost:3307", ("--port=3307",)),
        ("mysql -S /run/x.sock shop < a.sql", "mysql shop", "", ("--socket=/run/x.sock",)),
        ("psql -h db1 -f a.sql shop", "postgresql shop", "db1:5432",
         ("psql", "-X", "-q", "-w", "--host=db1", "--dbname=shop")),
        ("psql -h db1 -tAc 'DROP TABLE calls' shop", "postgresql shop", "db1:5432",
         ("psql", "SELECT 1", "--host=db1", "--dbname=shop")),
        ("pg_restore --dbname=shop a.dump", "postgresql shop", "", ("psql", "--dbname=shop")),
        ("psql -h db1 -f a.sql", "postgresql", "db1:5432", ("pg_isready", "--host=db1")),
        ("psql -h /run/pg -p 5433 -f a.sql", "postgresql", "",
         ("pg_isready", "--host=/run/pg", "--port=5433")),
        ("PGPASSWORD=$PASSWORD pg_dump -h db1 shop", "postgresql shop", "db1:5432",
         ("pg_isready", "--host=db1")),
    ],
)  # fmt: skip
def test_the_same_client_only_signs_in_with_words_of_the_console(
    line: str, subject: str, server: str, words: tuple[str, ...]
) -> None:
    client = login(line, HOST="db1")
    assert (client.subject, client.server, client.refusal) == (subject, server, "")
    assert [word for word in words if word not in client.argv] == []
    assert not any("DELETE" in word or "DROP" in word or "a.sql" in word for word in client.argv)


def test_it_signs_in_as_the_account_that_the_command_takes() -> None:
    assert login("sudo -u postgres psql shop < a.sql").account == "postgres"


@pytest.mark.parametrize(
    "line",
    [
        "mariadb-dump --defaults-extra-file=/etc/a.cnf --events shop > x",
        "mysql --defaults-file=/tmp/x shop < a.sql",
        "mysql --login-path=prod shop < a.sql",
        "mysql --plugin-dir=/tmp/x shop < a.sql",
        "mysql --enable-cleartext-plugin shop < a.sql",
        "mysql -h 'db1;id' shop < a.sql",
        'psql "host=db1 hostaddr=127.0.0.1" -f a.sql',
        "psql -d postgresql://db1/shop -f a.sql",
        "psql -h db1,db2 -f a.sql shop",
        "psql -U '-x' shop -f a.sql",
        "psql -h /nowhere,127.0.0.1 -p 5433 -f a.sql shop",
        "psql --host=/run/postgresql,db1 shop",
        "pg_dump -h '/run/pg;id' shop",
        "psql -h '/@db1' shop",
        "psql -h /run/pg -p ٥ shop",
        "mysql -S '/run/x.sock,/run/y.sock' shop < a.sql",
        "mysql -S '/run/ü.sock' shop < a.sql",
    ],
)
def test_what_the_console_would_not_write_itself_is_not_passed_on(line: str) -> None:
    client = login(line)
    assert client.refusal.endswith("which the console does not pass on.")
    assert client.argv == ()


@pytest.mark.parametrize(
    ("line", "socket"),
    [
        ("psql -h /run/pg -f a.sql shop", "/run/pg"),
        ("mysql -S /run/x.sock shop < a.sql", "/run/x.sock"),
        ("mysql -h db1 -S /run/x.sock shop < a.sql", ""),
        ("psql shop -f a.sql", ""),
    ],
)
def test_who_approves_sees_the_socket_that_is_meant(line: str, socket: str) -> None:
    assert login(line).socket == socket
    step = StepSpec(1, "Restore", script=line, hosts=("app-1",))
    snapshot = Snapshot("p", 1, "", "t", "s", "e", False, "", (step,), ())
    (probe,) = database_probes(snapshot, {}, Targets("STAGING"))
    assert probe.server == (login(line).server or socket or "the local server")


@pytest.mark.parametrize("line", ["mysql shop < a.sql", "psql shop -f a.sql"])
def test_no_client_sends_a_password_in_clear_or_a_file(line: str) -> None:
    text = " ".join(login(line).argv)
    if "mysql" in line:
        assert "--plugin-dir=/dev/null" in text
        assert "--skip-enable-cleartext-plugin" in text
        assert "--local-infile=0" in text
    else:
        assert "PGREQUIREAUTH='!password'" in text
        assert "unset PGSERVICE PGSERVICEFILE PGSYSCONFDIR" in text


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
    assert list(database_logins(line, {})) == []


def test_a_file_is_looked_for_where_the_database_is_one() -> None:
    client = login("sqlite3 db.sqlite3 '.restore a'")
    assert (client.subject, client.argv[-1]) == ("db.sqlite3", "db.sqlite3")
    assert list(database_logins("sqlite3 $PLACE '.restore a'", {})) == []


@pytest.mark.parametrize(
    "setting", ["export PGHOST=db9", "PGHOSTADDR=192.0.2.1", "export PGSERVICE=shop; true"]
)
def test_a_step_that_chooses_a_server_by_a_variable_is_not_asked_about_the_local_one(
    setting: str,
) -> None:
    there = login(f"{setting}\npsql shop -c 'SELECT 1'")
    assert "it is not told which server is meant" in there.refusal
    assert there.argv == ()
    assert login(f"{setting}\npsql -h db1 shop").server == "db1:5432"
    assert login("export MYSQL_HOST=db9\nmysql shop < a.sql").refusal
