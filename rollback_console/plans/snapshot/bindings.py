"""Bindings of steps: which the text can say itself, and which only the page can hold."""

from __future__ import annotations

from typing import Any

from rollback_console.documents.edit.write_bindings import inscribe
from rollback_console.documents.model import PlanDocument, Step

_WRITTEN = ("hosts", "cwd", "user", "timeout")


def write_into_text(document: PlanDocument, bindings: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The text with what steps are bound to, and the bindings that are left."""
    steps: dict[str, dict[str, Any]] = bindings.get("steps", {})
    known = {step.key: step for one in document.procedures for step in one.steps}
    attributes = {key: _attributes(known[key], steps[key]) for key in steps if key in known}
    text, keys = inscribe(document, attributes)
    left = {key: _left(bound) if key in keys else bound for key, bound in steps.items()}
    kept = {key: bound for key, bound in left.items() if bound}
    rest = {name: value for name, value in bindings.items() if name != "steps"}
    return text, rest | ({"steps": kept} if kept else {})


def _attributes(step: Step, bound: dict[str, Any]) -> dict[str, str]:
    """What the fence does not say itself; its own word comes first anyway."""
    return {
        name: f"{bound[name]}s" if name == "timeout" else str(bound[name])
        for name in _WRITTEN
        if bound.get(name) and not getattr(step.settings, name)
    }


def _left(bound: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in bound.items() if name not in _WRITTEN}
