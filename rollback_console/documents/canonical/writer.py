"""A document in canonical form, proven by reading it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollback_console.documents.errors import NotCanonical, Unwritable
from rollback_console.documents.model import Command, PlanDocument, Step

from .layout import bare_condition, one_line
from .reader import read_canonical
from .spelling import spell


def write_canonical(document: PlanDocument) -> str:
    """The document in canonical form; reading it gives the same in everything that runs.

    Raises Unwritable, with a sentence, for what would not.
    """
    text = spell(document)
    try:
        same = runnable(read_canonical(text)) == runnable(document)
    except NotCanonical as error:
        raise Unwritable(f"Once written in canonical form: {error}") from error
    if not same:
        raise Unwritable(
            "A command of this plan is not complete by itself (an open quote or here-document), "
            "so it would read differently once written down. Let a person do that step."
        )
    return text


def runnable(document: PlanDocument) -> list[Any]:
    """Everything of a document that decides what runs, without lines and keys."""
    return [
        (one_line(one.name), [_runs(step) for step in one.steps]) for one in document.procedures
    ]


def _runs(step: Step) -> tuple[Any, ...]:
    texts = [_texts(step.commands), *(_texts(one.commands) for one in step.alternatives)]
    return (
        step.number,
        one_line(step.title),
        step.kind,
        bare_condition(step.condition),
        step.destructive,
        step.settings,
        [(one.settings, bare_condition(one.condition)) for one in step.alternatives],
        texts if step.runs else (),
    )


def _texts(commands: Iterable[Command]) -> list[str]:
    return [command.text for command in commands]
