"""A rollback under way or ended: its page, and everything a person says to it.

The page is whole without JavaScript; with it, the socket says when to fetch the parts anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST

from rollback_console.common.statistics import percentile
from rollback_console.common.text import read_row_number
from rollback_console.engine.snapshot import CheckSpec
from rollback_console.engine.states import LIVE, TERMINAL
from rollback_console.plans.document_cache import document
from rollback_console.plans.errors import NotReady
from rollback_console.postmortems.trends import estimates
from rollback_console.rollbacks import database_dumps, db_clock
from rollback_console.rollbacks.actions import question_owner, steering
from rollback_console.rollbacks.actions.requests import request_restore
from rollback_console.rollbacks.errors import MovedOn, Refused, SecondPersonNeeded
from rollback_console.rollbacks.events import KINDS, EventSeverity
from rollback_console.rollbacks.execution.view import deadline, latest, snapshot_of
from rollback_console.rollbacks.models import ChecklistAnswer, Event, Look, Rollback, StepRun
from rollback_console.rollbacks.queries import lists
from rollback_console.rollbacks.questions import question_kind

from ...authentication.second_person import prove_where_two_are_needed
from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.responses import done, refused
from ...presenters.question import LogTail, log_tail, open_question, shown_run
from ...presenters.steps import abort_proofs, step_board, step_timeline

EVENTS = 60
_KEY_EVENTS = [name for name, kind in KINDS.items() if kind.severity is not EventSeverity.DETAIL]
_SKIPPED = gettext_noop("Step {} skipped – continuing.")
_CHECK_ANSWERED = {
    "pass": gettext_noop("Check passed."),
    "fail": gettext_noop("Check failed."),
    "not_applicable": gettext_noop("Check marked as not applicable."),
}


def show_live_page(request: HttpRequest, rollback: Rollback) -> HttpResponse:
    """The whole page, or with `parts` only what may have changed since it was drawn."""
    by, runs = person(request), latest(rollback)
    lines = step_board.lines(rollback, runs)
    question = open_question(rollback, runs)
    shown = shown_run(request.GET.get("run", ""), runs, question)
    parts = "parts" in request.GET
    page = {
        "rollback": rollback,
        "live": rollback.state in LIVE,
        "steers": by.has_perm("rollbacks.operate_rollback") and rollback.state in LIVE,
        "lines": lines,
        "picture": step_timeline.picture(rollback, lines),
        "proof_groups": abort_proofs.groups(rollback, runs),
        "counts": Counter(run.state for run in runs).most_common(),
        "question": question,
        "shown": shown,
        "tail": LogTail(shown, []) if parts else log_tail(shown),
        "checks": _checks(rollback),
        "settle": snapshot_of(rollback.snapshot).settle,
        "dumps": database_dumps.list_dumps(rollback),
        "stays": database_dumps.list_what_stays(rollback),
        "revertible": not database_dumps.why_no_restore(rollback),
        "retired": _retired(rollback, shown),
        "ended": rollback.state in TERMINAL,
        "timeline": _timeline_of(request),
        "events": _events(rollback, _timeline_of(request)),
        "messages_sent": rollback.messages.select_related("by").order_by("-id")[:10],
        **_time(rollback),
    }
    return render(request, "rollbacks/live/parts.html" if parts else "rollbacks/live.html", page)


@require_POST
@permission_required("rollbacks.request_rollback", raise_exception=True)
def request_reversal(request: HttpRequest, number: int) -> HttpResponse:
    """Ask that this rollback be undone by the dump it took."""
    reason = _text(request, "reason")
    try:
        request_to_revert = request_restore(rollback_of(number), by=person(request), reason=reason)
    except (NotReady, Refused) as error:
        return refused(request, error, "rollback", number=number)
    return done(
        request, gettext("Request submitted for approval."), "rollback", number=request_to_revert.pk
    )


@require_POST
def pause(request: HttpRequest, number: int) -> HttpResponse:
    """Start nothing more."""
    confirmation = gettext("Pausing: running commands finish, no further step starts.")
    return _act(request, number, confirmation, steering.pause, reason=_text(request, "reason"))


@require_POST
def resume(request: HttpRequest, number: int) -> HttpResponse:
    """Lift a pause."""
    return _act(
        request, number, gettext("Resumed."), steering.resume, reason=_text(request, "reason")
    )


@require_POST
def take_question(request: HttpRequest, number: int) -> HttpResponse:
    """Say that one takes care of what is asked; others see it."""
    over = _text(request, "over")
    seen = read_row_number(over) or None
    confirmation = gettext("You take care of this. Others see it.")
    return _act(request, number, confirmation, question_owner.take_question, over=seen)


@require_POST
def abort(request: HttpRequest, number: int) -> HttpResponse:
    """End it where it is."""
    confirmation = gettext(
        "Aborting: running commands are being terminated; the result is shown here."
    )
    return _act(
        request, number, confirmation, steering.request_abort, reason=_text(request, "reason")
    )


@require_POST
def note(request: HttpRequest, number: int) -> HttpResponse:
    """Add to the timeline."""
    given = {"text": _text(request, "text"), "seen_at": _seen_at(_text(request, "seen"))}
    return _act(request, number, gettext("Note added."), steering.note, **given)


@require_POST
def message(request: HttpRequest, number: int) -> HttpResponse:
    """Put a message to others on record."""
    given = {"text": _text(request, "text"), "recipients": _text(request, "recipients")}
    return _act(request, number, gettext("Update recorded."), steering.send_message, **given)


@require_POST
def retry(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Try a step again where it ended badly."""
    given = {"position": position, "reason": _text(request, "reason")}
    return _act(
        request,
        number,
        gettext("Retrying step {step}.").format(step=_step(number, position)),
        steering.retry,
        **given,
    )


@require_POST
@prove_where_two_are_needed
def skip(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Go on without a step."""
    everywhere = "everywhere" in request.POST
    given = {"position": position, "reason": _text(request, "reason"), "everywhere": everywhere}
    confirmation = (
        gettext("Step {step} is skipped on the remaining hosts.").format(
            step=_step(number, position)
        )
        if everywhere
        else gettext(_SKIPPED).format(_step(number, position))
    )
    return _act(request, number, confirmation, steering.skip, **given)


@require_POST
@prove_where_two_are_needed
def exclude(request: HttpRequest, number: int) -> HttpResponse:
    """Go on without a host on which a step ended badly."""
    host = _text(request, "host")
    given = {"host": host, "reason": _text(request, "reason")}
    return _act(
        request,
        number,
        gettext("{host} is excluded – continuing.").format(host=host),
        steering.exclude,
        **given,
    )


@require_POST
def undo(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Run what the plan names to undo a step that ended badly; the question about it stays."""
    given = {"position": position, "reason": _text(request, "reason")}
    return _act(
        request,
        number,
        gettext("Undoing step {step}.").format(step=_step(number, position)),
        steering.undo,
        **given,
    )


@require_POST
@prove_where_two_are_needed
def answer(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Answer what is asked about a step."""
    given = {"answer": _text(request, "answer"), "note": _text(request, "reason")}
    without_dump = "without_dump" in request.POST
    return _act(
        request,
        number,
        _effect_of(number, position, given["answer"]),
        steering.answer,
        position=position,
        without_dump=without_dump,
        **given,
    )


@require_POST
def answer_check(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """Say how one verification item turned out."""
    given = {"answer": _text(request, "answer"), "note": _text(request, "note")}
    confirmation = gettext(_CHECK_ANSWERED.get(given["answer"], "Answer recorded."))
    return _act(request, number, confirmation, steering.answer_check, key=key, **given)


def _effect_of(number: int, position: int, value: str) -> str:
    """What giving that answer to the open question does, as a sentence."""
    kind = question_kind(str(rollback_of(number).question.get("kind") or ""))
    choice = kind.choice(value) if kind else None
    if choice is None:
        return gettext("Answer recorded.")
    return gettext(choice.confirmation).format(step=_step(number, position))


def _step(number: int, position: int) -> str:
    """What people call that step of a rollback."""
    return rollback_of(number).number_of(position)


def _act(
    request: HttpRequest, number: int, confirmation: str, service: Callable[..., Any], **given: Any
) -> HttpResponse:
    rollback, by = rollback_of(number), person(request)
    try:
        service(rollback, by=by, **given)
    except SecondPersonNeeded as error:
        return done(request, str(error), "rollback", number=number)
    except (Refused, MovedOn) as error:
        return refused(request, error, "rollback", number=number)
    return done(request, confirmation, "rollback", number=number)


def _retired(rollback: Rollback, run: StepRun | None) -> Event | None:
    """What says where this run's log went, once it left the database."""
    if run is None or run.stored or rollback.state not in TERMINAL:
        return None
    retirement = rollback.events.filter(kind="logs.retired").order_by("-seq").first()
    logs = retirement.facts.get("logs") if retirement else None
    gone = {each.get("token") for each in logs or () if isinstance(each, dict)}
    return retirement if str(run.token) in gone else None


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()


def _seen_at(clock: str) -> datetime | None:
    """The last time it was so late, in UTC, of "HH:MM"; None for anything else."""
    try:
        read = time.fromisoformat(clock)
    except ValueError:
        return None
    now = db_clock.now()
    today = datetime.combine(now.date(), read.replace(tzinfo=None), UTC)
    return today if today <= now else today - timedelta(days=1)


TIMELINES = {"people": Q(by__isnull=False), "steps": Q(kind__startswith="step.")}
"""What the timeline can be narrowed to: what people did, and what became of steps."""


def _timeline_of(request: HttpRequest) -> str:
    chosen = request.GET.get("timeline", "")
    return chosen if chosen in TIMELINES else ""


def _events(rollback: Rollback, chosen: str) -> list[Event]:
    """The newest events, of all or of those that were chosen, and every key event before them."""
    matching = rollback.events.filter(TIMELINES.get(chosen, Q())).select_related("by")
    newest = list(matching.order_by("-seq")[:EVENTS])
    if len(newest) < EVENTS:
        return newest
    earlier = matching.filter(kind__in=_KEY_EVENTS, seq__lt=newest[-1].seq)
    return newest + list(earlier.order_by("-seq")[:EVENTS])


def _time(rollback: Rollback) -> dict[str, Any]:
    """Seconds so far, beside what the procedure's history says; late past its ninetieth
    percentile. Without enough of it, what the author estimates."""
    durations = lists.durations(rollback.revision.plan, rollback.choices.get("procedure", ""))
    began, ended = rollback.started_at, rollback.finished_at or db_clock.now()
    snapshot = snapshot_of(rollback.snapshot)
    guess = None if durations else estimates.authors(document(rollback.revision), snapshot)
    return {
        "durations": durations,
        "authors_range": guess,
        "middle": percentile(durations, 0.5) if durations else None,
        "late_after": percentile(durations, 0.9) if durations else None,
        "elapsed": (ended - began).total_seconds() if began else None,
        "time_limit": snapshot.time_limit,
        "deadline": deadline(rollback),
    }


def _checks(rollback: Rollback) -> list[tuple[CheckSpec, ChecklistAnswer | None, Look | None]]:
    given = {each.key: each for each in rollback.check_answers.select_related("by").order_by("id")}
    looks = {each.key: each for each in rollback.looks.all()}
    return [
        (check, given.get(check.key), looks.get(check.key))
        for check in snapshot_of(rollback.snapshot).checks
    ]
