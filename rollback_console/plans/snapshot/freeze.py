"""From a revision and a person's choices to the snapshot that is approved.

Everything that is missing is gathered and raised at once, as sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rollback_console.documents.model import Procedure
from rollback_console.documents.shell.reserved_names import reserved_reason
from rollback_console.engine.snapshot import Snapshot, StepSpec

from ..confirmation import misread_guards, require_confirmed
from ..errors import NotReady, PlanError
from ..models import Revision
from .draft import SnapshotDraft
from .hidden_characters import list_hidden_problems
from .steps import build_steps
from .undo_steps import build_restore


def freeze_snapshot(
    revision: Revision, choices: dict[str, Any], *, like: Snapshot | None = None
) -> Snapshot:
    """The snapshot that would run.

    `choices` is {"procedure": key, "alternatives": {step key: index}, "conditions": {step
    key: "run" | "skip"}, "parameters": {name: value}, "start_at": position, "continues": number
    of the rollback that did what is before it}, or {"restores": see undo_steps.build_restore}.
    To be compared with an earlier one, it is frozen `like` that. Raises NotReady,
    and NotConfirmed for a revision that nobody confirmed.
    """
    require_confirmed(revision)
    draft = SnapshotDraft.begin(revision, choices, like.digests if like else ())
    draft.problems += filter(None, map(reserved_reason, choices.get("parameters", {})))
    if "restores" in choices:
        return build_restore(draft)
    draft.problems += [*misread_guards(draft.document), *list_hidden_problems(revision)]
    procedure = choose_procedure(draft)
    steps = build_steps(draft, procedure) if procedure else []
    if not draft.problems and not steps:
        draft.problems.append("Nothing would run: every step of this procedure is skipped.")
    _check_start(draft, steps)
    snapshot = draft.assemble(steps, procedure.name if procedure else "")
    if draft.problems:
        raise NotReady(list(dict.fromkeys(draft.problems)))
    return snapshot


def sketch_snapshot(revision: Revision, choices: dict[str, Any]) -> Snapshot | None:
    """As much as is known of the chosen procedure, or of the first, before anyone filled in a
    request: enough to ask hosts. None for a plan without a step."""
    return _sketch(SnapshotDraft.begin(revision, {}), choices)


def sketch_snapshots(
    requests: Iterable[tuple[Revision, dict[str, Any]]],
) -> Iterator[Snapshot | None]:
    """What each of these (revision, choices) of one plan would be if it were frozen now, in turn;
    None where its text is not understood, has no step, or does not say how a dump is put back.

    Every host of the plan is in each of them.
    """
    draft = None
    for revision, choices in requests:
        try:
            draft = SnapshotDraft.begin(revision, choices, beside=draft)
            yield build_restore(draft) if "restores" in choices else _sketch(draft, choices)
        except PlanError:
            yield None


def _sketch(draft: SnapshotDraft, choices: dict[str, Any]) -> Snapshot | None:
    procedures = draft.document.procedures
    chosen = [each for each in procedures if each.key == choices.get("procedure")]
    if not (procedure := next(iter([*chosen, *procedures]), None)):
        return None
    draft.choices = {
        "alternatives": {step.key: 0 for step in procedure.steps} | choices.get("alternatives", {}),
        "conditions": {step.key: "run" for step in procedure.steps} | choices.get("conditions", {}),
        "parameters": choices.get("parameters", {}),
    }
    return draft.assemble(build_steps(draft, procedure), procedure.name)


def choose_procedure(draft: SnapshotDraft) -> Procedure | None:
    """The chosen procedure, or the only one; None, and a problem, where none is chosen."""
    procedures = {each.key: each for each in draft.document.procedures}
    if not procedures:
        draft.problems.append("This plan has no steps. Add a section with the steps to take.")
        return None
    if len(procedures) == 1:
        return next(iter(procedures.values()))
    procedure = procedures.get(str(draft.choices.get("procedure", "")))
    if procedure is None:
        names = ", ".join(f"“{each.name}”" for each in procedures.values())
        draft.problems.append(f"Choose one of the procedures: {names}.")
    return procedure


def _check_start(draft: SnapshotDraft, steps: Sequence[StepSpec]) -> None:
    position = draft.start_position(steps)
    numbers = {each.position: each.number for each in steps}
    if steps and not any(each.position == position and not each.standby for each in steps):
        draft.problems.append(f"There is no step {numbers.get(position, position)} to begin with.")
