"""Whether a step's database answers, asked of real ones through a real sshd."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.plans.models import ProbeResult, Revision, Secret
from tests import make
from tests.make import PLAN, Stage
from tests.servers import MariaDb

from .test_cost import Shop, undoing

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

RESTORE = "mariadb -u root -S {socket} {name} < before.sql"


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with MariaDb() as server:
        yield server


def asked(here: Stage, revision: Revision) -> dict[str, ProbeResult]:
    """The rows about databases, by what they are about."""
    readiness, _ = make.checked(here, revision)
    return {each.subject: each for each in readiness.results if each.kind == "database"}


def running(here: Stage, command: str, head: str = "") -> Revision:
    return make.plan(here, head + PLAN.replace("echo restoring", command))


def restoring(here: Stage, server: MariaDb, name: str = "console", head: str = "") -> Revision:
    return running(here, RESTORE.format(socket=server.socket, name=name), head)


def test_a_database_that_answers_has_a_row_of_its_own(here: Stage, server: MariaDb) -> None:
    (row,) = asked(here, restoring(here, server)).values()
    assert (row.host, row.position, row.verdict) == ("app-1", 2, "ready")
    assert row.detail == "The database of mariadb console answers."


def test_one_that_is_not_there_is_red_with_what_it_said_and_what_to_do(
    here: Stage, server: MariaDb
) -> None:
    (row,) = asked(here, restoring(here, server, "nowhere")).values()
    assert row.verdict == "not_ready"
    assert "Unknown database 'nowhere'" in row.detail
    assert "Start it, or correct its address or this account's login." in row.detail


def test_a_server_that_is_down_is_red(here: Stage, server: MariaDb) -> None:
    revision = running(here, f"mariadb -S {server.folder}/nobody console < before.sql")
    (row,) = asked(here, revision).values()
    assert row.verdict == "not_ready"
    assert "connect" in row.detail


def test_where_only_the_step_has_the_password_the_server_is_asked_for_a_sign_of_life(
    here: Stage, server: MariaDb
) -> None:
    Secret.objects.create(environment=here.environment, name="DB_PASSWORD", value="not-this-one")
    command = "mysql -u nobody -S {} -p$DB_PASSWORD console < before.sql"
    (row,) = asked(here, running(here, command.format(server.socket))).values()
    assert row.verdict == "ready"
    (row,) = asked(here, running(here, command.format(f"{server.folder}/nobody"))).values()
    assert row.verdict == "not_ready"


def test_what_a_measure_and_a_dump_read_is_asked_too(here: Stage, tmp_path: Path) -> None:
    subprocess.run(["sqlite3", str(tmp_path / "shop"), "CREATE TABLE calls (id INTEGER)"])
    count = "SELECT COUNT(*) FROM calls"
    head = (
        f"---\nmeasures:\n  - {{what: calls, run: 'sqlite3 {tmp_path}/other \"{count}\"'}}\n"
        f"database: {{kind: sqlite, name: {tmp_path}/shop, folder: {tmp_path}/dumps}}\n---\n"
    )
    readiness = asked(here, running(here, "rm -rf old", head))
    assert {name: row.verdict for name, row in readiness.items()} == {
        f"{tmp_path}/shop": "ready",
        f"{tmp_path}/other": "not_ready",
    }


def test_a_service_of_django_signs_in_as_its_settings_say(here: Stage, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "app")
    assert asked(here, undoing(here, shop))["manage.py"].verdict == "ready"
    conf = shop.folder / "conf.py"
    conf.write_text(conf.read_text().replace('"db.sqlite3"', '"/nowhere/db.sqlite3"'))
    row = asked(here, undoing(here, shop))["manage.py"]
    assert row.verdict == "not_ready"
    assert "unable to open database file" in row.detail


def test_a_plan_that_starts_the_server_itself_needs_none_that_runs(
    here: Stage, server: MariaDb
) -> None:
    command = f"sudo systemctl start mariadb\nmariadb -S {server.folder}/nobody x < before.sql"
    assert asked(here, running(here, command)) == {}
