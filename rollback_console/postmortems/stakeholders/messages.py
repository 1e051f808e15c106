"""Messages to others: the plan's own templates with what is known filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from rollback_console.common.durations import duration
from rollback_console.common.people import display_name
from rollback_console.documents.markdown.folded_text import fold
from rollback_console.documents.placeholders.find import find_placeholders
from rollback_console.engine.states import TERMINAL, outcome
from rollback_console.plans.document_cache import document
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback

from ..trends.estimates import expected
from .cadence import Beat, beat

_PLAIN = """\
ROLLBACK: {feature}

Environment: {environment}
State: {state}
Reason: {reason}
Expected completion: {completion}
Status updates: {cadence}
"""
_LABEL = re.compile(r"^[\s>*_-]*([^:\uff1a\n]{1,60})[:\uff1a]")
# In this order: "status update at [time]" is about updates, not about completion.
_MEANINGS = (
    ("next_update", re.compile(r"next (?:status )?update|proxima actualizacion")),
    ("cadence", re.compile(r"updates?\b|frequen|every|cadence|interval|actualiza|frecuencia")),
    ("completion", re.compile(r"complet|\beta\b|expected|estimat|duration|until|restor|fin\b")),
    ("reason", re.compile(r"reason|\bwhy\b|cause|describe|issue|motivo|razon|grund|raison|原因")),
    ("environment", re.compile(r"environment|\benv\b|entorno|umgebung|环境")),
    ("lead", re.compile(r"\blead\b|contact|\bby\b|\bwho\b|owner|responsable")),
    ("state", re.compile(r"\bstate\b|\bstatus\b|estado|状态")),
    ("started", re.compile(r"start|began|since|inicio")),
    ("feature", re.compile(r"feature|release|deployment|\btitle\b|funcion|功能")),
    ("service", re.compile(r"service|system|application|\bapp\b|component|servicio|服务")),
    ("completion", re.compile(r"\btime\b|\bhora\b|时间")),
)


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message ready to be read over: `open` are slots that only a person can fill."""

    name: str
    text: str
    open: tuple[str, ...] = field(default=())


def groups(rollback: Rollback) -> list[str]:
    """Whom the plan says to notify, in its order."""
    notes = document(rollback.revision).notify
    return [f"{each.label}: {each.text}" if each.label else each.text for each in notes]


def messages(rollback: Rollback, now: datetime) -> list[RenderedMessage]:
    """The plan's templates, filled as far as the console knows; a plain one without any."""
    known = facts(rollback, now)
    templates = document(rollback.revision).messages
    if not templates:
        return [RenderedMessage("Message", _PLAIN.format_map(known))]
    return [_filled(each.name, each.text, known) for each in templates]


def facts(rollback: Rollback, now: datetime) -> dict[str, str]:
    """What a message may say of a rollback; "" for what is not known."""
    snapshot, pulse = snapshot_of(rollback.snapshot), beat(rollback)
    began = rollback.started_at
    return {
        "reason": rollback.reason,
        "environment": rollback.environment.name,
        "feature": rollback.title,
        "service": rollback.service.name,
        "state": rollback.state,
        "lead": display_name(rollback.requested_by),
        "started": f"{began:%H:%M} UTC" if began else "",
        "completion": _completion(rollback, now),
        "cadence": _rhythm(pulse),
        "next_update": f"{pulse.next_due:%H:%M} UTC" if pulse.next_due else "",
        "procedure": snapshot.procedure,
    }


def _rhythm(pulse: Beat) -> str:
    if pulse.next_due is None:
        return "this is the last one"
    return f"every {duration(pulse.every)}"


def _completion(rollback: Rollback, now: datetime) -> str:
    if rollback.state in TERMINAL:
        ended = rollback.finished_at or now
        return f"it {outcome(rollback.state)} at {ended:%H:%M} UTC"
    likely = expected(rollback, snapshot_of(rollback.snapshot))
    if likely is None:
        return ""
    end = (rollback.started_at or now) + likely.high
    why = f"measured on {likely.runs}" if likely.runs else "the plan's estimate"
    return f"by {end:%H:%M} UTC ({likely}, {why})" if end > now else "later than expected"


def _filled(name: str, text: str, known: dict[str, str]) -> RenderedMessage:
    pieces, end, left = [], 0, []
    for slot in find_placeholders(text):
        value = known.get(_meaning(text, slot.start, slot.text), "")
        pieces += [text[end : slot.start], value or slot.text]
        end = slot.end
        if not value:
            left.append(slot.text)
    return RenderedMessage(name, "".join([*pieces, text[end:]]), tuple(dict.fromkeys(left)))


def _meaning(text: str, start: int, slot: str) -> str:
    """What a slot stands for: by the label before it on its line, else by its own words."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    label = _LABEL.match(line)
    for words in (fold(label[1]) if label else "", fold(slot.strip("[]<>{}$ "))):
        for meaning, pattern in _MEANINGS:
            if words and pattern.search(words):
                return meaning
    return ""
