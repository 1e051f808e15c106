"""Carrying out what the engine decided, each decision inside the caller's transaction."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from rollback_console.engine.decide import AskPerson, QuestionKind
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.engine.states import RollbackState, StepState
from rollback_console.plans.inventory.changes import changes_since

from .. import db_clock, signals
from ..events import record
from ..events.written_columns import describe_values
from ..models import Lock, Look, Rollback, StepRun
from ..permissions import rights
from ..sweeper import readiness_rule
from .approved_snapshot import approved_snapshot
from .lease import move, move_run, move_runs, release
from .runs.run_facts import facts


def begin_rollback(row: Rollback) -> bool:
    """Take the environment's lock and lay out every run; False when it may not start.

    Raises SnapshotChanged.
    """
    if row.expires_at <= db_clock.now():
        return expire(row)
    snapshot = approved_snapshot(row)
    if why := _locked(row) or _may_not(row):
        return _refuse_start(row, why)
    Lock.objects.create(environment_id=row.environment_id, rollback=row, at=Now())
    StepRun.objects.bulk_create(_runs(row, snapshot))
    moment = db_clock.now()
    move(row, RollbackState.RUNNING, started_at=moment)
    written = describe_values(started_at=moment)
    record(row, "rollback.started", row=written, snapshot=row.snapshot_sha256)
    why = f"As approved: it goes on where rollback {snapshot.continues} stopped."
    for step in _passed(snapshot):
        record(row, "step.skipped", position=step.position, reason=why)
    return True


def expire(row: Rollback) -> bool:
    """End what was not decided or not started in time; always False."""
    was, moment = row.state, db_clock.now()
    move(row, RollbackState.EXPIRED, finished_at=moment)
    record(row, "rollback.expired", row=describe_values(finished_at=moment), state=was)
    release(row, due=None)
    return False


def start(row: Rollback, runs: list[StepRun], step: StepSpec) -> None:
    """Commit attempts of a step before their hosts are touched; a manual one goes to a person."""
    to = StepState.RUNNING if step.kind == "manual" else StepState.LAUNCHING
    moment = db_clock.now()
    move_runs(runs, to, fence=row.fence, started_at=moment)
    kind = "step.started" if step.kind == "manual" else "step.launched"
    for run in runs:
        record(row, kind, row={"fence": row.fence}, **facts(run, started_at=moment))


def retry(row: Rollback, run: StepRun, *, by: Any = None, reason: str = "") -> StepRun:
    """A new pending attempt beside one that ended."""
    again = StepRun.objects.create(
        rollback=row, position=run.position, host=run.host, attempt=run.attempt + 1
    )
    record(row, "step.retried", by=by, **facts(again), reason=reason)
    return again


def undo(row: Rollback, step: StepSpec, hosts: list[str], *, by: Any, reason: str) -> list[StepRun]:
    """Pending runs of the step that undoes another, on the hosts where that one ran."""
    last = max(row.runs.filter(position=step.position).values_list("attempt", flat=True), default=0)
    made = [
        StepRun.objects.create(rollback=row, position=step.position, host=host, attempt=last + 1)
        for host in (hosts if step.hosts else [""])
    ]
    record(row, "step.undone", by=by, position=step.position, hosts=hosts, reason=reason)
    return made


def ask_person(row: Rollback, decision: AskPerson) -> None:
    """Put a question to people, once; about a single run it names its host and exit code."""
    about = {"position": decision.position, "tokens": list(decision.tokens)}
    question = {"kind": decision.question, **about}
    if question.items() <= row.question.items():
        return
    outcome = _outcome(row, decision)
    whole = {**question, **outcome}
    Rollback.objects.filter(pk=row.pk).update(question=whole)
    if row.state == RollbackState.RUNNING:
        move(row, RollbackState.WAITING)
    kind = "gate.opened" if decision.question is QuestionKind.GATE else "question.asked"
    written = describe_values(question=whole)
    record(row, kind, row=written, question=decision.question, **about, **outcome)


def _outcome(row: Rollback, decision: AskPerson) -> dict[str, Any]:
    """How the one run that a question is about ended, for whoever reads it elsewhere."""
    if len(decision.tokens) != 1:
        return {}
    run = row.runs.get(token=decision.tokens[0])
    return {"host": run.host, "exit_code": run.exit_code} if run.host else {}


def settle(row: Rollback) -> None:
    """No question stands any more: go on."""
    if row.question:
        Rollback.objects.filter(pk=row.pk).update(question={})
        row.question = {}
    if row.state == RollbackState.WAITING:
        move(row, RollbackState.RUNNING)
        record(row, "rollback.resumed")


def verify(row: Rollback) -> None:
    """Every step is done."""
    move(row, RollbackState.VERIFYING)
    automated = [each for each in approved_snapshot(row).checks if each.look]
    Look.objects.bulk_create(
        [Look(rollback=row, key=each.key, due_at=Now()) for each in automated],
        ignore_conflicts=True,
    )
    record(row, "rollback.verifying")


def withdraw(row: Rollback, run: StepRun) -> None:
    """The host was never reached: the attempt may begin anew in a later slice."""
    move_run(run, StepState.PENDING, unreachable_since=None)
    record(row, "step.withdrawn", **facts(run))


def give_up(row: Rollback, run: StepRun) -> None:
    """A person stopped waiting for its host; moot when the host has come back meanwhile."""
    if run.unreachable_since is None:
        StepRun.objects.filter(pk=run.pk, fence=run.fence).update(answer="")
        run.answer = ""
        return
    answer = row.step_answers.filter(kind="unreachable", position=run.position).latest("id")
    moment = db_clock.now()
    move_run(run, StepState.LOST, ended_at=moment, why=answer.reason, answer="")
    record(row, "step.lost", **facts(run, ended_at=moment), state=run.state, why=answer.reason)


def stopped(row: Rollback, run: StepRun, why: str) -> None:
    """An abort that needs no host: nothing was ever started there."""
    moment = db_clock.now()
    move_run(run, StepState.ABORTED, ended_at=moment, why=why)
    record(row, "step.finished", **facts(run, ended_at=moment), state=StepState.ABORTED, why=why)


def abort(row: Rollback, position: int) -> None:
    """The plan itself asks for an abort."""
    Rollback.objects.filter(pk=row.pk).update(abort_asked=True)
    reason = "The plan says so when it fails."
    record(row, "abort.requested", row={"abort_asked": True}, position=position, reason=reason)
    enter_abort(row)


def stop_changed(row: Rollback, why: str) -> None:
    """Its snapshot is not what was approved: an alarm, nothing more starts, what runs is ended."""
    is_known = row.abort_asked and row.events.filter(kind="snapshot.changed").exists()
    is_under_way = row.state != RollbackState.APPROVED
    if is_under_way:
        Rollback.objects.filter(pk=row.pk).update(abort_asked=True)
        row.abort_asked = True
    if not is_known:
        written = {"row": {"abort_asked": True}} if is_under_way else {}
        record(row, "snapshot.changed", why=why, snapshot=row.snapshot_sha256, **written)
    if is_under_way:
        enter_abort(row)
    else:
        _refuse_start(row, why)


def enter_abort(row: Rollback) -> None:
    """From here on nothing is started."""
    if row.state != RollbackState.ABORTING:
        move(row, RollbackState.ABORTING, question={})
        row.question = {}


def finish(row: Rollback, state: RollbackState) -> None:
    """End the rollback, free its environment, give the lease back."""
    moment = db_clock.now()
    move(row, state, finished_at=moment, question={})
    Lock.objects.filter(rollback=row).delete()
    written = describe_values(finished_at=moment, fence=row.fence)
    record(row, "rollback.finished", row=written, state=state)
    release(row, due=None)
    signals.send_finished(row)


def _locked(row: Rollback) -> str:
    lock = Lock.objects.select_related("environment").filter(environment=row.environment_id)
    return "".join(f"{each.environment} is locked by rollback {each.rollback_id}." for each in lock)


def _may_not(row: Rollback) -> str:
    """What is not as approved starts nothing. Only who may still decide counts: rights are taken
    away for a reason. Who breaks glass has weighed what the hosts say."""
    if changes := changes_since(approved_snapshot(row)):
        return f"{' '.join(changes)} What was approved holds no more: refresh the request."
    if rights.glass_broken(row):
        return ""
    if rights.still_enough(row):
        return readiness_rule.refusal(row)
    return "Who approved this may not approve any more. Ask for a new rollback."


def _refuse_start(row: Rollback, why: str) -> bool:
    Rollback.objects.filter(pk=row.pk).update(start_asked=False)
    record(row, "start.refused", row={"start_asked": False}, why=why)
    release(row, due=None)
    return False


def _passed(snapshot: Snapshot) -> list[StepSpec]:
    return [
        step for step in snapshot.steps if step.position < snapshot.start_at and not step.standby
    ]


def _runs(row: Rollback, snapshot: Snapshot) -> list[StepRun]:
    passed = _passed(snapshot)
    skipped = {"state": StepState.SKIPPED, "ended_at": Now()}
    return [
        StepRun(
            rollback=row,
            position=step.position,
            host=host,
            **(skipped if step in passed else {}),
        )
        for step in snapshot.steps
        if not step.standby
        for host in (step.hosts or ("",))
    ]
