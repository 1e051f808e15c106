"""Dumps of real databases by the commands the console knows: kept, spoilt, and put back."""

from __future__ import annotations

import hashlib
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.engine.snapshot import Snapshot
from rollback_console.plans.snapshot.dump_steps import DUMP_PATH, DUMP_SHA256, DUMP_SIZE
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from tests import make
from tests.make import PLAN, Stage
from tests.servers import PATH, MariaDb, Postgres

from .test_keeping import on_record

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

BEFORE = """\
CREATE TABLE orders (id INTEGER PRIMARY KEY, note VARCHAR(40));
INSERT INTO orders VALUES (1, 'it''s; -- one'), (2, 'Größe'), (3, NULL);
CREATE TABLE calls (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id));
INSERT INTO calls VALUES (7, 1);
CREATE VIEW called AS SELECT order_id FROM calls;
"""
# What a rollback may do: change and remove rows, drop a table, bring an old one back.
SPOILT = """\
UPDATE orders SET note = 'overwritten' WHERE id = 1;
DELETE FROM calls;
DROP VIEW called;
DROP TABLE calls;
DELETE FROM orders WHERE id = 2;
CREATE TABLE returned (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id));
INSERT INTO returned VALUES (1, 3);
"""


class Database(ABC):
    """One database called `shop`, as its own client on a host reaches it.

    `client` is that program, which reads SQL; `tables` lists what there is, one a line.
    """

    client: tuple[str, ...]
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = {} ORDER BY 1"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What the host's account knows by itself."""

    def sh(
        self,
        script: str,
        shell: str = "bash -eu -o pipefail",
        dump: dict[str, str] | None = None,
    ) -> str:
        done = self.tried(script, shell, dump)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tried(
        self, script: str, shell: str, dump: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        env = {"PATH": PATH, "HOME": str(self.folder), "LANG": "C.UTF-8", **self.environment()}
        env |= dump or {}
        command = [*shell.split(), "-c", script]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)

    def sql(self, text: str) -> str:
        env = {"PATH": PATH, "HOME": str(self.folder), **self.environment()}
        done = subprocess.run(
            self.client, cwd=self.folder, env=env, input=text, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def everything(self) -> dict[str, str]:
        names = self.sql(self.tables + ";").split()
        return {name: self.sql(f"SELECT * FROM {name} ORDER BY 1;") for name in names}  # noqa: S608


class OfMariaDb(Database):
    client = ("mariadb", "-N", "shop")
    tables = Database.tables.format("'shop'")

    def __init__(self, folder: Path, server: MariaDb) -> None:
        super().__init__(folder)
        (folder / ".my.cnf").write_text(f"[client]\nuser=root\nsocket={server.socket}\n")
        self.sh("mariadb -e 'DROP DATABASE IF EXISTS shop; CREATE DATABASE shop'")

    def environment(self) -> dict[str, str]:
        return {}


class OfPostgres(Database):
    client = ("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "shop")
    tables = Database.tables.format("'public'")

    def __init__(self, folder: Path, server: Postgres) -> None:
        super().__init__(folder)
        self.server = server
        for words in ("DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop OWNER shop"):
            self.sh(f"psql -q -U postgres -c '{words}' postgres")

    def environment(self) -> dict[str, str]:
        place = {"PGHOST": str(self.server.folder), "PGPORT": str(self.server.port)}
        return {**place, "PGUSER": "shop", "PGOPTIONS": "--client-min-messages=warning"}


class OfSqlite(Database):
    client = ("sqlite3", "shop")
    tables = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1"

    def environment(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDb]:
    with MariaDb() as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(params=["mariadb", "mysql", "postgresql", "sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Database:
    if kind == "sqlite":
        return OfSqlite(tmp_path)
    if kind == "postgresql":
        return OfPostgres(tmp_path, request.getfixturevalue("postgres"))
    return OfMariaDb(tmp_path, request.getfixturevalue("mariadb"))


def frozen(stage: Stage, kind: str, folder: Path, name: str = "shop") -> Snapshot:
    """Step 2 keeps the database, step 5 stands by to put it back."""
    head = f"---\ndatabase: {{kind: {kind}, name: {name}, folder: {folder}/dumps}}\n---\n"
    text = head + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    return freeze_snapshot(make.plan(stage, text), {})


@pytest.mark.parametrize("shell", ["bash -eu -o pipefail", "dash -eu"])
def test_what_was_spoilt_is_as_before_to_the_row_and_to_the_table(
    stage: Stage, kind: str, database: Database, tmp_path: Path, shell: str
) -> None:
    snapshot = frozen(stage, kind, tmp_path)
    database.sql(BEFORE)
    before = database.everything()
    assert list(before) == ["called", "calls", "orders"]
    dump = on_record(database.sh(snapshot.step(2).script, shell))
    database.sql(SPOILT)
    assert list(database.everything()) == ["orders", "returned"]
    database.sh(snapshot.step(5).script, shell, dump)
    assert database.everything() == before
    assert [each.suffix for each in (tmp_path / "dumps").iterdir() if each.suffix == ".sql"] == []


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_dump_that_breaks_off_changes_nothing_at_all(
    stage: Stage, kind: str, database: Database, tmp_path: Path
) -> None:
    snapshot = frozen(stage, kind, tmp_path)
    database.sql(BEFORE)
    path = Path(on_record(database.sh(snapshot.step(2).script))[DUMP_PATH])
    os.truncate(path, path.stat().st_size * 2 // 3)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    broken = {DUMP_PATH: str(path), DUMP_SIZE: str(path.stat().st_size), DUMP_SHA256: sha256}
    before = database.everything()
    done = database.tried(snapshot.step(5).script, "dash -eu", broken)
    assert done.returncode != 0
    assert "could not read" in done.stderr
    assert database.everything() == before


def test_a_database_that_is_not_there_ends_the_dump(
    stage: Stage, kind: str, database: Database, tmp_path: Path
) -> None:
    snapshot = frozen(stage, kind, tmp_path, "nowhere")
    done = database.tried(snapshot.step(2).script, "dash -eu")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
