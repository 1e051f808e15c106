"""The states of a rollback and of a step run: the allowed moves, and what people read of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RollbackState(StrEnum):
    """Where a rollback is; `TERMINAL` lists the ones nothing leaves."""

    REQUESTED = "requested"
    APPROVED = "approved"
    RUNNING = "running"
    WAITING = "waiting"
    VERIFYING = "verifying"
    ABORTING = "aborting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABORTED = "aborted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class StepState(StrEnum):
    """Where one attempt of one step on one host is.

    `failed`: the command said no. `lost`: nobody can know. A manual step has no host and
    goes pending -> running (a person is asked) -> succeeded or failed (they answered).
    """

    PENDING = "pending"
    LAUNCHING = "launching"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABORTED = "aborted"
    LOST = "lost"
    ABORT_UNCONFIRMED = "abort_unconfirmed"
    SKIPPED = "skipped"


_R, _S = RollbackState, StepState

ROLLBACK_MOVES: dict[RollbackState, frozenset[RollbackState]] = {
    _R.REQUESTED: frozenset({_R.APPROVED, _R.REJECTED, _R.EXPIRED, _R.WITHDRAWN}),
    # Back to a request where what it touches was changed after the approval.
    _R.APPROVED: frozenset({_R.RUNNING, _R.EXPIRED, _R.WITHDRAWN, _R.REQUESTED}),
    _R.RUNNING: frozenset({_R.WAITING, _R.VERIFYING, _R.ABORTING, _R.FAILED}),
    _R.WAITING: frozenset({_R.RUNNING, _R.VERIFYING, _R.ABORTING, _R.FAILED}),
    _R.VERIFYING: frozenset({_R.SUCCEEDED, _R.FAILED, _R.ABORTING}),
    _R.ABORTING: frozenset({_R.ABORTED}),
}

STEP_MOVES: dict[StepState, frozenset[StepState]] = {
    _S.PENDING: frozenset({_S.LAUNCHING, _S.RUNNING, _S.SKIPPED}),
    # Back to pending only when it is proven that the host never started it.
    _S.LAUNCHING: frozenset(
        {
            _S.PENDING,
            _S.RUNNING,
            _S.SUCCEEDED,
            _S.FAILED,
            _S.TIMED_OUT,
            _S.ABORTED,
            _S.LOST,
            _S.ABORT_UNCONFIRMED,
        }
    ),
    _S.RUNNING: frozenset(
        {
            _S.SUCCEEDED,
            _S.FAILED,
            _S.TIMED_OUT,
            _S.ABORTED,
            _S.LOST,
            _S.ABORT_UNCONFIRMED,
            _S.SKIPPED,
        }
    ),
}

TERMINAL = frozenset(RollbackState) - frozenset(ROLLBACK_MOVES)
"""States of a rollback that nothing leaves."""

LIVE = frozenset({_R.RUNNING, _R.WAITING, _R.VERIFYING, _R.ABORTING})
"""States in which a rollback holds its environment's lock."""

IN_FLIGHT = frozenset({_S.LAUNCHING, _S.RUNNING})
"""States of a step run in which a host may be working."""

ENDED = frozenset(StepState) - frozenset(STEP_MOVES)
"""States of a step run that nothing leaves."""

ENDED_BADLY = frozenset({_S.FAILED, _S.TIMED_OUT, _S.LOST, _S.ABORT_UNCONFIRMED, _S.ABORTED})
"""States of a step run that a person has to answer for."""


END_UNKNOWN = frozenset({_S.LOST, _S.ABORT_UNCONFIRMED})
"""States of a step run in which something may still be working on the host: a person looks there
and says what they saw before anything is tried again."""


def may_move(old: str, new: str) -> bool:
    """Whether the table allows a rollback to go from `old` to `new`."""
    return RollbackState(new) in ROLLBACK_MOVES.get(RollbackState(old), frozenset())


def may_step_move(old: str, new: str) -> bool:
    """Whether the table allows a step run to go from `old` to `new`."""
    return StepState(new) in STEP_MOVES.get(StepState(old), frozenset())


@dataclass(frozen=True, slots=True)
class StateInfo:
    """What people read of a state: its `word`, its `tone` (colour and urgency), and for a state
    that something has ended in the `outcome`, to follow `it`."""

    word: str
    tone: str
    outcome: str = ""


STATES: dict[str, StateInfo] = {
    _R.REQUESTED: StateInfo("requested", "ask"),
    _R.APPROVED: StateInfo("approved", "go"),
    _R.RUNNING: StateInfo("running", "go"),
    _R.WAITING: StateInfo("waiting", "ask"),
    _R.VERIFYING: StateInfo("verifying", "go"),
    _R.ABORTING: StateInfo("aborting", "bad"),
    _R.SUCCEEDED: StateInfo("succeeded", "ok", "succeeded"),
    _R.FAILED: StateInfo("failed", "bad", "failed"),
    _R.ABORTED: StateInfo("aborted", "still", "was aborted"),
    _R.REJECTED: StateInfo("rejected", "still", "was rejected"),
    _R.EXPIRED: StateInfo("expired", "still", "expired"),
    _R.WITHDRAWN: StateInfo("withdrawn", "still", "was withdrawn"),
    _S.PENDING: StateInfo("pending", "still"),
    _S.LAUNCHING: StateInfo("launching", "go"),
    _S.TIMED_OUT: StateInfo("timed out", "bad", "timed out"),
    _S.LOST: StateInfo("lost", "lost", "was lost"),
    _S.ABORT_UNCONFIRMED: StateInfo("abort unconfirmed", "lost", "may still run"),
    _S.SKIPPED: StateInfo("skipped", "still", "was skipped"),
}
"""By state; a step's running, succeeded, failed and aborted read like a rollback's."""

if _missing := {*RollbackState, *StepState} - set(STATES):
    raise ValueError(f"States without an entry: {', '.join(sorted(_missing))}.")


def state_word(name: str) -> str:
    """The words for a state, or for any name that is written with underscores."""
    info = STATES.get(name)
    return info.word if info else name.replace("_", " ")


def outcome(name: str) -> str:
    """What became of something that ended in a state, to follow `it`; such as `was aborted`."""
    info = STATES.get(name)
    return (info.outcome if info else "") or f"is {state_word(name)}"
