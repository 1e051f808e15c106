"""Whether a rollback can go on without a host."""

from __future__ import annotations

from collections.abc import Iterable

from rollback_console.engine.states import ENDED_BADLY, StepState

from ..models import StepRun


def ahead(runs: Iterable[StepRun], host: str) -> list[StepRun]:
    """What a host has yet to do, or did not do well, among the latest attempts `runs`."""
    return [run for run in runs if run.host == host and _open(run)]


def alone(runs: list[StepRun], host: str) -> list[int]:
    """Steps that nobody would do without this host, by position.

    A step that only the host carries out (a database has one) is skipped or aborted by name,
    never in passing.
    """
    others = {run.position for run in runs if run.host != host and not _left_out(run)}
    return sorted({run.position for run in ahead(runs, host)} - others)


def _open(run: StepRun) -> bool:
    return run.state == StepState.PENDING or (run.state in ENDED_BADLY and not run.answer)


def _left_out(run: StepRun) -> bool:
    return run.state == StepState.SKIPPED or run.answer == "skip"
