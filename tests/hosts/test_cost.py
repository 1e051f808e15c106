"""Would it work, and what would it cost: asked of a real Django service with its MariaDB, read on
the pages, and then done, so that what was said can be compared with what became of the rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from rollback_console.plans.models import ProbeResult
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.sweeper import readiness_schedule
from tests import make
from tests.api.caller import Caller
from tests.hosts.build import RECIPE
from tests.hosts.console import (
    CODE,
    SITE,
    drive,
    dumped,
    health,
    let_through,
    log_of,
    staged,
    told,
)
from tests.hosts.machines import Host, Machines
from tests.hosts.plans import RESTORING, REVERSING, TWO_WAYS
from tests.web.conftest import words

pytestmark = [pytest.mark.hosts, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def serving(machines: Machines) -> Iterator[Host]:
    """One host for this file, with the third release and rows in it."""
    (host,) = machines.start(1)
    shutil.copytree(RECIPE / "third", host.root / "root/third")
    shutil.copy(RECIPE / "third.sh", host.root / "root/third.sh")
    host.sh("sh /root/third.sh /root/third")
    yield host
    machines.stop()


@pytest.fixture
def here(serving: Host, db: None, settings: Any) -> Iterator[make.Stage]:
    """Before and after each test the host is as the third release left it."""
    settings.READINESS_EVERY = timedelta(minutes=10)
    yield staged([serving])
    migrate(serving)


@pytest.fixture
def reader(here: make.Stage) -> Caller:
    """Programs that read what people see."""
    return Caller(here.cast)


def test_what_the_newer_release_removed_returns_empty_and_the_page_says_so(
    serving: Host, here: make.Stage, reader: Caller
) -> None:
    rollback = requested(here, reversing("calls 0001"))
    page = seen(here.cast.lee, rollback)
    empty = "dangerous It was removed. It returns empty: only a dump holds what was in it."
    assert f"calls.0002_forget Undo Remove field note from call {empty}" in page
    assert f"calls.0002_forget Undo Delete model Recording {empty}" in page
    assert "data loss: none" in page
    assert answers(reader, rollback)["loss"] == "none"
    done(here, rollback)
    assert rows(serving, "SELECT caller, note FROM calls_call ORDER BY id") == ["Amal\t", "Bente\t"]
    assert rows(serving, "SELECT COUNT(*) FROM calls_recording") == ["0"]


def test_counted_rows_are_said_lost_and_brought_back(
    serving: Host, here: make.Stage, reader: Caller
) -> None:
    serving.sh("mysql iact_staging -e 'CREATE TABLE old_shifts (id INTEGER)'")
    serving.sh(f"mysqldump iact_staging > {CODE}/before.sql && chmod a+r {CODE}/before.sql")
    serving.sh("mysql iact_staging -e 'DROP TABLE old_shifts'")
    agents, calls = counts(serving)
    highest = "SELECT MAX(id) FROM agents_agent UNION ALL SELECT MAX(id) FROM calls_call"
    last_agent, last_call = rows(serving, highest)
    for name in ("Dara", "Enzo"):
        serving.sh(f"curl -sf -d name={name} localhost/api/agents")
    rows(serving, "INSERT INTO calls_call SET caller = 'Fen'")
    before = dumped(serving)
    rollback = requested(here, RESTORING.format(agents=last_agent, calls=last_call, code=CODE))
    assert {verdict for _, verdict in databases(reader, rollback)} == {"ready"}
    lost = "at least 2 agents since the dump, 1 calls since the dump, 2 tables; not known"
    assert f"data loss: {lost}" in seen(here.cast.lee, rollback)
    assert str(answers(reader, rollback)["loss_text"]).startswith(lost)
    done(here, rollback)
    assert counts(serving) == (agents, calls)
    undoing = undone(here, rollback)
    page = seen(here.cast.lee, undoing)
    assert "data loss: unknown , because step 2, Put the database back" in page
    done(here, undoing)
    assert counts(serving) == (agents + 2, calls + 1)
    assert dumped(serving) == before
    assert health(serving)[1]["agents"] == agents + 2


def test_a_rename_is_called_one_and_keeps_its_rows(serving: Host, here: make.Stage) -> None:
    rollback = requested(here, reversing("teams 0001"))
    page = seen(here.cast.lee, rollback)
    renamed = "requires data migration It gets its old name back. No data goes."
    assert f"teams.0002_crew Undo Rename model Team to Crew {renamed}" in page
    assert f"teams.0002_crew Undo Rename field name on crew to title {renamed}" in page
    assert "data loss: none" in page
    done(here, rollback)
    assert rows(serving, "SELECT name FROM teams_team ORDER BY id") == ["Early", "Late"]


def test_what_cannot_be_undone_is_called_impossible_and_fails_as_foretold(
    serving: Host, here: make.Stage, reader: Caller
) -> None:
    rollback = requested(here, reversing("ledger 0001"))
    page = seen(here.cast.lee, rollback)
    why = "ledger.0002_cents cannot be undone (Raw Python operation -> IRREVERSIBLE)"
    assert "impossible as it stands" in page
    assert f"{why}: the reversal would stop there." in page
    answered = answers(reader, rollback)
    assert (answered["word"], answered["loss"]) == ("not ready", "unknown")
    assert answered["impossible"].startswith(why)
    (cell,) = [each for each in answered["probes"] if each["kind"] == "reversal"]
    assert (cell["verdict"], cell["subject"]) == ("not_ready", "ledger 0001")
    approve(here, rollback)
    let_through(drive(rollback), here)
    rollback = drive(rollback)
    assert rollback.question["kind"] == "failed", told(rollback)
    assert "IrreversibleError" in log_of(rollback, 1)
    assert rows(serving, "SELECT cents FROM ledger_entry") == ["300"]


def test_where_the_rule_blocks_what_is_impossible_is_not_approved(
    serving: Host, here: make.Stage
) -> None:
    here.environment.readiness_rule = "block"
    here.environment.save()
    rollback = requested(here, reversing("ledger 0001"))
    client = make.signed_in(here.cast.lee)
    response = words(approving(client, rollback, follow=True))
    assert "the preflight checks fail: " in response
    assert "ledger.0002_cents cannot be undone" in response
    rollback.refresh_from_db()
    assert (rollback.state, rollback.approvals.count()) == ("requested", 0)


def test_of_two_procedures_the_impossible_one_is_marked(serving: Host, here: make.Stage) -> None:
    revision = make.plan(here, TWO_WAYS.format(site=SITE))
    readiness_schedule.ask_all(revision, why="person")
    make.hosts_answer(approving=here.cast.lee)
    page = words(make.signed_in(here.cast.dana).get(f"/plans/{revision.plan.slug}/request/"))
    first, second = page.split("Wrong names", 1)
    assert "impossible as it stands" in first
    assert "impossible" not in second


def test_a_database_that_is_down_is_red_before_anybody_needs_it(
    serving: Host, here: make.Stage, reader: Caller
) -> None:
    rollback = requested(here, reversing("teams 0001"))
    assert databases(reader, rollback) == [("manage.py", "ready")]
    serving.sh("systemctl stop mariadb.socket mariadb")  # the socket would start it again
    try:
        make.signed_in(here.cast.dana).post(f"/rollbacks/{rollback.pk}/readiness/")
        make.hosts_answer(approving=here.cast.lee)
    finally:
        serving.sh("systemctl start mariadb.socket mariadb")
    assert databases(reader, rollback) == [("manage.py", "not_ready")]
    page = seen(here.cast.lee, rollback)
    assert "The database of manage.py does not answer from here (django.db.utils.Operat" in page
    assert "Start it, or correct its address or this account's login." in page


def test_what_became_impossible_after_the_approval_does_not_begin(
    serving: Host, here: make.Stage, reader: Caller
) -> None:
    here.environment.readiness_rule = "block"
    here.environment.save()
    rollback = requested(here, reversing("teams 0001"))
    approve(here, rollback)
    ProbeResult.objects.update(at=db_clock.later(-timedelta(minutes=2)))
    migrate(serving, "teams 0001")  # somebody else has been there
    rollback = drive(rollback)
    assert (rollback.state, rollback.runs.count()) == ("approved", 0)
    page = seen(here.cast.dana, rollback)
    assert "the preflight checks fail: Nothing would" in page
    assert "Start rollback" in seen(here.cast.sam, rollback)


def databases(reader: Caller, rollback: Rollback) -> list[tuple[str, str]]:
    probes = answers(reader, rollback)["probes"]
    return [(each["subject"], each["verdict"]) for each in probes if each["kind"] == "database"]


def migrate(host: Host, target: str = "") -> None:
    host.sh(f"cd {SITE} && runuser -u deploy -- python manage.py migrate -v 0 {target}")


def reversing(target: str) -> str:
    return REVERSING.format(site=SITE, target=target)


def requested(here: make.Stage, text: str) -> Rollback:
    """dana asks for it, and a worker has asked the host."""
    revision = make.plan(here, text)
    rollback = requests.open_request(revision, by=here.cast.dana, reason="Errors", choices={})
    make.hosts_answer(approving=here.cast.lee)
    return rollback


def undone(here: make.Stage, rollback: Rollback) -> Rollback:
    """dana asks on the page that the rollback itself be undone."""
    client = make.signed_in(here.cast.dana)
    response = client.post(
        f"/rollbacks/{rollback.pk}/reversals/", {"reason": "It was not the cause"}
    )
    assert response.status_code == 303
    make.hosts_answer(approving=here.cast.lee)
    return Rollback.objects.latest("id")


def done(here: make.Stage, rollback: Rollback) -> None:
    """lee approves on the page, sam opens the gate, and it succeeds."""
    approve(here, rollback)
    rollback = drive(rollback)
    while rollback.question.get("kind") == "gate":
        let_through(rollback, here)
        rollback = drive(rollback)
    assert rollback.state == "succeeded", told(rollback)


def approve(here: make.Stage, rollback: Rollback) -> None:
    assert approving(make.signed_in(here.cast.lee), rollback).status_code == 303
    rollback.refresh_from_db()
    assert rollback.state == "approved"


def approving(client: Client, rollback: Rollback, *, follow: bool = False) -> Any:
    fields = {"snapshot_sha256": rollback.snapshot_sha256}
    return client.post(f"/rollbacks/{rollback.pk}/approvals/", fields, follow=follow)


def seen(person: User, rollback: Rollback) -> str:
    return words(make.signed_in(person).get(f"/rollbacks/{rollback.pk}/"))


def answers(reader: Caller, rollback: Rollback) -> Any:
    """The same as programs read it."""
    slug = rollback.revision.plan.slug
    return json.loads(reader.get(f"/plans/{slug}/readiness").content)


def counts(host: Host) -> tuple[int, int]:
    agents, calls = rows(
        host, "SELECT COUNT(*) FROM agents_agent UNION ALL SELECT COUNT(*) FROM calls_call"
    )
    return int(agents), int(calls)


def rows(host: Host, query: str) -> list[str]:
    return host.sh(f'mysql -N iact_staging -e "{query}"').splitlines()
