"""The steps of a snapshot as pages draw them: stations on a track."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from rollback_console.documents.shell.hidden_characters import show_hidden
from rollback_console.engine.snapshot import HostSpec, Snapshot, StepSpec


@dataclass(frozen=True, slots=True)
class Station:
    """One step: its shell text with its variables marked, their values, and its hosts.

    `instructions` are for a person, with each value that was filled in marked.

    `no_return` marks the first destructive step.
    """

    step: StepSpec
    script: SafeString
    instructions: SafeString
    values: tuple[tuple[str, str], ...]
    hosts: tuple[HostSpec, ...]
    no_return: bool


def stations(snapshot: Snapshot) -> list[Station]:
    """Every step of the snapshot in order."""
    hosts = {host.name: host for host in snapshot.hosts}
    first = no_return(snapshot)
    return [
        Station(
            step=step,
            script=marked(step.script, (*step.environment, *step.secrets)),
            instructions=mark_values(
                step.instructions,
                [snapshot.parameters.get(name, "") for name in step.environment],
            ),
            values=tuple(
                (name, show_hidden(snapshot.parameters.get(name, ""))) for name in step.environment
            ),
            hosts=tuple(hosts[name] for name in step.hosts),
            no_return=first is step,
        )
        for step in snapshot.steps
    ]


def no_return(snapshot: Snapshot) -> StepSpec | None:
    """The first destructive step; None when nothing is destroyed."""
    return next((step for step in snapshot.steps if step.destructive), None)


def marked(script: str, names: tuple[str, ...]) -> SafeString:
    """Shell text as safe HTML with every `$NAME` of `names` in a <mark>.

    Characters that nobody sees are shown as marks too.
    """
    script = show_hidden(script)
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return _mark(script, rf"(\$\{{(?:{either})\}}|\$(?:{either})\b)" if names else "")


def mark_values(text: str, values: Sequence[str]) -> SafeString:
    """Text as safe HTML with each of these values in a <mark>, where it is a whole word."""
    shown = [show_hidden(value) for value in values if value]
    either = "|".join(re.escape(value) for value in sorted(shown, key=len, reverse=True))
    return _mark(show_hidden(text), rf"(?<!\w)({either})(?!\w)" if shown else "")


def _mark(text: str, pattern: str) -> SafeString:
    """`pattern` has one group, which is marked."""
    parts = re.split(pattern, text) if pattern else [text]
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", part) if i % 2 else part,)
            for i, part in enumerate(parts)
        ),
    )
