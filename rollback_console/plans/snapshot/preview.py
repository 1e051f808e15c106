"""As much of a snapshot as is known before anyone filled in a request: enough to ask hosts."""

from __future__ import annotations

from typing import Any

from rollback_console.engine.snapshot import Snapshot

from ..models import Revision
from .freeze import Freezer


def sketch(revision: Revision, choices: dict[str, Any]) -> Snapshot | None:
    """As much as is known of the chosen procedure, or the first; None without a step."""
    freezer = Freezer.of(revision, {})
    procedures = freezer.document.procedures
    wanted = [each for each in procedures if each.key == choices.get("procedure")]
    if not (procedure := next(iter([*wanted, *procedures]), None)):
        return None
    freezer.choices = {
        "alternatives": {step.key: 0 for step in procedure.steps} | choices.get("alternatives", {}),
        "conditions": {step.key: "run" for step in procedure.steps} | choices.get("conditions", {}),
        "parameters": choices.get("parameters", {}),
    }
    return freezer.snapshot(procedure, freezer.steps(procedure))
