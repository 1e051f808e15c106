"""What is proven about an abort, host by host, out of the events."""

from __future__ import annotations

from dataclasses import dataclass

from rollback_console.engine.states import IN_FLIGHT, StepState
from rollback_console.rollbacks.events.wording import ABORT_ENDINGS, VERIFIED_GONE
from rollback_console.rollbacks.models import Event, Rollback, StepRun

MANY_PROOFS = 12


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


@dataclass(frozen=True, slots=True)
class Group:
    """Proofs that say the same kind of thing; `folded` when their number says enough."""

    name: str
    state: str
    proofs: list[Proof]
    folded: bool


def groups(rollback: Rollback, runs: list[StepRun]) -> list[Group]:
    """What an abort that was asked for has shown so far, what needs a look first."""
    found = proofs(rollback, runs) if rollback.abort_asked else []
    many = len(found) > MANY_PROOFS
    sorts = [
        Group("to look at", StepState.LOST, [p for p in found if p.at and not p.gone], False),
        Group("being stopped", StepState.RUNNING, [p for p in found if not p.at], many),
        Group("verified gone", StepState.SUCCEEDED, [p for p in found if p.gone], many),
    ]
    return [each for each in sorts if each.proofs]


def proofs(rollback: Rollback, runs: list[StepRun]) -> list[Proof]:
    """What is known of each run that the abort had to end."""
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
        state="succeeded" if ending in VERIFIED_GONE else ending,
        text=ABORT_ENDINGS.get(ending, ending),
        gone=ending in VERIFIED_GONE,
        at=event.at,
        why=str(event.facts.get("why", "")),
        survivors=tuple(str(each) for each in event.facts.get("survivors", [])),
    )
