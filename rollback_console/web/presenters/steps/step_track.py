"""The steps of a snapshot as pages draw them: stations on a track."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from rollback_console.documents.shell.hidden_characters import show_hidden
from rollback_console.engine.snapshot import HostSpec, Snapshot, StepSpec


@dataclass(frozen=True, slots=True)
class Station:
    """One step: its shell text with its variables marked, their values, and its hosts.

    `no_return` marks the first destructive step.
    """

    step: StepSpec
    script: SafeString
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
    if not names:
        return format_html("{}", script)
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    parts = re.split(rf"(\$\{{(?:{either})\}}|\$(?:{either})\b)", script)
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", part) if i % 2 else part,)
            for i, part in enumerate(parts)
        ),
    )
