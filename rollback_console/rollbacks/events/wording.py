"""An event as text: the sentence of its kind, filled with its facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rollback_console.common.people import display_name
from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import state_word

from .. import questions
from ..models import Event
from .kinds import KINDS, Kind

NOBODY = "The console"
FEW = 3

Translate = Callable[[str], str]
"""What a page makes of an English text; records and programs get it as it is."""

ABORT_ENDINGS = {
    "aborted": "terminated and verified gone",
    "never_started": "never started",
    "finished": "had already finished",
    "timed_out": "had already timed out",
    "lost": "outcome unknown: check the host",
    "abort_unconfirmed": "something is still running",
}
"""What an abort brought to light on a host, by how the run ended."""

VERIFIED_GONE = frozenset({"aborted", "never_started", "finished", "timed_out"})
"""The endings that prove that nothing runs any more."""


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""


def actor(event: Event) -> str:
    """Who did it; in a loaded incident a name that need not have an account; "" for nobody."""
    return display_name(event.by) if event.by else str(event.facts.get("said_by") or "")


def predicate(event: Event, snapshot: Snapshot | None = None, translate: Translate = str) -> str:
    """What happened, to follow the name of its actor; a whole sentence where nobody acted.

    With a `snapshot` a step is named by its title too. An unknown kind, which only a loaded
    incident can hold, is told by its name.
    """
    who = actor(event)
    pattern = translate(_pattern(event, who))
    text = pattern.format_map(_Facts(_prepared(event, snapshot, translate)))
    text = text.strip().removesuffix(":").rstrip()
    return text if who or not text[:1].islower() else f"{translate(NOBODY)} {text}"


def sentence(event: Event, snapshot: Snapshot | None = None) -> str:
    """Who did what, as one sentence that stands alone."""
    who, text = actor(event), predicate(event, snapshot)
    if not who:
        return _upper(text)
    return f"{who} {text}" if text[:1].islower() else f"{text} ({who})"


def heading(event: Event, snapshot: Snapshot | None = None) -> str:
    """The predicate with a capital, for a table that names the actor in a column of its own."""
    return _upper(predicate(event, snapshot))


def _pattern(event: Event, who: str) -> str:
    kind = KINDS.get(event.kind)
    if kind is None:
        return _upper(re.sub(r"[._{}]", " ", event.kind))
    return _variant(kind, event.facts, who)


def _variant(kind: Kind, facts: Mapping[str, Any], who: str) -> str:
    if kind.hostless and not facts.get("host"):
        return kind.hostless
    return kind.unattended if kind.unattended and not who else kind.sentence


def _prepared(event: Event, snapshot: Snapshot | None, translate: Translate) -> dict[str, object]:
    facts: dict[str, Any] = event.facts
    given = {name: value for name, value in facts.items() if value not in (None, "")}
    step, ending = _step(event, snapshot), str(facts.get("ending") or "")
    question, answer = str(facts.get("question") or ""), _state(facts.get("answer"), translate)
    return given | {
        "step": step,
        "host": facts.get("host") or translate("nobody"),
        "on_host": _named(translate(" on {}"), facts.get("host")),
        "on_hosts": _on_hosts(facts.get("hosts"), translate),
        "state": _state(facts.get("state"), translate),
        "answer": answer,
        "exit": _named(translate(", exit {}"), facts.get("exit_code")),
        "people": ", ".join(_names(facts.get("to"))),
        "for_whom": _named(translate(" for {}"), facts.get("on_behalf_of")),
        "to_whom": _named(translate(" to {}"), facts.get("recipients")),
        "from_whom": _named(translate(" from {}"), facts.get("previous_owner")),
        "seen": _seen(facts.get("seen_at"), translate),
        "kept_in": _kept_in(facts.get("archive"), translate),
        "ending_sentence": _translated(ABORT_ENDINGS.get(ending, ending), translate)
        + _survivors(facts),
        "question_sentence": questions.question_sentence(question, step, translate),
        "answer_sentence": questions.answered(question, answer, step, translate),
    }


def _step(event: Event, snapshot: Snapshot | None) -> str:
    position = event.facts.get("position") or 0
    if not isinstance(position, int) or not position:
        return ""
    if snapshot is None or not 1 <= position <= len(snapshot.steps):
        return event.rollback.number_of(position)
    return f"{snapshot.number_of(position)} ({snapshot.step(position).title})"


def _seen(moment: object, translate: Translate) -> str:
    """When somebody saw what they noted later; "" where they noted it at once."""
    read = datetime.fromisoformat(str(moment)) if moment else None
    return translate(" (seen {}, noted later)").format(f"{read:%H:%M} UTC") if read else ""


def _named(pattern: str, fact: object) -> str:
    return pattern.format(fact) if fact else ""


def _state(fact: object, translate: Translate) -> str:
    return _translated(state_word(str(fact or "")), translate)


def _translated(text: str, translate: Translate) -> str:
    """An empty text has no translation: gettext would answer with its header."""
    return translate(text) if text else ""


def _names(listed: object) -> list[str]:
    people = listed if isinstance(listed, list) else []
    return [str(each["name"]) for each in people if isinstance(each, dict) and "name" in each]


def _on_hosts(hosts: object, translate: Translate) -> str:
    if not isinstance(hosts, list) or not hosts:
        return ""
    if len(hosts) > FEW:
        return translate(" on {} hosts").format(len(hosts))
    return translate(" on {}").format(", ".join(map(str, hosts)))


def _kept_in(archive: object, translate: Translate) -> str:
    name = archive.get("file") if isinstance(archive, dict) else ""
    return _named(translate(" and archived in {}"), name)


def _survivors(facts: Mapping[str, Any]) -> str:
    survivors = facts.get("survivors")
    if not isinstance(survivors, list) or not survivors:
        return ""
    return f": {'; '.join(map(str, survivors))}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
