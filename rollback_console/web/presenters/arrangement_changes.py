"""What changed between two arrangements: ways and steps added, taken away, moved, changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from rollback_console.documents.canonical.layout import bare_condition
from rollback_console.documents.model import PlanDocument, Procedure, Step


@dataclass(frozen=True, slots=True)
class ArrangementChange:
    """One difference: `what` is added, taken away, moved or changed; `detail` names what of it."""

    what: str
    way: str
    step: str = ""
    detail: str = ""


def list_changes(old: PlanDocument | None, new: PlanDocument) -> list[ArrangementChange]:
    """The differences in what runs, in the order of the new arrangement."""
    before = {one.name: one for one in old.procedures} if old else {}
    after = {one.name: one for one in new.procedures}
    changes = [ArrangementChange("taken away", name) for name in before if name not in after]
    for name, procedure in after.items():
        if name not in before:
            changes.append(ArrangementChange("added", name))
        else:
            changes += _in_way(before[name], procedure)
    return changes


def _in_way(old: Procedure, new: Procedure) -> Iterator[ArrangementChange]:
    if bare_condition(old.condition) != bare_condition(new.condition):
        yield ArrangementChange("changed", new.name, detail="when it is used")
    before, after = _by_title(old), _by_title(new)
    for title in before:
        if title not in after:
            yield ArrangementChange("taken away", new.name, title)
    moved = _moved([t for t in before if t in after], [t for t in after if t in before])
    for title, step in after.items():
        if title not in before:
            yield ArrangementChange("added", new.name, title)
            continue
        if title in moved:
            yield ArrangementChange("moved", new.name, title)
        facts, known = _facts_of(step), _facts_of(before[title])
        if parts := [name for name, value in facts.items() if known[name] != value]:
            yield ArrangementChange("changed", new.name, title, ", ".join(parts))


def _by_title(procedure: Procedure) -> dict[str, Step]:
    """Steps by their title; the second of one title carries its number."""
    steps: dict[str, Step] = {}
    for step in procedure.steps:
        title = step.title if step.title not in steps else f"{step.title} ({step.number})"
        steps[title] = step
    return steps


def _moved(before: list[str], after: list[str]) -> set[str]:
    blocks = SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()
    kept = {title for block in blocks for title in after[block.b : block.b + block.size]}
    return set(after) - kept


def _facts_of(step: Step) -> dict[str, Any]:
    return {
        "commands": [command.text for command in step.commands],
        "its ways": [[c.text for c in way.commands] for way in step.alternatives],
        "condition": bare_condition(step.condition),
        "how it is done": step.kind,
        "point of no return": step.destructive,
        "settings": step.settings,
    }
