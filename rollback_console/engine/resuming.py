"""Going on from another step: what is left out, what runs again, and why not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .decide import RunView
from .snapshot import StepSpec
from .states import END_UNKNOWN, ENDED_BADLY, IN_FLIGHT, StepState


@dataclass(frozen=True, slots=True)
class Resumption:
    """What going on from a step would do with the latest attempt of each step on each host.

    `skipped` will not run, or stay as badly as they ended. `again` get a new attempt.
    `confirm` are the positions that a person must name: their commands have run and the plan
    does not call them idempotent, or nobody has said yet whether they still do.
    """

    skipped: tuple[RunView, ...]
    again: tuple[RunView, ...]
    confirm: tuple[int, ...]


def resumption(steps: Sequence[StepSpec], runs: Sequence[RunView], position: int) -> Resumption:
    """What going on from `position` would do; every later step is to run, again if it has."""
    known = {step.position: step for step in steps}
    passed = {at for at, step in known.items() if at < position or step.standby}
    again = tuple(run for run in runs if run.position not in passed and run.state not in _NOT_OVER)
    return Resumption(
        skipped=tuple(run for run in runs if run.position in passed and _is_open(run)),
        again=again,
        confirm=tuple(
            sorted({run.position for run in again if _does_harm(run, known[run.position])})
        ),
    )


def hindrance(
    steps: Sequence[StepSpec],
    runs: Sequence[RunView],
    position: int,
    confirmed: Collection[int],
) -> str:
    """Why it may not go on from `position`; "" when it may."""
    numbers = {step.position: step.number for step in steps}
    if not any(step.position == position and not step.standby for step in steps):
        return f"There is no step {numbers.get(position, position)} to go on from."
    if busy := [run for run in runs if run.host and run.state in IN_FLIGHT]:
        where = ", ".join(f"step {numbers[run.position]} on {run.host}" for run in busy)
        return f"Something still runs: {where}. Wait for its end, or abort."
    outcome = resumption(steps, runs, position)
    if not outcome.skipped and not outcome.again:
        return "It stands at this step already: answer what is asked."
    if set(confirmed) != set(outcome.confirm):
        return _name_them([numbers[at] for at in outcome.confirm])
    return ""


_NOT_OVER = IN_FLIGHT | {StepState.PENDING}


def _is_open(run: RunView) -> bool:
    return run.state in _NOT_OVER or (run.state in ENDED_BADLY and not run.answer)


def _does_harm(run: RunView, step: StepSpec) -> bool:
    if step.kind != "command" or run.state is StepState.SKIPPED:
        return False
    # An idempotent step may run twice, but not beside itself.
    return not step.idempotent or (run.state in END_UNKNOWN and not run.answer)


def _name_them(numbers: Sequence[str]) -> str:
    if not numbers:
        return "Nothing that has run would run again: name no step. Look again at what is left."
    which = ", ".join(numbers)
    return (
        f"These steps would run again, and are not called idempotent or may still be running: "
        f"{which}. Name exactly these to say that they may."
    )
