"""The operations by name, and replaying a list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import Any

from rollback_console.documents.errors import ArrangementError
from rollback_console.documents.model import PlanDocument

from . import operations
from .begin import begin

MOST = 500
"""Operations of one arrangement; somebody who needs more rewrites the text."""

OPERATIONS: Mapping[str, Callable[..., PlanDocument]] = {
    "role": operations.set_role,
    "move": operations.move_step,
    "split": operations.split_step,
    "join": operations.join_steps,
    "choice": operations.make_choice,
    "sequence": operations.make_sequence,
    "condition": operations.set_condition,
    "title": operations.set_title,
    "warnings": operations.set_warnings,
    "edit": operations.edit_step,
    "kind": operations.set_kind,
    "settings": operations.set_settings,
    "follow": operations.follow,
    "part": operations.part,
    "add": operations.add_step,
    "item": operations.add_item,
    "answer": operations.answer,
}
"""By the name under `do`; every other name of an operation is an argument, a text each."""


def arrange(document: PlanDocument, steps: Iterable[Mapping[str, Any]]) -> PlanDocument:
    """The proposal with these operations made, one after the other.

    Raises ArrangementError for one that does not fit, with a sentence.
    """
    arranged = begin(document)
    for at, step in enumerate(steps, start=1):
        if at > MOST:
            raise ArrangementError(f"An arrangement holds at most {MOST} changes. Edit the text.")
        arranged = apply_operation(arranged, step, f"n{at}")
    return arranged


def apply_operation(
    document: PlanDocument, operation: Mapping[str, Any], fresh: str
) -> PlanDocument:
    """One operation made; a part that it creates is called `fresh`. Raises ArrangementError."""
    act = OPERATIONS.get(str(operation.get("do", "")))
    if act is None:
        raise ArrangementError("This is no change of an arrangement.")
    known = signature(act).parameters
    values = {
        name: str(value) for name, value in operation.items() if name in known and name != "fresh"
    }
    missing = [
        name
        for name, one in known.items()
        if one.default is one.empty and name not in {"document", "fresh", *values}
    ]
    if missing:
        raise ArrangementError(f"Say the {missing[0]} first.")
    if "fresh" in known:
        values["fresh"] = fresh
    return act(document, **values)
