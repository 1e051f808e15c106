"""A rollback under way or ended: its page, and everything a person says to it.

The page is whole without JavaScript; with it, the socket says when to fetch the parts anew.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from rollback_console.engine.snapshot import CheckSpec
from rollback_console.engine.states import ENDED_BADLY, IN_FLIGHT, LIVE, StepState
from rollback_console.rollbacks import clock, logs, queries, services
from rollback_console.rollbacks.errors import MovedOn, Refused
from rollback_console.rollbacks.models import ChecklistAnswer, Rollback, StepRun
from rollback_console.rollbacks.view import latest, snapshot_of
from rollback_console.web.answers import done, refused
from rollback_console.web.finding import rollback_of
from rollback_console.web.requests import person
from rollback_console.web.steps import Station, stations

LINES = 200
TAIL = 256 * 1024
FEW = 8
TOLD = 3
EVENTS = 60
MANY_HOSTS = 24

# What matters most stands first and names the whole step.
_URGENCY = [*sorted(ENDED_BADLY), StepState.RUNNING, StepState.LAUNCHING, StepState.PENDING]
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])")
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Line:
    """One step over its hosts: `state` is its most urgent one, `counts` how many have which."""

    station: Station
    state: str
    counts: list[tuple[str, int]]
    runs: list[StepRun]
    seconds: float | None

    @property
    def many(self) -> bool:
        """Too many hosts to write their names out."""
        return len(self.runs) > MANY_HOSTS


@dataclass(frozen=True, slots=True)
class Said:
    """The end of one run's log as text: (number from 1, line) pairs."""

    run: StepRun | None
    lines: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: about which step, and which runs with the end of their logs."""

    kind: str
    position: int
    station: Station | None
    about: list[Said]

    @property
    def positions(self) -> list[int]:
        """The steps that one answer each is wanted for."""
        return sorted({each.run.position for each in self.about if each.run} or {self.position})


def show(request: HttpRequest, rollback: Rollback) -> HttpResponse:
    """The whole page, or with `parts` only what may have changed since it was drawn."""
    by, runs = person(request), latest(rollback)
    question = _question(rollback, runs)
    shown = _shown(request.GET.get("run", ""), runs, question)
    parts = "parts" in request.GET
    page = {
        "rollback": rollback,
        "live": rollback.state in LIVE,
        "steers": by.has_perm("rollbacks.operate_rollback") and rollback.state in LIVE,
        "lines": _lines(rollback, runs),
        "counts": Counter(run.state for run in runs).most_common(),
        "question": question,
        "shown": shown,
        "said": Said(shown, []) if parts else _said(shown, LINES),
        "checks": _checks(rollback),
        "events": rollback.events.select_related("by").order_by("-seq")[:EVENTS],
        "messages_sent": rollback.messages.select_related("by").order_by("-id")[:10],
        **_time(rollback),
    }
    return render(request, "rollbacks/live/parts.html" if parts else "rollbacks/live.html", page)


@require_POST
def pause(request: HttpRequest, number: int) -> HttpResponse:
    """Start nothing more."""
    said = "Paused: what runs goes on, nothing more starts."
    return _act(request, number, said, services.pause, reason=_text(request, "reason"))


@require_POST
def resume(request: HttpRequest, number: int) -> HttpResponse:
    """Lift a pause."""
    return _act(request, number, "Going on.", services.resume, reason=_text(request, "reason"))


@require_POST
def abort(request: HttpRequest, number: int) -> HttpResponse:
    """End it where it is."""
    said = "Aborting: what runs is stopped on its host, and the proof is shown here."
    return _act(request, number, said, services.request_abort, reason=_text(request, "reason"))


@require_POST
def note(request: HttpRequest, number: int) -> HttpResponse:
    """Add to the timeline."""
    return _act(request, number, "Noted.", services.note, text=_text(request, "text"))


@require_POST
def message(request: HttpRequest, number: int) -> HttpResponse:
    """Put a message to others on record."""
    given = {"text": _text(request, "text"), "recipients": _text(request, "recipients")}
    return _act(request, number, "The message is on record.", services.send_message, **given)


@require_POST
def retry(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Try a step again where it ended badly."""
    given = {"position": position, "reason": _text(request, "reason")}
    return _act(request, number, f"Trying step {position} again.", services.retry, **given)


@require_POST
def skip(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Go on without a step."""
    given = {"position": position, "reason": _text(request, "reason")}
    return _act(request, number, f"Going on without step {position}.", services.skip, **given)


@require_POST
def answer(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Answer what is asked about a step."""
    given = {"answer": _text(request, "answer"), "note": _text(request, "reason")}
    said = "Your answer is on record."
    return _act(request, number, said, services.answer, position=position, **given)


@require_POST
def answer_check(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """Say how one verification item turned out."""
    given = {"answer": _text(request, "answer"), "note": _text(request, "note")}
    said = "Your answer is on record."
    return _act(request, number, said, services.answer_check, key=key, **given)


def _act(
    request: HttpRequest, number: int, said: str, service: Callable[..., Any], **given: Any
) -> HttpResponse:
    rollback, by = rollback_of(number), person(request)
    try:
        service(rollback, by=by, **given)
    except (Refused, MovedOn) as error:
        return refused(request, error, "rollback", number=number)
    return done(request, said, "rollback", number=number)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()


def _time(rollback: Rollback) -> dict[str, Any]:
    """Seconds so far, beside what the plan's history says; late past its ninetieth percentile."""
    durations = queries.durations(rollback.revision.plan)
    late_after = durations[min(math.ceil(len(durations) * 0.9), len(durations)) - 1 :][:1]
    began, ended = rollback.started_at, rollback.finished_at or clock.now()
    return {
        "durations": durations,
        "late_after": late_after[0] if late_after else None,
        "elapsed": (ended - began).total_seconds() if began else None,
    }


def _lines(rollback: Rollback, runs: list[StepRun]) -> list[Line]:
    by_step: dict[int, list[StepRun]] = {}
    for run in sorted(runs, key=lambda run: _rank(run.state)):
        by_step.setdefault(run.position, []).append(run)
    return [
        _line(station, by_step.get(station.step.position, []))
        for station in stations(snapshot_of(rollback.snapshot))
    ]


def _line(station: Station, runs: list[StepRun]) -> Line:
    counts = Counter(run.state for run in runs)
    starts = [run.started_at for run in runs if run.started_at]
    ends = [run.ended_at for run in runs if run.ended_at]
    over = len(ends) == len(runs) and starts
    return Line(
        station=station,
        state=runs[0].state if runs else StepState.PENDING,
        counts=sorted(counts.items(), key=lambda pair: _rank(pair[0])),
        runs=sorted(runs, key=lambda run: run.host) if len(runs) <= MANY_HOSTS else runs,
        seconds=(max(ends) - min(starts)).total_seconds() if over else None,
    )


def _rank(state: str) -> int:
    return _URGENCY.index(StepState(state)) if state in _URGENCY else len(_URGENCY)


def _question(rollback: Rollback, runs: list[StepRun]) -> Question | None:
    asked = rollback.question
    if not asked.get("kind"):
        return None
    position, tokens = int(asked.get("position") or 0), set(asked.get("tokens", []))
    steps = stations(snapshot_of(rollback.snapshot))
    found = [each for each in steps if each.step.position == position]
    asked_about = [run for run in runs if str(run.token) in tokens]
    about = [_said(run, FEW) for run in asked_about[:TOLD]]
    about += [Said(run, []) for run in asked_about[TOLD:]]
    return Question(asked["kind"], position, found[0] if found else None, about)


def _shown(token: str, runs: list[StepRun], question: Question | None) -> StepRun | None:
    """The run whose log is shown: the one chosen, asked about, working, or last to have spoken."""
    chosen = [run for run in runs if str(run.token) == token]
    asked = [each.run for each in question.about if each.run and each.run.host] if question else []
    working = [run for run in runs if run.state in IN_FLIGHT and run.host]
    ended = sorted(
        (run for run in runs if run.ended_at and run.stored), key=lambda run: (run.ended_at, run.pk)
    )
    return next(iter([*chosen, *asked, *working, *reversed(ended), *runs]), None)


def _said(run: StepRun | None, count: int) -> Said:
    if run is None or not run.stored:
        return Said(run, [])
    start = max(run.stored - (TAIL if count == LINES else TAIL // 16), 0)
    lines = logs.read(run, start).decode(errors="replace").removesuffix("\n").split("\n")
    lines = lines[1:] if start and len(lines) > 1 else lines
    first = run.lines - len(lines) + 1
    return Said(run, [(first + i, _plain(line)) for i, line in enumerate(lines)][-count:])


def _plain(line: str) -> str:
    """As it would stand on a terminal at the end, without colours; hidden characters named."""
    shown = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    return _HIDDEN.sub(
        lambda match: f"\N{LEFT ANGLE BRACKET}U+{ord(match[0]):04X}\N{RIGHT ANGLE BRACKET}", shown
    )


def _checks(rollback: Rollback) -> list[tuple[CheckSpec, ChecklistAnswer | None]]:
    given = {each.key: each for each in rollback.check_answers.select_related("by").order_by("id")}
    return [(check, given.get(check.key)) for check in snapshot_of(rollback.snapshot).checks]
