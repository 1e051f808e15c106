"""The console's side: a stage bound to real hosts, and rollbacks driven over real SSH."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from rollback_console.plans.models import HostGroup, Revision, Secret
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.actions import approvals, requests, steering
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make
from tests.hosts.machines import PATIENCE, Host
from tests.toolbox.waiting import until

SEED = (Path(__file__).parents[1] / "documents" / "seed.md").read_text()
DUMP = "backup_20251112_010000.sql"
CODE = "/srv/iact"
SITE = f"{CODE}/api/callcentersite"
PASSWORD = "calls-on-hold-4711"

# What the seed leaves unsaid: the folders its steps assume, and where the database is.
BINDINGS: dict[str, Any] = {
    "hosts": "app",
    "steps": {
        "restore-code": {"cwd": CODE},
        "restore-database": {"cwd": CODE},
        "verify-rollback": {"cwd": SITE},
    },
    "facts": {"DB_HOST": "localhost", "DB_USER": "iact"},
}
VALUES = {
    "PRE_DEPLOY_TAG": "pre-deploy-20251112-011044",
    "BACKUP_FILE": DUMP,
    "APP_NAME": "agents",
    "PREVIOUS_MIGRATION_NUMBER": "0001",
}
FROM_DUMP, REVERSED = 0, 1


def staged(hosts: list[Host]) -> make.Stage:
    """The cast, and these hosts as the group `app`."""
    first, *others = hosts
    stage = make.stage(address=first.address())
    group = HostGroup.objects.create(environment=stage.environment, name="app")
    group.hosts.add(stage.host)
    for host in others:
        group.hosts.add(make.host(stage.environment, host.name, stage.cast.ada, host.address()))
    Secret.objects.create(environment=stage.environment, name="DB_PASSWORD", value=PASSWORD)
    return stage


def asked(stage: make.Stage, revision: Revision, **choices: Any) -> Rollback:
    """A rollback that dana asked for and lee approved; nothing drives it yet."""
    rollback = requests.open_request(
        revision, by=stage.cast.dana, reason="The health page answers 500", choices=choices
    )
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    return rollback


def seed_choices(database: int, **values: str) -> dict[str, Any]:
    """Back to the tag, and the database in one of its two ways."""
    return {
        "procedure": "rollback-steps",
        "alternatives": {"restore-code": 1, "restore-database": database},
        "conditions": {"restore-database": "run"},
        "parameters": VALUES | values,
    }


def drive(rollback: Rollback) -> Rollback:
    """Slices until nothing is due, as a worker would."""
    while driver.advance(rollback.pk):
        pass
    rollback.refresh_from_db()
    return rollback


def let_through(rollback: Rollback, stage: make.Stage) -> None:
    """sam opens the gate the rollback stands at."""
    rollback.refresh_from_db()
    assert rollback.question["kind"] == "gate", (rollback.question, told(rollback))
    position = rollback.question["position"]
    steering.answer(rollback, position=position, by=stage.cast.sam, answer="go")


@contextmanager
def driving(rollback: Rollback) -> Iterator[None]:
    """A worker of its own drives it meanwhile; at the end nothing is due any more."""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            drive(Rollback.objects.get(pk=rollback.pk))
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    except BaseException:
        driver.stopping.set()
        raise
    finally:
        worker.join(timeout=2 * PATIENCE)
    assert not errors
    assert not worker.is_alive()
    rollback.refresh_from_db()


def pass_all_checks(rollback: Rollback, stage: make.Stage) -> None:
    for check in snapshot_of(rollback.snapshot).checks:
        steering.answer_check(rollback, key=check.key, by=stage.cast.dana, answer="pass")


def run_of(rollback: Rollback, position: int, host: str = "app-1") -> StepRun:
    return rollback.runs.filter(position=position, host=host).latest("attempt")


def log_of(rollback: Rollback, position: int, host: str = "app-1") -> str:
    return log_store.read_log(run_of(rollback, position, host)).decode()


def told(rollback: Rollback) -> str:
    """Everything that is known, for a test that fails."""
    runs = [
        f"{run.position} {run.host} attempt {run.attempt}: {run.state} {run.exit_code} {run.why}\n"
        f"{log_store.read_log(run).decode('utf-8', 'replace')}"
        for run in rollback.runs.all()
    ]
    return "\n".join([f"{rollback.state} {rollback.question}", *runs])


def await_run(rollback: Rollback, **facts: Any) -> StepRun:
    """A step run for which all this holds, as soon as there is one."""
    matching = rollback.runs.filter(**facts)
    until(matching.exists, seconds=PATIENCE, details=lambda: told(rollback))
    return matching[0]


def health(host: Host) -> tuple[int, dict[str, Any]]:
    """What the service says to the world: status and, when healthy, its facts."""
    http_connection = http.client.HTTPConnection(host.ip, timeout=PATIENCE)
    try:
        http_connection.request("GET", "/api/health")
        answer = http_connection.getresponse()
        body = answer.read()
    finally:
        http_connection.close()
    return answer.status, json.loads(body) if answer.status == 200 else {}


def columns(host: Host) -> list[str]:
    """The columns of the table that the broken release changed."""
    return host.sh("mysql -N iact_staging -e 'SHOW COLUMNS FROM agents_agent' | cut -f 1").split()


def dumped(host: Host) -> str:
    """The database as a dump, to compare."""
    settings = "--defaults-extra-file=/etc/iact/database.cnf"
    return host.sh(f"mysqldump {settings} --skip-dump-date iact_staging")
