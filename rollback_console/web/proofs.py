"""What is proven about an abort, host by host, out of the events."""

from __future__ import annotations

from dataclasses import dataclass

from rollback_console.engine.states import IN_FLIGHT, StepState
from rollback_console.rollbacks.models import Event, Rollback, StepRun

_SAYS = {
    "aborted": "stopped, and verified gone",
    "never_started": "it never started there",
    "finished": "it had ended by itself",
    "timed_out": "it had been ended by its time limit",
    "lost": "nobody can tell: look at the host",
    "abort_unconfirmed": "something is still there",
}
_GONE = frozenset({"aborted", "never_started", "finished", "timed_out"})


@dataclass(frozen=True, slots=True)
class Proof:
    """One host of one step: `state` draws it, `text` is the finding, `gone` whether all ended.

    `at` is when it was proven, None while it is being stopped. `survivors` are processes.
    """

    run: StepRun
    state: str
    text: str
    gone: bool
    at: str | None = None
    why: str = ""
    survivors: tuple[str, ...] = ()


def proofs(rollback: Rollback, runs: list[StepRun]) -> list[Proof]:
    """What an abort that was asked for has shown so far; [] when none was."""
    if not rollback.abort_asked:
        return []
    events = rollback.events.filter(kind="abort.proven").order_by("seq")
    told = {str(event.facts.get("token")): event for event in events}
    return [
        _proof(run, told.get(str(run.token)))
        for run in runs
        if str(run.token) in told or (run.state in IN_FLIGHT and run.host)
    ]


def _proof(run: StepRun, event: Event | None) -> Proof:
    if event is None:
        text = "TERM, then KILL, then a look at what is left"
        return Proof(run, StepState.RUNNING, text, gone=False)
    ending = str(event.facts.get("ending", ""))
    return Proof(
        run=run,
        state="succeeded" if ending in _GONE else ending,
        text=_SAYS.get(ending, ending),
        gone=ending in _GONE,
        at=event.at,
        why=str(event.facts.get("why", "")),
        survivors=tuple(str(each) for each in event.facts.get("survivors", [])),
    )
