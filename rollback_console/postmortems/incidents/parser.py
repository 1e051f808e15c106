"""A past incident's file, checked: a mistake is one sentence that says where it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rollback_console.common.text import LONGEST_TEXT
from rollback_console.engine.states import TERMINAL, RollbackState, StepState
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions.history import Past
from rollback_console.rollbacks.errors import Refused

FORMAT = "rollback-console/incident/1"
LARGEST = 8 * 1024 * 1024
_MOST = 20_000
_KIND = re.compile(r"[a-z][a-z_-]{0,28}\.[a-z][a-z_.-]{0,28}")
_NUMBERS = ("position", "attempt", "exit_code", "rows")


@dataclass(frozen=True, slots=True)
class IncidentStep:
    """A step as it was planned; seconds."""

    title: str
    time_limit: int


@dataclass(frozen=True, slots=True)
class Incident:
    """A whole past incident; `events` are in the order of their times."""

    title: str
    plan: str
    service: str
    environment: str
    procedure: str
    reason: str
    trigger: str
    state: RollbackState
    began_at: datetime | None
    steps: tuple[IncidentStep, ...]
    events: tuple[Past, ...]


def parse_incident(data: bytes) -> Incident:
    """What a file says. Raises Refused with what is wrong and where."""
    raw = _json(data)
    steps = tuple(_step(at, each) for at, each in enumerate(_list(raw, "steps"), start=1))
    events = [_event(at, each, len(steps)) for at, each in enumerate(_list(raw, "events"), 1)]
    if not events:
        raise Refused("The file tells of no event. `events` lists what happened, each with `at`.")
    began = raw.get("began_at")
    return Incident(
        title=_text(raw, "title", 200, needed=True),
        plan=_text(raw, "plan", 120),
        service=_text(raw, "service", 50),
        environment=_text(raw, "environment", 50),
        procedure=_text(raw, "procedure", 200) or "Rollback Steps",
        reason=_text(raw, "reason", LONGEST_TEXT, needed=True),
        trigger=_text(raw, "trigger", 300),
        state=_state(raw.get("state")),
        began_at=_moment(began, "began_at") if began else None,
        steps=steps,
        events=tuple(sorted(events, key=lambda event: event.at)),
    )


def _json(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise Refused("The file is larger than 8 MiB. Leave logs out of it.")
    try:
        raw = json.loads(data, parse_constant=_refuse)
        # Half a surrogate pair is JSON, but no text that could be kept.
        json.dumps(raw, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(f"This is not JSON in UTF-8: {str(error)[:200]}.") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise Refused(f'This is not an incident: it must be an object with "format": "{FORMAT}".')
    return raw


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _list(raw: dict[str, Any], name: str) -> list[Any]:
    items = raw.get(name, [])
    if not isinstance(items, list) or len(items) > _MOST:
        raise Refused(f"`{name}` must be a list of at most {_MOST:,}.")
    return items


def _text(raw: Any, name: str, longest: int, *, needed: bool = False, place: str = "") -> str:
    text = raw.get(name) or "" if isinstance(raw, dict) else None
    if not isinstance(text, str) or len(text) > longest or "\0" in text:
        raise Refused(f"`{place}{name}` must be text of at most {longest:,} characters.")
    if needed and not text.strip():
        raise Refused(f"`{place}{name}` is missing.")
    return text.strip()


def _state(value: Any) -> RollbackState:
    ended = sorted(TERMINAL)
    if value not in ended:
        raise Refused(f"`state` must say how it ended: {', '.join(ended)}.")
    return RollbackState(value)


def _moment(value: Any, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Refused(f"`{place}` must be a time such as 2025-11-12T01:10:44Z.") from error
    if moment.tzinfo is None:
        raise Refused(f"`{place}` names no time zone. Write 2025-11-12T01:10:44Z.")
    moment = moment.astimezone(UTC)
    if moment > db_clock.now():
        raise Refused(f"`{place}` is in the future. Only what happened can be loaded.")
    return moment


def _step(at: int, raw: Any) -> IncidentStep:
    place = f"steps[{at}]."
    limit = raw.get("time_limit", 3600) if isinstance(raw, dict) else 0
    if not isinstance(limit, int) or not 0 < limit < 10**7:
        raise Refused(f"`{place}time_limit` must be a number of seconds.")
    return IncidentStep(_text(raw, "title", 300, needed=True, place=place), limit)


def _event(at: int, raw: Any, steps: int) -> Past:
    place = f"events[{at}]."
    kind = _text(raw, "kind", 60, needed=True, place=place)
    if not _KIND.fullmatch(kind):
        raise Refused(f"`{place}kind` must be two words such as step.finished.")
    facts = raw.get("facts", {})
    if not isinstance(facts, dict) or len(json.dumps(facts)) > 100_000:
        raise Refused(f"`{place}facts` must be an object of at most 100,000 characters.")
    _check(kind, facts, steps, place)
    who = _text(raw, "by", 150, place=place)
    return Past(_moment(raw.get("at"), f"{place}at"), kind, who, facts)


def _check(kind: str, facts: Mapping[str, Any], steps: int, place: str) -> None:
    for name in _NUMBERS:
        number = facts.get(name, 0)
        if number is not None and not (type(number) is int and abs(number) < 2**31):
            raise Refused(f"`{place}facts.{name}` must be a whole number.")
    _text(facts, "host", 100, place=f"{place}facts.")
    if not 1 <= (facts.get("attempt") or 1) <= 10_000:
        raise Refused(f"`{place}facts.attempt` counts from 1.")
    position = facts.get("position") or 0
    if not 0 <= position <= steps:
        raise Refused(f"`{place}facts.position` names no step: `steps` holds {steps}.")
    if kind in {"step.started", "step.finished", "step.lost"} and not position:
        raise Refused(f"`{place}facts.position` must say which step, counted from 1.")
    if kind == "step.finished" and facts.get("state") not in set(StepState):
        raise Refused(f"`{place}facts.state` must be one of {', '.join(StepState)}.")
