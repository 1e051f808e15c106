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
class ProofGroup:
    """Proofs that say the same kind of thing; `folded` when their number says enough."""

    name: str
    state: str
    proofs: list[Proof]
    folded: bool


def groups(rollback: Rollback, runs: list[StepRun]) -> list[ProofGroup]:
    """What an abort that was asked for has shown so far, what needs a look first."""
    abort_proofs = proofs(rollback, runs) if rollback.abort_asked else []
    many = len(abort_proofs) > MANY_PROOFS
    sorts = [
        ProofGroup(
            "to look at", StepState.LOST, [p for p in abort_proofs if p.at and not p.gone], False
        ),
        ProofGroup("being stopped", StepState.RUNNING, [p for p in abort_proofs if not p.at], many),
        ProofGroup("verified gone", StepState.SUCCEEDED, [p for p in abort_proofs if p.gone], many),
    ]
    return [each for each in sorts if each.proofs]


def proofs(rollback: Rollback, runs: list[StepRun]) -> list[Proof]:
    """What is known of each run that the abort had to end."""
    events = rollback.events.filter(kind="abort.proven").order_by("seq")
    proof_events = {str(event.facts.get("token")): event for event in events}
    return [
        _proof(run, proof_events.get(str(run.token)))
        for run in runs
        if str(run.token) in proof_events or (run.state in IN_FLIGHT and run.host)
    ]


def _proof(run: StepRun, event: Event | None) -> Proof:
    if event is None:
        text = "TERM, then KILL, then a look at what is left"
        return Proof(run, StepState.RUNNING, text, gone=False)
    ending, survivors = str(event.facts.get("ending", "")), event.facts.get("survivors")
    return Proof(
        run=run,
        state="succeeded" if ending in VERIFIED_GONE else ending,
        text=ABORT_ENDINGS.get(ending, ending),
        gone=ending in VERIFIED_GONE,
        at=event.at,
        why=str(event.facts.get("why", "")),
        survivors=tuple(map(str, survivors if isinstance(survivors, list) else ())),
    )
