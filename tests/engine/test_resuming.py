"""What going on from another step would do, and when it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.engine.decide import RunView
from rollback_console.engine.resuming import hindrance, resumption
from rollback_console.engine.snapshot import StepSpec
from rollback_console.engine.states import END_UNKNOWN, ENDED_BADLY, IN_FLIGHT, StepState

from .views import run, step

S = StepState
STEPS = (step(1), step(2), step(3), step(4, standby=True))


def positions(runs: tuple[RunView, ...]) -> list[int]:
    return [each.position for each in runs]


def test_going_forward_leaves_out_what_is_between() -> None:
    runs = (run(S.SUCCEEDED), run(S.FAILED, 2), run(S.PENDING, 3))
    outcome = resumption(STEPS, runs, 3)
    assert (positions(outcome.skipped), positions(outcome.again), outcome.confirm) == ([2], [], ())
    assert hindrance(STEPS, runs, 3, ()) == ""


def test_going_back_runs_again_what_ran_and_asks_for_its_name() -> None:
    runs = (run(S.SUCCEEDED), run(S.SUCCEEDED, 2), run(S.FAILED, 3))
    outcome = resumption(STEPS, runs, 2)
    assert positions(outcome.skipped) == []
    assert (positions(outcome.again), outcome.confirm) == ([2, 3], (2, 3))
    assert "2, 3" in hindrance(STEPS, runs, 2, ())
    assert "2, 3" in hindrance(STEPS, runs, 2, {2})
    assert hindrance(STEPS, runs, 2, {3, 2}) == ""


def test_what_is_idempotent_or_was_skipped_needs_no_name() -> None:
    steps = (step(1), step(2, idempotent=True), step(3))
    runs = (run(S.SUCCEEDED), run(S.SUCCEEDED, 2), run(S.SKIPPED, 3))
    assert resumption(steps, runs, 2).confirm == ()
    assert hindrance(steps, runs, 2, ()) == ""
    assert "name no step" in hindrance(steps, runs, 2, {2})


@pytest.mark.parametrize(
    ("position", "runs", "why"),
    [
        (7, (run(S.FAILED),), "There is no step 7"),
        (4, (run(S.FAILED),), "There is no step 4"),
        (2, (run(S.RUNNING),), "still runs: step 1 on a"),
        (2, (run(S.SUCCEEDED), run(S.PENDING, 2)), "stands at this step already"),
    ],
)
def test_why_it_may_not(position: int, runs: tuple[RunView, ...], why: str) -> None:
    assert why in hindrance(STEPS, runs, position, ())


def test_what_a_person_was_doing_is_left_out_or_asked_again() -> None:
    steps = (step(1, kind="manual", hosts=()), step(2))
    runs = (run(S.RUNNING, host=""), run(S.PENDING, 2))
    assert positions(resumption(steps, runs, 2).skipped) == [1]


def test_an_undo_that_was_asked_for_is_left_out() -> None:
    runs = (run(S.FAILED), run(S.PENDING, 4), run(S.PENDING, 2))
    assert positions(resumption(STEPS, runs, 2).skipped) == [1, 4]


@st.composite
def situations(draw: st.DrawFn) -> tuple[tuple[StepSpec, ...], tuple[RunView, ...], int]:
    count = draw(st.integers(1, 4))
    steps = tuple(
        step(
            at, idempotent=draw(st.booleans()), standby=draw(st.sampled_from([False] * 4 + [True]))
        )
        for at in range(1, count + 1)
    )
    runs = tuple(
        run(draw(st.sampled_from(StepState)), at, host)
        for at in range(1, count + 1)
        for host in "ab"
    )
    return steps, runs, draw(st.integers(1, count))


@given(situations())
def test_no_attempt_is_both_left_out_and_run_again_and_none_in_flight_is(
    given_: tuple[tuple[StepSpec, ...], tuple[RunView, ...], int],
) -> None:
    steps, runs, position = given_
    outcome = resumption(steps, runs, position)
    again = {each.token for each in outcome.again}
    assert not again & {each.token for each in outcome.skipped}
    assert all(each.position >= position for each in outcome.again)
    assert not {each.state for each in outcome.again} & {*IN_FLIGHT, S.PENDING}
    later = [each for each in runs if each.position >= position and each.state in ENDED_BADLY]
    known = {each.position: each for each in steps}
    assert {each.token for each in later if not known[each.position].standby} <= again
    assert set(outcome.confirm) <= {each.position for each in outcome.again}
    harmful = {
        each.position
        for each in outcome.again
        if each.state is not S.SKIPPED
        and (not known[each.position].idempotent or each.state in END_UNKNOWN)
    }
    assert harmful == set(outcome.confirm)
