"""While a rollback runs: pause, abort, answer what is asked, note what was seen."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from rollback_console.engine.snapshot import Snapshot
from rollback_console.rollbacks.actions import question_owner, steering
from rollback_console.rollbacks.actions.restarts import STOPPED_MIDWAY, request_rest, resume_from

from .. import lookup
from ..authentication import OPERATE, REQUEST, person
from ..bodies.requests import (
    Exclusion,
    NewAnswer,
    NewCheckAnswer,
    NewMessage,
    NewNote,
    NewQuestionOwner,
    NewRestart,
    NewSkip,
    PerhapsWhy,
    Why,
)
from ..responses.records import AnswerOut, MessageOut, answer_out, message_out
from ..responses.rollbacks import CheckOut, RollbackOut, StepRuns, check_out, rollback_out, runs_out

router = Router(tags=["steering"], auth=OPERATE)

NOTHING = PerhapsWhy()
NOBODY = NewQuestionOwner()


@router.post("/rollbacks/{int:number}/pauses", response={201: RollbackOut})
def pause(request: HttpRequest, number: int, body: Why) -> Status[RollbackOut]:
    """Start nothing more; what runs goes on."""
    steering.pause(lookup.rollback(number), by=person(request), reason=body.reason)
    return _now(number)


@router.post("/rollbacks/{int:number}/resumptions", response={201: RollbackOut})
def resume(request: HttpRequest, number: int, body: PerhapsWhy = NOTHING) -> Status[RollbackOut]:
    """Lift a pause."""
    steering.resume(lookup.rollback(number), by=person(request), reason=body.reason)
    return _now(number)


@router.post("/rollbacks/{int:number}/question-owners", response={201: RollbackOut})
def take_question(
    request: HttpRequest, number: int, body: NewQuestionOwner = NOBODY
) -> Status[RollbackOut]:
    """Take care of what is asked: `question.owner` and `owned_since` say so to others."""
    question_owner.take_question(lookup.rollback(number), by=person(request), over=body.over)
    return _now(number)


@router.post("/rollbacks/{int:number}/restarts", response={201: RollbackOut})
def restart(request: HttpRequest, number: int, body: NewRestart) -> Status[RollbackOut]:
    """Resume from another step; `runs` of the rollback say what is left on each host.

    Of one that ended aborted or failed, the rest becomes a new request, which is the answer.
    """
    row, by = lookup.rollback(number), person(request)
    if row.state in STOPPED_MIDWAY:
        made = request_rest(
            row,
            position=body.position,
            by=by,
            reason=body.reason,
            parameters=body.parameters,
        )
        return _now(made.pk)
    resume_from(row, position=body.position, by=by, reason=body.reason, again=body.again)
    return _now(number)


@router.post("/rollbacks/{int:number}/abort-requests", response={201: RollbackOut})
def request_abort(request: HttpRequest, number: int, body: Why) -> Status[RollbackOut]:
    """End the rollback where it is: what runs is stopped on its host, with proof."""
    steering.request_abort(lookup.rollback(number), by=person(request), reason=body.reason)
    return _now(number)


@router.post("/rollbacks/{int:number}/notes", auth=REQUEST, response={201: RollbackOut})
def add_note(request: HttpRequest, number: int, body: NewNote) -> Status[RollbackOut]:
    """Add a line to the timeline, at any time."""
    steering.note(lookup.rollback(number), by=person(request), text=body.text, seen_at=body.seen_at)
    return _now(number)


@router.post("/rollbacks/{int:number}/messages", response={201: MessageOut})
def send_message(request: HttpRequest, number: int, body: NewMessage) -> Status[MessageOut]:
    """Put a message to others on record."""
    made = steering.send_message(
        lookup.rollback(number), by=person(request), text=body.text, recipients=body.recipients
    )
    made.refresh_from_db()
    return Status(201, message_out(made))


@router.post("/rollbacks/{int:number}/steps/{int:position}/retries", response={201: StepRuns})
def retry_step(request: HttpRequest, number: int, position: int, body: Why) -> Status[StepRuns]:
    """Try a step again wherever it ended badly."""
    runs = steering.retry(
        lookup.rollback(number), position=position, by=person(request), reason=body.reason
    )
    return Status(201, runs_out(runs))


@router.post("/rollbacks/{int:number}/steps/{int:position}/skips", response={201: RollbackOut})
def skip_step(
    request: HttpRequest, number: int, position: int, body: NewSkip
) -> Status[RollbackOut]:
    """Go on without a step, or without what it failed to do.

    409 says that a second person has to ask for the same; the first wish is on record then.
    """
    steering.skip(
        lookup.rollback(number),
        position=position,
        by=person(request),
        reason=body.reason,
        everywhere=body.everywhere,
    )
    return _now(number)


@router.post("/rollbacks/{int:number}/exclusions", response={201: RollbackOut})
def exclude_host(request: HttpRequest, number: int, body: Exclusion) -> Status[RollbackOut]:
    """Go on without a host on which a step failed or was lost: nothing more starts there."""
    steering.exclude(
        lookup.rollback(number), host=body.host, by=person(request), reason=body.reason
    )
    return _now(number)


@router.post("/rollbacks/{int:number}/steps/{int:position}/undos", response={201: StepRuns})
def undo_step(request: HttpRequest, number: int, position: int, body: Why) -> Status[StepRuns]:
    """Run what the plan names to undo a step that failed; the question about it stays."""
    runs = steering.undo(
        lookup.rollback(number), position=position, by=person(request), reason=body.reason
    )
    return Status(201, runs_out(runs))


@router.post("/rollbacks/{int:number}/steps/{int:position}/answers", response={201: AnswerOut})
def answer_step(
    request: HttpRequest, number: int, position: int, body: NewAnswer
) -> Status[AnswerOut]:
    """Answer what is asked about a step; `question` of the rollback says what that is."""
    given = steering.answer(
        lookup.rollback(number),
        position=position,
        by=person(request),
        answer=body.answer,
        note=body.note,
        without_dump=body.without_dump,
    )
    given.refresh_from_db()
    return Status(201, answer_out(given))


@router.post("/rollbacks/{int:number}/checks/{key}/answers", response={201: CheckOut})
def answer_check(
    request: HttpRequest, number: int, key: str, body: NewCheckAnswer
) -> Status[CheckOut]:
    """Answer a verification item; a later answer replaces an earlier one."""
    row = lookup.rollback(number)
    given = steering.answer_check(
        row, key=key, by=person(request), answer=body.answer, note=body.note
    )
    given.refresh_from_db()
    texts = {check.key: check.text for check in Snapshot.from_json(row.snapshot).checks}
    return Status(201, check_out(given, texts[key]))


def _now(number: int) -> Status[RollbackOut]:
    return Status(201, rollback_out(lookup.rollback(number)))
