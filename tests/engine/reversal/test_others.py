"""The same for Alembic, Flyway and Rails.

Alembic's text is what it printed (see also tests/plans/test_alembic.py); that of Flyway and Rails
is written after their documentation.
"""

from __future__ import annotations

import pytest

from rollback_console.engine.reversal import (
    Effect,
    read_alembic,
    read_flyway,
    read_rails,
    read_sql,
)

# What Alembic 1.20 printed for one revision, by dialect.
POSTGRESQL = """\
BEGIN;

-- Running downgrade aaaa00000002 -> aaaa00000001

UPDATE bookings SET memo = 'a; b -- c';

ALTER TABLE bookings RENAME memo TO note;

ALTER TABLE bookings ADD COLUMN legacy INTEGER;

ALTER TABLE bookings DROP COLUMN deposit;

ALTER TABLE bookings ALTER COLUMN total TYPE INTEGER;

DROP INDEX ix_calls_at;

ALTER TABLE calls RENAME TO rings;

DROP TABLE rings;

UPDATE alembic_version SET version_num='aaaa00000001' WHERE alembic_version.version_num = 'aaaa00000002';

COMMIT;

"""  # noqa: E501
MYSQL = """\
-- Running downgrade aaaa00000002 -> aaaa00000001

UPDATE bookings SET memo = 'a; b -- c';

ALTER TABLE bookings CHANGE memo note VARCHAR(20) NULL;

ALTER TABLE bookings ADD COLUMN legacy INTEGER;

ALTER TABLE bookings DROP COLUMN deposit;

ALTER TABLE bookings MODIFY total INTEGER NULL;

DROP INDEX ix_calls_at ON calls;

ALTER TABLE calls RENAME TO rings;

DROP TABLE rings;

UPDATE alembic_version SET version_num='aaaa00000001' WHERE alembic_version.version_num = 'aaaa00000002';

"""  # noqa: E501

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


@pytest.mark.parametrize(
    ("text", "renamed"), [(POSTGRESQL, Effect.RENAMED), (MYSQL, Effect.CONVERTED)]
)
def test_alembic_prints_sql_and_each_statement_has_its_effect(text: str, renamed: Effect) -> None:
    reversal = read_alembic(text)
    assert [(each.effect, each.table, each.column) for each in reversal.operations] == [
        (Effect.RUNS_CODE, "", ""),
        (renamed, "bookings", "memo"),
        (Effect.RETURNS_EMPTY, "bookings", "legacy"),
        (Effect.GOES, "bookings", "deposit"),
        (Effect.CONVERTED, "bookings", "total"),
        (Effect.KEPT, "", ""),
        (Effect.RENAMED, "calls", ""),
        (Effect.GOES, "rings", ""),
    ]
    assert {each.migration for each in reversal.operations} == {"aaaa00000002"}


def test_alembic_that_fails_is_no_plan() -> None:
    assert read_alembic("FAILED: Can't locate revision identified by '77'").broken
    assert read_alembic("").broken


def test_an_undo_script_is_read_statement_by_statement() -> None:
    reversal = read_sql("drop table if exists `calls`;\ndelete from log where 1=1", "flyway", "2")
    assert [(each.effect, each.table) for each in reversal.operations] == [
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
