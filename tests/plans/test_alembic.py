"""What Alembic itself prints, read as the console reads it; on a real sshd."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollback_console.engine.reversal import Effect
from rollback_console.plans.data_loss.cost import Costing
from rollback_console.plans.models import Revision
from rollback_console.plans.readiness.check import readiness_of
from tests.make import Stage

from .test_cost import asked, plan

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ALEMBIC = Path(sys.executable).with_name("alembic")
HEAD = 'from alembic import op\nimport sqlalchemy as sa\nrevision = "{}"\ndown_revision = {}\n'
FIRST = """\
def upgrade():
    op.create_table("bookings", sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("note", sa.String(20)), sa.Column("legacy", sa.Integer))
def downgrade():
    op.drop_table("bookings")
"""
SECOND = """\
def upgrade():
    op.create_table("calls", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index("ix_calls", "calls", ["id"])
    op.add_column("bookings", sa.Column("deposit", sa.Integer))
    op.drop_column("bookings", "legacy")
    op.alter_column("bookings", "note", new_column_name="memo")
    op.execute("INSERT INTO calls VALUES (1), (2)")
    op.execute("INSERT INTO bookings VALUES (1, 'x; -- y', 5), (2, NULL, NULL)")
def downgrade():
    op.alter_column("bookings", "memo", new_column_name="note")
    op.add_column("bookings", sa.Column("legacy", sa.Integer))
    op.drop_column("bookings", "deposit")
    op.drop_index("ix_calls", table_name="calls")
    op.drop_table("calls")
"""
NOTHING = "def downgrade():\n    pass\ndef upgrade():\n    pass\n"
COUNTED = """\
---
measures:
  - {what: calls, run: 'sqlite3 %(db)s "SELECT COUNT(*) FROM calls"', table: calls}
  - what: deposits
    run: sqlite3 %(db)s "SELECT COUNT(deposit) FROM bookings"
    table: bookings
    column: deposit
---
"""


@dataclass
class Bookings:
    """A service that Alembic migrates, on SQLite, deployed with its newest revision."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "db.sqlite3"

    def alembic(self, *words: str) -> None:
        subprocess.run([ALEMBIC, *words], cwd=self.folder, check=True, capture_output=True)

    def sql(self, text: str) -> list[str]:
        command = ["sqlite3", str(self.database), text]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    def write(self, name: str, down: str | None, body: str) -> None:
        path = self.folder / "migrations/versions" / f"{name}.py"
        path.write_text(HEAD.format(name, repr(down)) + body)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bookings:
    """Made once; each test has a copy."""
    bookings = Bookings(tmp_path_factory.mktemp("alembic"))
    bookings.alembic("init", "migrations")
    ini = bookings.folder / "alembic.ini"
    url = "driver://user:pass@localhost/dbname"
    assert url in ini.read_text()
    ini.write_text(ini.read_text().replace(url, "sqlite:///db.sqlite3"))
    bookings.write("0001_bookings", None, FIRST)
    bookings.write("deposits", "0001_bookings", SECOND)
    bookings.alembic("upgrade", "head")
    return bookings


@pytest.fixture
def bookings(made: Bookings, tmp_path: Path) -> Bookings:
    shutil.copytree(made.folder, tmp_path / "app")
    return Bookings(tmp_path / "app")


def undoing(here: Stage, bookings: Bookings, target: str, head: str = "") -> Costing:
    return asked(here, plan(here, bookings.folder, f"{ALEMBIC} downgrade {target}", head))


def third(here: Stage, bookings: Bookings, body: str) -> Costing:
    """With a third revision applied, whose way back is `body`."""
    bookings.write("third.one", "deposits", NOTHING.replace("pass\n", body, 1))
    bookings.sql("UPDATE alembic_version SET version_num = 'third.one'")
    return undoing(here, bookings, "deposits")


@pytest.mark.parametrize("target", ["0001_bookings", "-1"])
def test_every_statement_it_would_run_has_its_effect_and_nothing_is_run(
    here: Stage, bookings: Bookings, target: str
) -> None:
    before = bookings.database.read_bytes()
    (reversal,) = undoing(here, bookings, target).reversals
    assert [(each.effect, each.table, each.column) for each in reversal.operations] == [
        (Effect.RENAMED, "bookings", "memo"),
        (Effect.RETURNS_EMPTY, "bookings", "legacy"),
        (Effect.GOES, "bookings", "deposit"),
        (Effect.KEPT, "", ""),
        (Effect.GOES, "calls", ""),
    ]
    assert {each.migration for each in reversal.operations} == {"deposits"}
    assert (reversal.problem, reversal.broken) == ("", False)
    assert bookings.database.read_bytes() == before
    bookings.alembic("downgrade", target)
    assert "calls" not in bookings.sql("SELECT name FROM sqlite_master")


def test_a_plan_s_measures_count_what_its_tables_hold(here: Stage, bookings: Bookings) -> None:
    assert "was not counted" in undoing(here, bookings, "-1").loss.text
    reversal = undoing(here, bookings, "-1", COUNTED % {"db": bookings.database})
    assert reversal.loss.text == "2 calls, 1 deposits, 2 tables"


def test_what_has_no_way_back_is_impossible(here: Stage, bookings: Bookings) -> None:
    reversal = third(here, bookings, 'raise NotImplementedError("no way back")\n')
    assert reversal.impossible == (
        "third.one cannot be undone (NotImplementedError: no way back): the reversal would stop "
        "there."
    )


@pytest.mark.parametrize(
    "body",
    [
        'with op.batch_alter_table("bookings") as batch:\n        batch.drop_column("deposit")\n',
        'op.get_bind().execute(sa.text("SELECT 1")).fetchall()\n',
    ],
)
def test_what_reads_the_live_database_is_unknown_and_not_red(
    here: Stage, bookings: Bookings, body: str
) -> None:
    reversal = third(here, bookings, body)
    assert (reversal.impossible, reversal.loss.word) == ("", "unknown")
    assert "third.one needs the live database" in reversal.loss.text
    assert readiness_of(Revision.objects.latest("id")).red == ()


def test_a_revision_that_is_not_there_is_red(here: Stage, bookings: Bookings) -> None:
    reversal = undoing(here, bookings, "ffff")
    assert reversal.impossible == "Alembic says: Can't locate revision identified by 'ffff'."


def test_where_it_already_is_nothing_would_be_undone(here: Stage, bookings: Bookings) -> None:
    reversal = undoing(here, bookings, "deposits")
    assert reversal.impossible == "Nothing would be undone: no downgrade."


def test_a_database_without_a_revision_is_red(here: Stage, bookings: Bookings) -> None:
    bookings.database.unlink()
    assert "of no revision" in undoing(here, bookings, "0001_bookings").impossible


def test_several_revisions_at_once_are_not_told_apart(here: Stage, bookings: Bookings) -> None:
    bookings.write("branch", "0001_bookings", NOTHING)
    bookings.alembic("upgrade", "heads")
    reversal = undoing(here, bookings, "0001_bookings")
    assert (reversal.impossible, reversal.loss.word) == ("", "unknown")
    assert "several revisions at once" in reversal.loss.text


def test_another_configuration_and_another_program_are_asked_alike(
    here: Stage, bookings: Bookings
) -> None:
    (bookings.folder / "alembic.ini").rename(bookings.folder / "other.ini")
    command = f"{sys.executable} -m alembic -c other.ini downgrade -1"
    (reversal,) = asked(here, plan(here, bookings.folder, command)).reversals
    assert (len(reversal.operations), reversal.problem) == (5, "")
