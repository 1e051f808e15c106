"""Human writes to a rollback under way: pause, answer, retry, skip, abort, notes.

Each checks the right of `by`, writes one change and one event in one transaction, and raises
`errors.Refused` with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.common.permission import may_do
from rollback_console.common.text import text_problem
from rollback_console.engine.decide import QuestionKind
from rollback_console.engine.states import (
    ENDED_BADLY,
    IN_FLIGHT,
    LIVE,
    TERMINAL,
    RollbackState,
    StepState,
    outcome,
)

from .. import database_dumps, db_clock
from ..errors import MovedOn, Refused, SecondPersonNeeded, SnapshotChanged
from ..events import record
from ..events.written_columns import describe_columns
from ..execution import apply, view
from ..execution.approved_snapshot import approved_snapshot
from ..execution.lease import move_run
from ..execution.runs.run_facts import facts
from ..models import ChecklistAnswer, Message, Rollback, StepAnswer, StepRun
from ..queries import host_exclusion
from ..questions import ANSWERERS, QUESTIONS, question_kind
from ..tasks import enqueue_after_commit
from .approvals import refuse_too_many_texts
from .second_person import require_second_person

CHECK_ANSWERS = ("pass", "fail", "not_applicable")


def pause(rollback: Rollback, *, by: User, reason: str = "") -> Rollback:
    """Start nothing more; what runs goes on and is followed."""
    with steer(rollback, by, None, states=LIVE) as row:
        if row.pause_asked:
            raise Refused("This rollback is paused already.")
        Rollback.objects.filter(pk=row.pk).update(pause_asked=True)
        record(row, "pause.requested", by=by, row={"pause_asked": True}, reason=reason)
    return row


def resume(rollback: Rollback, *, by: User, reason: str = "") -> Rollback:
    """Lift a pause."""
    with steer(rollback, by, None, states=LIVE) as row:
        if not row.pause_asked:
            raise Refused("This rollback is not paused.")
        Rollback.objects.filter(pk=row.pk).update(pause_asked=False)
        record(row, "pause.lifted", by=by, row={"pause_asked": False}, reason=reason)
    return row


def request_abort(rollback: Rollback, *, by: User, reason: str) -> Rollback:
    """End the rollback where it is: what runs is stopped on its host, with proof."""
    with steer(rollback, by, reason, states=LIVE) as row:
        if row.abort_asked:
            raise Refused("This rollback is being aborted already.")
        Rollback.objects.filter(pk=row.pk).update(abort_asked=True)
        record(row, "abort.requested", by=by, row={"abort_asked": True}, reason=reason)
    return row


def retry(rollback: Rollback, *, position: int, by: User, reason: str = "") -> list[StepRun]:
    """A new attempt of a step wherever it ended badly.

    Needs no reason after a failure; where the outcome is unknown, what was seen on the host.
    """
    with steer(rollback, by, None, states=[RollbackState.WAITING]) as row:
        bad = _bad(row, position)
        kind = question_kind(str(row.question.get("kind") or ""))
        if kind and kind.eyewitness and not reason.strip():
            raise Refused("Say what you saw on the host: it is recorded in the timeline.")
        _answered(row, position, "retry", by, reason)
        return [apply.retry(row, run, by=by, reason=reason) for run in bad]


def undo(rollback: Rollback, *, position: int, by: User, reason: str) -> list[StepRun]:
    """Run what the plan names to undo a step, on the hosts where it ended badly.

    Hosts that a person left out stay out; refused where no other is left.
    The question about the step stays: try it again, skip it, or abort.
    """
    with steer(rollback, by, reason, states=[RollbackState.WAITING]) as row:
        snapshot = approved_snapshot(row)
        bad = _bad(row, position)
        undoing = snapshot.step(position).undo
        if not undoing:
            raise Refused("The plan names no step that undoes this one.")
        step = snapshot.step(undoing)
        if why := database_dumps.why_not_undone(row, step):
            raise Refused(why)
        hosts = list(step.hosts) if step.restores else sorted({run.host for run in bad})
        hosts = _not_left_out(row, hosts)
        _answered(row, position, "undo", by, reason)
        return apply.undo(row, step, hosts, by=by, reason=reason)


def skip(
    rollback: Rollback, *, position: int, by: User, reason: str, everywhere: bool = False
) -> Rollback:
    """Go on without a step, or without what it failed to do.

    On hosts that wait their turn the step still begins, unless it is left out `everywhere`.
    """
    with steer(rollback, by, reason, states=[RollbackState.WAITING]) as row:
        kind = _asked(row, position)
        if kind == "overtime":
            raise Refused("The question is about the time limit, not about a step.")
        # Between hosts, what ran already stays as it ended: only the others can be left out.
        between = everywhere or kind in {"canary", "paused"}
        left = [run for run in _runs(row, position) if run.state not in _DONE]
        left += _waiting(row, position) if between else []
        wish = {"position": position, "everywhere": everywhere}
        require_second_person(
            row,
            by,
            act="skip",
            deviation=f"skip step {row.number_of(position)}",
            reason=reason,
            **wish,
        )
        for run in dict.fromkeys(left):
            leave_out(run)
        _answered(row, position, "skip", by, reason)
        hosts = sorted({run.host for run in left if run.host})
        record(row, "step.skipped", by=by, position=position, hosts=hosts, reason=reason)
    return row


def exclude(rollback: Rollback, *, host: str, by: User, reason: str) -> Rollback:
    """Go on without a host on which a step ended badly: nothing more starts there.

    Refused where a step to come would then be done by nobody.
    """
    with steer(rollback, by, reason, states=[RollbackState.WAITING]) as row:
        runs = view.latest(row)
        position = _failed_on(row, runs, host)
        out_already = view.excluded_hosts(row)
        others = [run for run in runs if run.host not in out_already]
        if sole := host_exclusion.alone(others, host):
            raise Refused(f"Only {host} runs {_named(row, sole)}: skip that by name, or abort.")
        left = host_exclusion.ahead(runs, host)
        require_second_person(
            row, by, act="exclude", deviation=f"exclude {host}", reason=reason, host=host
        )
        for run in left:
            leave_out(run)
        _answered(row, position, "exclude", by, reason)
        positions = sorted({run.position for run in left})
        record(row, "host.excluded", by=by, host=host, positions=positions, reason=reason)
    return row


def answer(
    rollback: Rollback,
    *,
    position: int,
    by: User,
    answer: str,
    note: str = "",
    without_dump: bool = False,
) -> StepAnswer:
    """Answer what is asked about a step.

    A gate takes "go", with `without_dump` where a destructive step has no dump to go back to,
    and so does a time limit that passed (position 0); a manual step "done"
    or "failed"; a lost or unconfirmed one "continue" and an unreachable one "give_up", both
    with what you saw.
    """
    with steer(rollback, by, None, states=[RollbackState.WAITING, RollbackState.ABORTING]) as row:
        kind = _asked(row, position)
        choice = QUESTIONS[QuestionKind(kind)].choice(answer)
        if choice is None:
            raise Refused(_no_such_answer(kind, answer))
        if choice.without_note and not note.strip():
            raise Refused(choice.without_note)
        warned = kind == QuestionKind.GATE and database_dumps.why_gate_warns(row, position)
        if warned and not without_dump:
            raise Refused(f"{warned} Confirm that it may run without a backup.")
        if deviation := _deviation(row, kind, position):
            require_second_person(
                row, by, act=answer, deviation=deviation, reason=note, position=position
            )
        for run in _runs(row, position):
            _apply(row, run, answer, note)
        if warned:
            note = f"{note} Confirmed without a backup: {warned}".strip()
        return _answered(row, position, answer, by, note, kind=kind)


def answer_check(
    rollback: Rollback, *, key: str, by: User, answer: str, note: str = ""
) -> ChecklistAnswer:
    """Answer one verification item; a later answer replaces an earlier one, the same is one."""
    if answer not in CHECK_ANSWERS:
        raise Refused("Answer a check with pass, fail or not_applicable.")
    if answer != "pass" and not note.strip():
        raise Refused("Say what you saw: a check that does not pass needs a note.")
    with steer(rollback, by, None, states=LIVE) as row:
        if row.state != RollbackState.VERIFYING:
            raise Refused("A check is about what ran: answer it once the last step has ended.")
        checks = {check.key: check.text for check in approved_snapshot(row).checks}
        if key not in checks:
            raise Refused("This plan has no such check.")
        last = row.check_answers.filter(key=key).order_by("-id").first()
        if last and last.answer == answer and note.strip() in ("", last.note):
            return last
        given = ChecklistAnswer.objects.create(
            rollback=row, key=key, answer=answer, note=note, by=by, at=Now()
        )
        about = {"key": key, "text": checks[key], "answer": answer, "note": note}
        record(row, "check.answered", by=by, **about, given=describe_columns(given, ["at"]))
    return given


BACKDATED = timedelta(hours=24)
"""So long ago at most somebody saw what they note."""


@transaction.atomic
def note(rollback: Rollback, *, by: User, text: str, seen_at: datetime | None = None) -> Rollback:
    """Add what a person wants remembered to the timeline, at any time.

    `seen_at` is when they saw it, where that was before: the timeline keeps both times.
    """
    if problem := text_problem(text):
        raise Refused(problem)
    if seen_at and not db_clock.now() - BACKDATED <= seen_at <= db_clock.now():
        raise Refused("What is noted was seen within the last 24 hours. Leave the time empty.")
    row = Rollback.objects.select_for_update().get(pk=rollback.pk)
    refuse_too_many_texts(row, by)
    when = {"seen_at": seen_at.isoformat(timespec="minutes")} if seen_at else {}
    record(row, "note.added", by=by, text=text.strip(), **when)
    return row


@transaction.atomic
def send_message(rollback: Rollback, *, by: User, text: str, recipients: str = "") -> Message:
    """Put a message to others on record."""
    if not by.has_perm("rollbacks.operate_rollback", rollback):
        raise Refused("You may not send messages about a rollback. Ask an operator.")
    if not text.strip():
        raise Refused("The message is empty.")
    row = Rollback.objects.select_for_update().get(pk=rollback.pk)
    made = Message.objects.create(rollback=row, text=text, recipients=recipients, by=by, at=Now())
    sent = describe_columns(made, ["at"])
    record(row, "message.sent", by=by, text=text, recipients=recipients, sent=sent)
    return made


@contextmanager
def steer(
    rollback: Rollback, by: User, reason: str | None, *, states: object
) -> Iterator[Rollback]:
    """The locked row, for who may steer it while it is in one of `states`; then it is due.

    Raises Refused, also for an empty `reason` where None does not say that none is wanted.
    """
    if not may_do(by, ANSWERERS, rollback):
        raise Refused("You have read-only access. An operator must continue, retry or abort.")
    if reason is not None and not reason.strip():
        raise Refused("Enter a reason: it is recorded in the timeline.")
    waits: SecondPersonNeeded | SnapshotChanged | None = None
    with transaction.atomic():
        row = Rollback.objects.select_for_update().get(pk=rollback.pk)
        if row.state in TERMINAL:
            raise Refused(f"This rollback has ended: it {outcome(row.state)}.")
        if row.state not in states:  # type: ignore[operator]
            raise Refused(f"This rollback is {row.state}; that is not possible now.")
        try:
            yield row
        except MovedOn as error:
            raise Refused("This has just changed. Reload, then decide.") from error
        except SecondPersonNeeded as error:  # what they want is on record, and must stay there
            waits = error
        except SnapshotChanged as error:  # whoever drives it next raises the alarm
            waits = error
        Rollback.objects.filter(pk=row.pk).update(due_at=Now())
        enqueue_after_commit(row.pk)
    if waits:
        raise waits


def _asked(row: Rollback, position: int) -> str:
    kind, about = row.question.get("kind", ""), row.question.get("position")
    if not kind or (about != position and kind != "abort_unconfirmed"):
        raise Refused("This step has no open question. Reload: the rollback may have moved on.")
    return str(kind)


def _deviation(row: Rollback, kind: str, position: int) -> str:
    """What an answer comes to that may take two people; "" for one that anybody gives alone."""
    if kind == QuestionKind.GATE and approved_snapshot(row).step(position).destructive:
        return f"confirm the destructive step {row.number_of(position)}"
    if kind == QuestionKind.LOST:
        return f"take step {row.number_of(position)} as done, whose end nobody knows"
    return ""


def _runs(row: Rollback, position: int) -> list[StepRun]:
    about = set(row.question.get("tokens", []))
    runs = [run for run in view.latest(row) if run.position == position]
    return [run for run in runs if not about or str(run.token) in about]


def _waiting(row: Rollback, position: int) -> list[StepRun]:
    latest = [run for run in view.latest(row) if run.position == position]
    return [run for run in latest if run.state == StepState.PENDING]


def _bad(row: Rollback, position: int) -> list[StepRun]:
    if not QUESTIONS[QuestionKind(_asked(row, position))].undoable:
        raise Refused("Only a step that failed or was lost can be retried.")
    bad = [run for run in _runs(row, position) if run.state in ENDED_BADLY]
    out_already = view.excluded_hosts(row)
    left = [run for run in bad if run.host not in out_already]
    if bad and not left:
        raise Refused("Every host of this step is excluded: nothing runs there again.")
    return left


def _not_left_out(row: Rollback, hosts: list[str]) -> list[str]:
    out_already = view.excluded_hosts(row)
    if not (left := [host for host in hosts if host not in out_already]):
        raise Refused("Every host this would run on is excluded: nothing runs there again.")
    return left


def _failed_on(row: Rollback, runs: list[StepRun], host: str) -> int:
    about = set(row.question.get("tokens", []))
    positions = [run.position for run in runs if run.host == host and str(run.token) in about]
    kind = question_kind(str(row.question.get("kind") or ""))
    if not host or not positions or kind is None or not kind.undoable:
        raise Refused("Only a host on which a step failed or was lost can be excluded.")
    return positions[0]


def _named(row: Rollback, positions: list[int]) -> str:
    numbers = ", ".join(map(row.number_of, positions))
    return f"step{'s' * (len(positions) > 1)} {numbers}"


_DONE = {StepState.SUCCEEDED, StepState.SKIPPED}


def leave_out(run: StepRun) -> None:
    """Go on without an attempt that ended badly, or was never begun; refused while it runs."""
    if run.state in ENDED_BADLY:
        StepRun.objects.filter(pk=run.pk, state=run.state).update(answer="skip")
    elif run.state == StepState.PENDING or not run.host:
        move_run(run, StepState.SKIPPED, ended_at=Now())
    else:
        raise Refused("This step is running; abort it, or wait until it ends.")


def _apply(row: Rollback, run: StepRun, answer: str, note: str) -> None:
    moment = db_clock.now()
    match answer:
        case "done":
            move_run(run, StepState.SUCCEEDED, ended_at=moment, why=note)
        case "failed":
            move_run(run, StepState.FAILED, ended_at=moment, why=note)
        case "continue":
            StepRun.objects.filter(pk=run.pk, state=run.state).update(answer="continue")
        case "give_up" if run.state in IN_FLIGHT:
            # Who drives it first lets go of the host, so that nothing starts there any more.
            StepRun.objects.filter(pk=run.pk, state=run.state).update(answer="give_up")
    if answer in {"done", "failed"}:
        record(row, "step.finished", **facts(run, ended_at=moment), state=run.state, why=note)


def _answered(
    row: Rollback, position: int, answer: str, by: User, note: str, kind: str = ""
) -> StepAnswer:
    kind = kind or str(row.question.get("kind", ""))
    made = StepAnswer.objects.create(
        rollback=row, position=position, kind=kind, answer=answer, reason=note, by=by, at=Now()
    )
    name = "gate.answered" if kind == "gate" else "question.answered"
    about: dict[str, Any] = {"position": position, "question": kind, "answer": answer, "note": note}
    record(row, name, by=by, **about, given=describe_columns(made, ["at"]))
    return made


def _no_such_answer(kind: str, answer: str) -> str:
    answers = QUESTIONS[QuestionKind(kind)].answers
    if not answers:
        return "Retry the step, skip it, or abort the rollback."
    return f"“{answer}” is not an answer to this. Possible answers: {', '.join(answers)}."
