"""Steps, runs and views in one line each."""

from __future__ import annotations

from rollback_console.engine.decide import (
    AskPerson,
    QuestionKind,
    RunView,
    View,
)
from rollback_console.engine.snapshot import StepSpec
from rollback_console.engine.states import RollbackState, StepState


def step(position: int = 1, **settings: object) -> StepSpec:
    hosts = settings.pop("hosts", ("a",))
    return StepSpec(position, f"Step {position}", script="x", hosts=hosts, **settings)  # type: ignore[arg-type]


def run(state: StepState, position: int = 1, host: str = "a", **more: object) -> RunView:
    attempt = more.pop("attempt", 1)
    return RunView(f"{position}{host}{attempt}", position, host, attempt, state, **more)  # type: ignore[arg-type]


def view(*runs: RunView, steps: tuple[StepSpec, ...] = (step(),), **more: object) -> View:
    state = more.pop("state", RollbackState.RUNNING)
    return View(state, steps, runs, **more)  # type: ignore[arg-type]


def ask(question: QuestionKind, position: int = 1, *tokens: str) -> AskPerson:
    return AskPerson(question, position, tokens)
