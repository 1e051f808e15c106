"""An event of the configuration as a sentence, and its changes as text, for every reader."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .kinds import KINDS
from .models import ConfigurationEvent
from .origin import COMMAND_LINE


def sentence_of(event: ConfigurationEvent) -> str:
    """What happened, as one sentence; the kind alone where this version knows no such kind."""
    kind = KINDS.get(event.kind)
    if kind is None:
        return event.kind
    values: dict[str, Any] = defaultdict(lambda: "unknown", event.facts)
    values |= {"by": actor_of(event), "subject": event.subject_label or "unknown"}
    return kind.sentence.format_map(values)


def actor_of(event: ConfigurationEvent) -> str:
    """Who did it: a person's sign-in name as it was then, the command line or the console."""
    if event.by_name:
        return event.by_name
    return "The command line" if event.door == COMMAND_LINE else "The console"


def changed_fields(event: ConfigurationEvent) -> list[tuple[str, str, str]]:
    """(field, old value, new value) of each that differs, "" for a value that was not there."""
    return [
        (name.replace("_", " "), _shown(old), _shown(new))
        for name, (old, new) in event.changes.items()
    ]


def plain_facts(event: ConfigurationEvent) -> list[tuple[str, str]]:
    """(name, value) of the facts that are one value; lists are for the exports."""
    return [
        (name.replace("_", " "), str(value))
        for name, value in event.facts.items()
        if value not in ("", None) and not isinstance(value, dict | list)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
