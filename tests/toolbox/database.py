"""The tests' database, migrated once and cleared quickly.

Migrating takes seconds, and so does Django's `flush`, which writes every permission anew after
each test with real transactions. Here the migrated file is copied to each pytest process, and
clearing empties only the tables that have rows and puts back what migrating put there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "test-database"

# Whatever decides which tables, permissions and groups a migrated database has.
SOURCES = (
    "constraints.txt",
    "rollback_console/settings.py",
    "rollback_console/config/*.py",
    "rollback_console/**/apps.py",
    "rollback_console/**/migrations/*.py",
    "rollback_console/**/models.py",
    "rollback_console/**/models/*.py",
    "rollback_console/rollbacks/permissions/groups.py",
)

Rows = list[tuple[Any, ...]]
Value = TypeVar("Value")


class Baseline:
    """The rows that migrating leaves, of each table that has any; `restore()` brings them back."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self._database = database
        introspection = database.introspection
        self._tables = introspection.django_table_names(only_existing=True, include_views=False)
        self._rows = {table: self._read(table) for table in self._filled()}

    def restore(self) -> None:
        """Empty every table that has rows, but for the rows of the baseline."""
        stale = [
            table
            for table in {*self._filled(), *self._rows}
            if table not in self._rows or self._read(table) != self._rows[table]
        ]
        if not stale:
            return
        database = self._database
        with database.constraint_checks_disabled(), transaction.atomic(), database.cursor() as rows:
            for table in stale:
                rows.execute(f"DELETE FROM {self._quote(table)}")  # noqa: S608
                self._write(rows, table)

    def _filled(self) -> list[str]:
        """The tables that have rows, by one query."""
        query = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {self._quote(table)})"  # noqa: S608
            for table in self._tables
        )
        with self._database.cursor() as rows:
            rows.execute(query)
            return [table for (table,) in rows.fetchall()]

    def _read(self, table: str) -> Rows:
        with self._database.cursor() as rows:
            rows.execute(f"SELECT * FROM {self._quote(table)}")  # noqa: S608
            return sorted(rows.fetchall(), key=repr)

    def _write(self, rows: Any, table: str) -> None:
        if kept := self._rows.get(table):
            marks = ", ".join(["%s"] * len(kept[0]))
            rows.executemany(f"INSERT INTO {self._quote(table)} VALUES ({marks})", kept)  # noqa: S608

    def _quote(self, name: str) -> str:
        return str(self._database.ops.quote_name(name))


class Given:
    """What many tests of a process begin with: built for the first, brought back for the rest.

    Whatever is in the database when it is brought back goes, so that the values still have the
    rows and the keys that they were built with. Tests with real transactions have one of their
    own: within a transaction that is never committed, what follows a commit was not done.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bool], tuple[Baseline, bytes]] = {}

    def bring(self, name: str, build: Callable[[], Value]) -> Value:
        """What `build` returns, with its rows; each time a copy of its own."""
        key = name, connection.in_atomic_block
        if key not in self._kept:
            value = build()
            self._kept[key] = (Baseline(connection), pickle.dumps(value))
            return value
        baseline, kept = self._kept[key]
        baseline.restore()
        return pickle.loads(kept)  # type: ignore[no-any-return]  # noqa: S301, what we pickled


def migrated_file() -> Path:
    """A migrated SQLite file to copy; made when migrations or models changed, kept in build/."""
    CACHE.mkdir(parents=True, exist_ok=True)
    template = CACHE / f"{_fingerprint()}.sqlite3"
    with _locked(CACHE / "lock"):
        if not template.exists():
            for old in CACHE.glob("*.sqlite3"):
                old.unlink()
            _migrate_into(template)
    return template


def _migrate_into(template: Path) -> None:
    """Migrate a new file and put it in its place once it is whole."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        file = Path(folder) / "new.sqlite3"
        variables = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
            "DATABASE_URL": f"sqlite:///{file}",
            "DATA_DIR": folder,
        }
        words = [sys.executable, "manage.py", "migrate", "--skip-checks", "-v", "0"]
        done = subprocess.run(words, cwd=ROOT, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.rename(template)


@contextmanager
def using_file(file: Path) -> Iterator[None]:
    """Within it Django works on this SQLite file."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(file)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@contextmanager
def copied_file() -> Iterator[None]:
    """Within it Django works on a migrated SQLite file of this process alone."""
    with tempfile.TemporaryDirectory(dir=os.environ["TEST_DATA_DIR"]) as folder:
        file = Path(folder) / "test.sqlite3"
        shutil.copy(migrated_file(), file)
        with using_file(file):
            yield


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:20]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time."""
    with closing(path.open("w")) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
