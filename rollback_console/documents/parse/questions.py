"""What only a person can say about a plan: how its parts relate, and what some of them are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rollback_console.documents.model import (
    PlanDocument,
    Procedure,
    ReadingQuestion,
    Relation,
    RelationKind,
    Role,
    Step,
)

from .step_builder import Doubt

_RELATION = (("ways", "One of them is chosen"), ("order", "They follow each other"))
_ROLE = (
    (Role.STEP.value, "It is a step"),
    (Role.CHECK.value, "It only looks: a check"),
    (Role.LEFT_OUT.value, "It is no part of the rollback"),
)
_MEMBERS = 4
# Doubts that a person settles by saying what the step is for.
ASKED = {
    "guessed-steps": ("Is “{}” a part of the rollback? No heading says so.", _ROLE),
    "unsure-part": ("Is “{}” a part of the rollback? Its heading does not say so.", _ROLE),
    "unsure-role": ("Is “{}” a part of the rollback? Its heading can be read either way.", _ROLE),
    "unknown-parts": (
        "“{}” has several parts. Are they done one after the other?",
        ((Role.STEP.value, "One after the other"), (Role.LEFT_OUT.value, "Leave it out")),
    ),
}


def questions_of(
    document: PlanDocument, doubts: Mapping[str, Sequence[Doubt]]
) -> Iterator[ReadingQuestion]:
    """Every question of a document, in source order of what is asked about."""
    names = {one.key: one.name for one in document.procedures}
    for relation in document.relations:
        if relation.kind is RelationKind.UNKNOWN:
            yield _relation(relation, names)
    for procedure in document.procedures:
        for code in ASKED if not procedure.derived else ():
            steps = [
                s for s in procedure.steps if any(d.code == code for d in doubts.get(s.key, ()))
            ]
            if steps:
                yield _role(procedure, steps, code)


def _relation(relation: Relation, names: Mapping[str, str]) -> ReadingQuestion:
    listed = ", ".join(f"“{names.get(key, key)}”" for key in relation.members[:_MEMBERS])
    more = len(relation.members) - _MEMBERS
    parts = f"{listed} and {more} more" if more > 0 else listed
    return ReadingQuestion(
        f"relation-{relation.members[0]}",
        "relation",
        f"Is one of {parts} chosen, or are they done one after the other?",
        relation.lines,
        relation.members,
        _RELATION,
    )


def _role(procedure: Procedure, steps: Sequence[Step], code: str) -> ReadingQuestion:
    """One question for all steps of a procedure that are in doubt for the same cause."""
    text, answers = ASKED[code]
    name = steps[0].title if len(steps) == 1 else procedure.name
    lines = (steps[0].lines[0], steps[-1].lines[1])
    members = tuple(step.key for step in steps)
    return ReadingQuestion(f"role-{members[0]}", "role", text.format(name), lines, members, answers)
