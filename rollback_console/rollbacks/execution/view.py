"""From rows to the frozen view that the engine decides on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from rollback_console.engine.decide import RunView, View
from rollback_console.engine.snapshot import Snapshot, parse_snapshot
from rollback_console.engine.states import IN_FLIGHT, RollbackState, StepState
from rollback_console.plans.inventory.changes import changes_of_host
from rollback_console.plans.inventory.host_specs import known_hosts

from .. import db_clock
from ..models import Rollback, StepAnswer, StepRun


def snapshot_of(text: str) -> Snapshot:
    """A snapshot as it is stored, to be shown; parsed once.

    Nobody acts on it: `approved_snapshot.approved_snapshot` verifies its hash.
    """
    return parse_snapshot(text)


@dataclass(frozen=True, slots=True)
class GivenAnswers:
    """What people answered so far, each together with an event.

    `steps` in order, `checks` by key, and `excluded` hosts.
    """

    steps: tuple[StepAnswer, ...]
    checks: dict[str, str]
    excluded: frozenset[str]


def read_answers(rollback: Rollback) -> GivenAnswers:
    """The answers as they are now."""
    steps = tuple(rollback.step_answers.order_by("id"))
    return GivenAnswers(steps, latest_checks(rollback), excluded_hosts(rollback))


def build(
    rollback: Rollback,
    runs: list[StepRun] | None = None,
    answers: GivenAnswers | None = None,
) -> View:
    """The view of a rollback, in a fixed number of queries.

    `runs` is `latest` and `answers` is `read_answers`, where known.
    """
    runs = latest(rollback) if runs is None else runs
    answers = answers or read_answers(rollback)
    snapshot = snapshot_of(rollback.snapshot)
    keys = {check.key for check in snapshot.checks}
    moment = db_clock.now()
    refused = _refused_hosts(snapshot, runs)
    extended = [each.at for each in answers.steps if each.kind == "overtime"]
    return View(
        state=RollbackState(rollback.state),
        steps=snapshot.steps,
        runs=tuple(_run(run, moment, refused) for run in runs),
        gates=_let_through("gate", answers.steps, snapshot),
        canaries=_let_through("canary", answers.steps, snapshot),
        excluded=answers.excluded,
        unanswered_checks=frozenset(keys - answers.checks.keys()),
        failed_checks=frozenset(key for key, answer in answers.checks.items() if answer == "fail"),
        pause_asked=rollback.pause_asked,
        abort_asked=rollback.abort_asked,
        unreachable_limit=settings.UNREACHABLE_LIMIT.total_seconds(),
        connect_limit=settings.CONNECT_PATIENCE,
        running_for=_since(extended[-1] if extended else rollback.started_at, moment),
        time_limit=snapshot.time_limit,
    )


def aborting(rollback: Rollback, runs: list[StepRun]) -> View:
    """The view of a rollback that only ends what runs: it takes no snapshot."""
    moment = db_clock.now()
    return View(
        state=RollbackState(rollback.state),
        steps=(),
        runs=tuple(_run(run, moment) for run in runs),
        abort_asked=True,
        unreachable_limit=settings.UNREACHABLE_LIMIT.total_seconds(),
        connect_limit=settings.CONNECT_PATIENCE,
    )


def excluded_hosts(rollback: Rollback) -> frozenset[str]:
    """Hosts that a person left out of what is to come: nothing runs there again either."""
    exclusions = rollback.events.filter(kind="host.excluded").values_list("facts", flat=True)
    return frozenset(str(facts.get("host", "")) for facts in exclusions)


def _let_through(kind: str, answers: Iterable[StepAnswer], snapshot: Snapshot) -> frozenset[int]:
    """Positions at which people said go; it counts once, so not for what runs another time.

    Going on from a step runs it and all behind it again, and an undo runs its step again. What
    was undone is another time when it is tried anew: its gate is asked again.
    """
    passed: set[int] = set()
    for each in answers:
        if each.kind == kind:
            passed.add(each.position)
        elif each.kind == "resume":
            passed = {position for position in passed if position < each.position}
        elif each.answer == "undo":
            passed.discard(snapshot.step(each.position).undo)
            if kind == "gate":
                passed.discard(each.position)
    return frozenset(passed)


def deadline(rollback: Rollback) -> datetime | None:
    """When nothing more starts unless a person allows more time; None without a limit."""
    limit = snapshot_of(rollback.snapshot).time_limit
    extended = rollback.step_answers.filter(kind="overtime").order_by("-id").first()
    since = extended.at if extended else rollback.started_at
    return since + timedelta(seconds=limit) if limit and since else None


def latest(rollback: Rollback) -> list[StepRun]:
    """The last attempt of each step on each host, in order."""
    runs: dict[tuple[int, str], StepRun] = {}
    # Thousands may be read many times a minute, and few of these lists are ever looked at.
    rows = rollback.runs.defer("flags", "survivors").order_by("position", "host", "attempt")
    for run in rows:
        runs[run.position, run.host] = run
    return list(runs.values())


def latest_checks(rollback: Rollback) -> dict[str, str]:
    """The last answer to each check, by key."""
    return dict(rollback.check_answers.order_by("id").values_list("key", "answer"))


def _refused_hosts(snapshot: Snapshot, runs: list[StepRun]) -> frozenset[str]:
    """Silent hosts that are not as approved. Their records are read only where one is silent."""
    silent = {run.host for run in runs if run.unreachable_since and run.state in IN_FLIGHT}
    hosts = known_hosts(silent) if silent else {}
    return frozenset(
        name for name in silent if changes_of_host(snapshot.host(name), hosts.get(name), begun=True)
    )


def _run(run: StepRun, moment: datetime, refused: frozenset[str] = frozenset()) -> RunView:
    return RunView(
        token=str(run.token),
        position=run.position,
        host=run.host,
        attempt=run.attempt,
        state=StepState(run.state),
        answer=run.answer,
        ended_ago=_since(run.ended_at, moment),
        running_for=_since(run.started_at, moment),
        unreachable_for=_since(run.unreachable_since, moment),
        refused=run.host in refused,
    )


def _since(start: datetime | None, moment: datetime) -> float:
    return (moment - start).total_seconds() if start else 0.0
