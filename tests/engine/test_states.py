"""The tables of moves."""

from __future__ import annotations

from rollback_console.engine.states import (
    IN_FLIGHT,
    ROLLBACK_MOVES,
    STEP_MOVES,
    TERMINAL,
    RollbackState,
    StepState,
    may_move,
    may_step_move,
)


def test_every_state_can_be_reached_and_every_live_one_can_end() -> None:
    reached = set().union(*ROLLBACK_MOVES.values()) | {RollbackState.REQUESTED}
    assert reached == set(RollbackState)
    for state in RollbackState:
        assert ends(state), state


def test_nothing_leaves_a_terminal_state() -> None:
    assert {(old, new) for old in TERMINAL for new in RollbackState if may_move(old, new)} == set()


def test_only_an_approved_rollback_can_begin() -> None:
    begins = {old for old in RollbackState if may_move(old, RollbackState.RUNNING)}
    assert begins == {RollbackState.APPROVED, RollbackState.WAITING}


def test_only_verified_steps_can_succeed() -> None:
    succeeds = {old for old in RollbackState if may_move(old, RollbackState.SUCCEEDED)}
    assert succeeds == {RollbackState.VERIFYING}


def test_an_attempt_that_ended_never_moves_again() -> None:
    ended = set(StepState) - {StepState.PENDING} - IN_FLIGHT
    assert {(old, new) for old in ended for new in StepState if may_step_move(old, new)} == set()
    assert set(STEP_MOVES) == {StepState.PENDING, *IN_FLIGHT}


def ends(state: RollbackState) -> bool:
    seen, todo = set(), [state]
    while todo:
        here = todo.pop()
        if here in TERMINAL:
            return True
        seen.add(here)
        todo += ROLLBACK_MOVES[here] - seen
    return False
