"""Whether the databases that a rollback touches can be signed in to from where it touches them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rollback_console.engine.snapshot import Snapshot

from ..data_loss.cost import CostQuestions
from ..data_loss.migrations import MigrationQuestion
from .database_clients import DatabaseLogin, database_logins
from .probe_scripts import ENTER, shell
from .probes import Probe
from .step_commands import is_account
from .targets import Targets

_RUN = ENTER + 'shift; exec "$@" </dev/null'
_SIGN_IN = 'from django.db import connections; connections["{}"].ensure_connection()'
# A plan that starts the server itself needs none that runs.
_STARTS = re.compile(r"\bsystemctl[ \t]+(?:re)?start[ \t]")
_SERVER = re.compile(r"mariadb|mysql|postgres")


def database_probes(
    snapshot: Snapshot, costs: Mapping[str, CostQuestions], targets: Targets
) -> Iterator[Probe]:
    """One question for each client of a database, on each host where it runs.

    `costs` is what each host is asked about the cost.
    """
    if any(starts_server(step.script) for step in snapshot.steps):
        return
    by_command: dict[tuple[str, str, tuple[str, ...]], Probe] = {}
    for each in [*_of_steps(snapshot, targets), *_of_costs(costs, targets)]:
        by_command.setdefault((each.host, each.refusal, each.argv), each)
    yield from by_command.values()


def starts_server(script: str) -> bool:
    """Whether a step starts a database server itself."""
    lines = ((line, _STARTS.search(line)) for line in script.splitlines())
    return any(start and _SERVER.search(line, start.end()) for line, start in lines)


def _of_steps(snapshot: Snapshot, targets: Targets) -> Iterator[Probe]:
    for step in snapshot.steps:
        for login in database_logins(step.script, snapshot.parameters):
            for host in step.hosts:
                yield _probe(host, step.position, login, step.cwd, step.user, targets)


def _of_costs(costs: Mapping[str, CostQuestions], targets: Targets) -> Iterator[Probe]:
    for host, cost_questions in costs.items():
        for question in cost_questions.questions:
            if question.python:
                yield _django_probe(host, question)
        for measure in cost_questions.measures:
            for login in database_logins(measure.run, {}):
                yield _probe(host, 0, login, measure.runs_on.cwd, measure.runs_on.user, targets)


def _django_probe(host: str, question: MigrationQuestion) -> Probe:
    named = [word[11:] for word in question.argv if word.startswith("--database=")]
    code = _SIGN_IN.format(named[0] if named else "default")
    words = (*question.python, "shell", "-v", "0", "-c", code)
    return Probe(
        host,
        question.position,
        "database",
        "manage.py",
        ("sh", "-c", _RUN, "sh", question.cwd, *words),
        folder=question.cwd,
        server="as the service's settings say",
        needs_approval=True,
    )


def _probe(
    host: str, position: int, login: DatabaseLogin, cwd: str, user: str, targets: Targets
) -> Probe:
    account = login.account or user
    refusal = login.refusal or (targets.server_refusal(login.server) if login.server else "")
    if account and not is_account(account):
        refusal = f"“{account}” is no account's name."
    return Probe(
        host,
        position,
        "database",
        login.subject,
        shell(account, _RUN, cwd, *login.argv),
        account=account,
        folder=cwd,
        server=login.server or login.socket or "the local server",
        needs_approval=True,
        refusal=refusal,
    )
