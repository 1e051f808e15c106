"""The common promise: what must hold after every fault, once it is healed."""

from __future__ import annotations

from django.db import connection

from rollback_console.engine.states import LIVE, TERMINAL, RollbackState, StepState
from rollback_console.rollbacks import events, log_store
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.execution.view import latest, snapshot_of
from rollback_console.rollbacks.models import Event, Rollback, StepRun
from tests import tally
from tests.make import Stage
from tests.toolbox.waiting import until

from .ground import Ground

ENDED = frozenset(StepState) - {StepState.PENDING, StepState.LAUNCHING, StepState.RUNNING}
KNOWN = frozenset({StepState.SUCCEEDED, StepState.FAILED, StepState.TIMED_OUT})


def fresh(rollback: Rollback) -> Rollback:
    return Rollback.objects.get(pk=rollback.pk)


def story(rollback: Rollback) -> str:
    """Everything that is known, for a test that fails."""
    row = fresh(rollback)
    runs = [f"{run} {run.state} {run.exit_code} {run.why} {run.flags}" for run in row.runs.all()]
    events_ = [f"{e.seq} {e.at} {e.kind} {e.facts}" for e in row.events.order_by("seq")]
    lease = f"fence {row.fence} lease {row.lease_owner} {row.lease_until} due {row.due_at}"
    return "\n".join([f"{row.state} {row.question} {lease}", *runs, *events_])


def comes_to(rollback: Rollback, *states: str, seconds: float = 120.0) -> Rollback:
    """The rollback, once it is in one of these states."""
    until(
        lambda: fresh(rollback).state in states,
        f"rollback {rollback.pk} becomes {' or '.join(states)}",
        seconds=seconds,
        details=lambda: story(rollback),
        hopeless=lambda: fresh(rollback).state in TERMINAL,
    )
    tally.ended()
    return fresh(rollback)


def run_of(rollback: Rollback, position: int) -> StepRun:
    """The last attempt of a step."""
    return rollback.runs.filter(position=position).latest("attempt")


def becomes(rollback: Rollback, position: int, *states: str) -> StepRun:
    """The step's last attempt, once it is in one of these states."""
    until(
        lambda: rollback.runs.filter(position=position, state__in=states).exists(),
        f"step {position} becomes {' or '.join(states)}",
        details=lambda: story(rollback),
        hopeless=lambda: fresh(rollback).state in TERMINAL,
    )
    tally.ended()
    return run_of(rollback, position)


def succeeds(rollback: Rollback, stage: Stage) -> Rollback:
    """Every step is done; dana finds all well; the rollback is over."""
    row = comes_to(rollback, RollbackState.VERIFYING)
    for check in snapshot_of(row.snapshot).checks:
        steering.answer_check(row, key=check.key, by=stage.cast.dana, answer="pass")
    return comes_to(row, RollbackState.SUCCEEDED)


def kept(rollback: Rollback, ground: Ground) -> Rollback:
    """Judge one rollback: effects, logs, states, events, and who looks after it."""
    row = fresh(rollback)
    _each_attempt_had_one_effect(row, ground)
    _logs_are_exact(row, ground)
    _states_are_true(row, ground)
    _each_end_is_told_once(row)
    _somebody_comes(row)
    assert not list(events.flaws())
    return row


def _each_attempt_had_one_effect(row: Rollback, ground: Ground) -> None:
    starts = ground.starts()
    for position in {run.position for run in row.runs.all()}:
        attempts = list(row.runs.filter(position=position).exclude(state=StepState.PENDING))
        certain = [run for run in attempts if run.exit_code is not None]
        tally.judged("attempts", len(attempts))
        tally.judged("double effects", max(0, starts[position] - len(attempts)))
        assert len(certain) <= starts[position] <= len(attempts), (starts, story(row))


def _logs_are_exact(row: Rollback, ground: Ground) -> None:
    for run in latest(row):
        if run.state not in KNOWN or run.exit_code is None or "truncated" in run.flags:
            continue
        attempts = row.runs.filter(position=run.position).exclude(state=StepState.PENDING)
        stored, printed = (
            b"".join(log_store.read_log(each) for each in attempts),
            ground.said(run.position),
        )
        tally.judged("bytes", len(printed))
        tally.judged("wrong bytes", _differing(stored, printed))
        assert stored == printed, (len(stored), story(row))
        assert run.stored == sum(run.chunks.values_list("length", flat=True))


def _differing(stored: bytes, printed: bytes) -> int:
    """Bytes that are not the same at their place, or that only one of the two has."""
    if stored == printed:
        return 0
    same = sum(1 for ours, theirs in zip(stored, printed, strict=False) if ours == theirs)
    return max(len(stored), len(printed)) - same


def _states_are_true(row: Rollback, ground: Ground) -> None:
    ends = ground.ends()
    for run in latest(row):
        if run.state == StepState.SUCCEEDED:
            assert run.exit_code == 0 and ends[run.position] == 1, story(row)
    if row.state == RollbackState.SUCCEEDED:
        done = {StepState.SUCCEEDED, StepState.SKIPPED}
        assert all(run.state in done or run.answer for run in latest(row)), story(row)
    if row.state in TERMINAL:
        assert not row.runs.filter(state__in=["launching", "running"]).exists(), story(row)
        assert not hasattr(row, "lock")


def _each_end_is_told_once(row: Rollback) -> None:
    endings = Event.objects.filter(rollback=row, kind__in=["step.finished", "step.lost"])
    tokens = [event.facts["token"] for event in endings]
    assert len(tokens) == len(set(tokens)), story(row)
    assert {str(run.token) for run in row.runs.filter(state__in=ENDED - {"skipped"})} == set(tokens)


def _somebody_comes(row: Rollback) -> None:
    """Not over and no person asked: then somebody holds the lease, or it is due."""
    if row.state in LIVE and not row.question:
        assert row.lease_until or row.due_at, story(row)
    assert connection.vendor  # the rows above came from the console's own database
