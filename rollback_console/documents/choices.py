"""What a person must choose before a procedure can run, and what a choice comes to."""

from __future__ import annotations

from dataclasses import dataclass

from rollback_console.documents.errors import DocumentError
from rollback_console.documents.model import Alternative, Command, PlanDocument, Procedure, Step


@dataclass(frozen=True, slots=True)
class DocumentChoice:
    """One question about one step.

    `alternatives` is empty when the only question is whether to run the step; `condition`
    is the author's "only if ...", empty when the step runs in any case. `suggested` is the
    index of the way to offer first, never to take without asking.
    """

    procedure: str
    step: str
    title: str
    alternatives: tuple[Alternative, ...]
    condition: str
    suggested: int = 0


def choices(document: PlanDocument) -> list[DocumentChoice]:
    """Every choice of every procedure, in order."""
    return [choice for one in document.procedures for choice in choices_of(one)]


def choices_of(procedure: Procedure) -> list[DocumentChoice]:
    """The choices of one procedure: for steps with alternatives, and for conditional steps."""
    return [
        DocumentChoice(
            procedure.key, step.key, step.title, step.alternatives, step.condition, _first(step)
        )
        for step in procedure.steps
        if step.alternatives or step.condition
    ]


def resolve(step: Step, chosen: int | None = None) -> list[Command]:
    """The commands of a step once a way is chosen: the shared ones, then those of the way.

    `chosen` is the index of an alternative. Raises DocumentError when one is needed and none
    (or one that does not exist) is given, or when there is nothing to choose.
    """
    if not step.alternatives:
        if chosen is not None:
            raise DocumentError(f"Step “{step.title}” has no alternatives to choose from.")
        return list(step.commands)
    if chosen is None or not 0 <= chosen < len(step.alternatives):
        raise DocumentError(
            f"Choose one of the {len(step.alternatives)} ways of step “{step.title}” first."
        )
    return [*step.commands, *step.alternatives[chosen].commands]


def _first(step: Step) -> int:
    return next((at for at, one in enumerate(step.alternatives) if one.preferred), 0)
