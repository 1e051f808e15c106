"""Whether the databases that a rollback touches can be reached from where it touches them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rollback_console.engine.snapshot import Snapshot

from ..data_loss.cost import Errands
from ..data_loss.migrations import Question
from .database_clients import clients
from .probes import Probe

_IN = 'cd "${1:-.}" 2>/dev/null || exit 90; shift; exec "$@" </dev/null'
_SIGN_IN = 'from django.db import connections; connections["{}"].ensure_connection()'
# A plan that starts the server itself needs none that runs.
_STARTS = re.compile(r"\bsystemctl\s+(?:re)?start\s+[^\n]*(?:mariadb|mysql|postgres)")


def databases(snapshot: Snapshot, costs: Mapping[str, Errands]) -> Iterator[Probe]:
    """One question for each client of a database, on each host where it runs.

    `costs` is what each host is asked about the cost.
    """
    if any(_STARTS.search(step.script) for step in snapshot.steps):
        return
    found: dict[tuple[str, tuple[str, ...]], Probe] = {}
    for each in [*_of_steps(snapshot), *_of_errands(costs)]:
        found.setdefault((each.host, each.argv), each)
    yield from found.values()


def _of_steps(snapshot: Snapshot) -> Iterator[Probe]:
    for step in snapshot.steps:
        for subject, words in clients(step.script, snapshot.parameters):
            argv = _argv(step.cwd, step.user, words)
            for host in step.hosts:
                yield Probe(host, step.position, "database", subject, argv)


def _of_errands(costs: Mapping[str, Errands]) -> Iterator[Probe]:
    for host, errands in costs.items():
        for question in errands.questions:
            if question.python:
                argv = _argv(question.cwd, "", (*question.python, *_signing_in(question)))
                yield Probe(host, question.position, "database", "manage.py", argv)
        for measure in errands.measures:
            for subject, words in clients(measure.run, {}):
                argv = _argv(measure.place.cwd, measure.place.user, words)
                yield Probe(host, 0, "database", subject, argv)


def _signing_in(question: Question) -> tuple[str, ...]:
    named = [word[11:] for word in question.argv if word.startswith("--database=")]
    return ("shell", "-v", "0", "-c", _SIGN_IN.format(named[0] if named else "default"))


def _argv(cwd: str, user: str, words: tuple[str, ...]) -> tuple[str, ...]:
    account = ("sudo", "-n", "-u", user) if user and words[:1] != ("sudo",) else ()
    return ("sh", "-c", _IN, "sh", cwd, *account, *words)
