"""The same for Alembic, Flyway and Rails, from what those tools print."""

from __future__ import annotations

from rollback_console.engine.reversal import (
    Effect,
    read_alembic,
    read_flyway,
    read_rails,
    read_sql,
)

ALEMBIC = """\
INFO  [alembic.runtime.migration] Running downgrade 9f1a -> 4c2b, add deposits
BEGIN;

-- Running downgrade 9f1a -> 4c2b

ALTER TABLE bookings DROP COLUMN deposit_cents;

ALTER TABLE bookings DROP CONSTRAINT positive;

DROP TABLE calls;

DROP INDEX ix_calls_at;

ALTER TABLE bookings ADD COLUMN legacy INTEGER;

ALTER TABLE bookings RENAME note TO memo;

ALTER TABLE bookings ALTER COLUMN total TYPE INTEGER;

UPDATE bookings SET memo = 'a; b -- c';

UPDATE alembic_version SET version_num='4c2b' WHERE alembic_version.version_num = '9f1a';

COMMIT;
"""

FLYWAY = """\
Flyway Community Edition 10.0.0 by Redgate
Schema version: 3

+-----------+---------+-------------+------+---------------------+---------+----------+
| Category  | Version | Description | Type | Installed On        | State   | Undoable |
+-----------+---------+-------------+------+---------------------+---------+----------+
| Versioned | 1       | base        | SQL  | 2026-01-01 10:00:00 | Success | No       |
| Versioned | 2       | add calls   | SQL  | 2026-02-01 10:00:00 | Success | Yes      |
| Versioned | 10      | add deposit | SQL  | 2026-03-01 10:00:00 | Success | Yes      |
| Versioned | 11      | later       | SQL  |                     | Pending | Yes      |
+-----------+---------+-------------+------+---------------------+---------+----------+
"""

RAILS = """\

database: bookings_production

 Status   Migration ID    Migration Name
--------------------------------------------------
   up     20240101000000  Create bookings
   up     20240301000000  ********** NO FILE **********
   up     20240401000000  Add deposit to bookings
  down    20240501000000  Later
"""


def test_alembic_prints_sql_and_each_statement_has_its_effect() -> None:
    found = read_alembic(ALEMBIC)
    assert [(each.effect, each.table, each.column) for each in found.operations] == [
        (Effect.GOES, "bookings", "deposit_cents"),
        (Effect.KEPT, "bookings", ""),
        (Effect.GOES, "calls", ""),
        (Effect.KEPT, "", ""),
        (Effect.RETURNS_EMPTY, "bookings", "legacy"),
        (Effect.RENAMED, "bookings", "note"),
        (Effect.CONVERTED, "bookings", "total"),
        (Effect.RUNS_CODE, "", ""),
    ]
    assert {each.migration for each in found.operations} == {"9f1a"}


def test_alembic_that_fails_is_no_plan() -> None:
    assert read_alembic("FAILED: Can't locate revision identified by '77'").broken
    assert read_alembic("").broken


def test_an_undo_script_is_read_statement_by_statement() -> None:
    found = read_sql("drop table if exists `calls`;\ndelete from log where 1=1", "flyway", "2")
    assert [(each.effect, each.table) for each in found.operations] == [
        (Effect.GOES, "calls"),
        (Effect.GOES, "log"),
    ]


def test_flyway_undoes_the_newest_version_only_where_it_has_a_script() -> None:
    (operation,) = read_flyway(FLYWAY).operations
    assert (operation.migration, operation.effect) == ("10", Effect.UNKNOWN)
    whole = read_flyway(FLYWAY, "1")
    assert [each.migration for each in whole.operations] == ["10", "2", "1"]
    assert whole.broken
    assert "1 has no undo script" in whole.problem
    assert read_flyway("no table here").problem


def test_rails_cannot_undo_what_has_lost_its_file() -> None:
    (operation,) = read_rails(RAILS).operations
    assert (operation.migration, operation.effect) == ("20240401000000", Effect.UNKNOWN)
    both = read_rails(RAILS, version="20240101000000")
    assert [each.migration for each in both.operations] == ["20240401000000", "20240301000000"]
    assert both.broken
    assert read_rails("bundler: command not found").problem
