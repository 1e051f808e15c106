"""What may happen next, case by case."""

from __future__ import annotations

import pytest

from rollback_console.engine.decide import (
    LATE,
    Abort,
    AskPerson,
    Decision,
    Finish,
    QuestionKind,
    RetryStep,
    StartStep,
    StopStep,
    Verify,
    View,
    Wait,
    decide,
)
from rollback_console.engine.states import RollbackState, StepState

from .views import ask, run, step, view

S = StepState
two = (step(1), step(2))
many = ("a", "b", "c")
canary = (step(hosts=many, rolling=1),)

CASES: list[tuple[str, View, list[Decision]]] = [
    ("a pending step starts", view(run(S.PENDING)), [StartStep("1a1"), Wait()]),
    ("a running step is waited for", view(run(S.RUNNING)), [Wait()]),
    (
        "the second step waits for the first",
        view(run(S.RUNNING), run(S.PENDING, 2), steps=two),
        [Wait()],
    ),
    (
        "the second step follows the first",
        view(run(S.SUCCEEDED), run(S.PENDING, 2), steps=two),
        [StartStep("2a1"), Wait()],
    ),
    (
        "a skipped step counts as done",
        view(run(S.SKIPPED), run(S.PENDING, 2), steps=two),
        [StartStep("2a1"), Wait()],
    ),
    (
        "all hosts start at once",
        view(*(run(S.PENDING, host=h) for h in many), steps=(step(hosts=many),)),
        [StartStep("1a1"), StartStep("1b1"), StartStep("1c1"), Wait()],
    ),
    (
        "rolling starts as many as have room",
        view(run(S.RUNNING), run(S.PENDING, host="b"), run(S.PENDING, host="c"), steps=canary),
        [Wait()],
    ),
    (
        "rolling goes on when one is done",
        view(run(S.SUCCEEDED), run(S.PENDING, host="b"), run(S.PENDING, host="c"), steps=canary),
        [StartStep("1b1"), Wait()],
    ),
    (
        "a failure holds the hosts that have not begun",
        view(run(S.FAILED), run(S.PENDING, host="b"), steps=canary),
        [ask(QuestionKind.FAILED, 1, "1a1")],
    ),
    (
        "a failure waits for the hosts that have begun",
        view(run(S.FAILED), run(S.RUNNING, host="b"), steps=(step(hosts=many),)),
        [Wait()],
    ),
    ("a failure asks", view(run(S.FAILED)), [ask(QuestionKind.FAILED, 1, "1a1")]),
    ("a timeout asks", view(run(S.TIMED_OUT)), [ask(QuestionKind.FAILED, 1, "1a1")]),
    ("a loss asks as a loss", view(run(S.LOST)), [ask(QuestionKind.LOST, 1, "1a1")]),
    (
        "what may still run after an abort asks as a loss",
        view(run(S.ABORT_UNCONFIRMED)),
        [ask(QuestionKind.LOST, 1, "1a1")],
    ),
    (
        "a loss is never retried unasked",
        view(run(S.LOST), steps=(step(retry=5, on_failure="continue"),)),
        [ask(QuestionKind.LOST, 1, "1a1")],
    ),
    (
        "an answered failure is over",
        view(run(S.FAILED, answer="skip"), run(S.PENDING, 2), steps=two),
        [StartStep("2a1"), Wait()],
    ),
    (
        "continue goes past a failure",
        view(run(S.FAILED), run(S.PENDING, 2), steps=(step(on_failure="continue"), step(2))),
        [StartStep("2a1"), Wait()],
    ),
    ("abort on failure aborts", view(run(S.FAILED), steps=(step(on_failure="abort"),)), [Abort(1)]),
    (
        "a declared retry waits its delay",
        view(run(S.FAILED, ended_ago=2.0), steps=(step(retry=1, retry_delay=5),)),
        [Wait(3.0)],
    ),
    (
        "a declared retry is made",
        view(run(S.FAILED, ended_ago=5.0), steps=(step(retry=1, retry_delay=5),)),
        [RetryStep("1a1")],
    ),
    (
        "declared retries end",
        view(run(S.FAILED, attempt=2, ended_ago=9.0), steps=(step(retry=1),)),
        [ask(QuestionKind.FAILED, 1, "1a2")],
    ),
    (
        "no retry while paused",
        view(run(S.FAILED, ended_ago=9.0), steps=(step(retry=1),), pause_asked=True),
        [ask(QuestionKind.FAILED, 1, "1a1")],
    ),
    ("a gate asks", view(run(S.PENDING), steps=(step(gate=True),)), [ask(QuestionKind.GATE)]),
    (
        "an open gate lets through",
        view(run(S.PENDING), steps=(step(gate=True),), gates=frozenset({1})),
        [StartStep("1a1"), Wait()],
    ),
    (
        "a manual step begins, then asks",
        view(run(S.PENDING, host=""), steps=(step(kind="manual", hosts=()),)),
        [StartStep("11"), Wait()],
    ),
    (
        "a manual step asks",
        view(run(S.RUNNING, host=""), steps=(step(kind="manual", hosts=()),)),
        [ask(QuestionKind.MANUAL, 1, "11")],
    ),
    (
        "a canary goes first",
        view(*(run(S.PENDING, host=h) for h in many), steps=(step(hosts=many, canary=True),)),
        [StartStep("1a1"), Wait()],
    ),
    (
        "the others wait for the canary",
        view(run(S.RUNNING), run(S.PENDING, host="b"), steps=(step(hosts=many, canary=True),)),
        [Wait()],
    ),
    (
        "after the canary a person is asked",
        view(run(S.SUCCEEDED), run(S.PENDING, host="b"), steps=(step(hosts=many, canary=True),)),
        [ask(QuestionKind.CANARY, 1, "1a1")],
    ),
    (
        "then all others go",
        view(
            run(S.SUCCEEDED),
            run(S.PENDING, host="b"),
            run(S.PENDING, host="c"),
            steps=(step(hosts=many, canary=True),),
            canaries=frozenset({1}),
        ),
        [StartStep("1b1"), StartStep("1c1"), Wait()],
    ),
    (
        "a canary that was skipped is no canary",
        view(run(S.SKIPPED), run(S.PENDING, host="b"), steps=(step(hosts=many, canary=True),)),
        [StartStep("1b1"), Wait()],
    ),
    (
        "a canary on a host that was left out is followed by another",
        view(
            run(S.FAILED, answer="skip"),
            run(S.PENDING, host="b"),
            steps=(step(hosts=many, canary=True),),
            excluded=frozenset({"a"}),
        ),
        [StartStep("1b1"), Wait()],
    ),
    (
        "the canary of an earlier undo is none of this one",
        view(
            run(S.FAILED),
            run(S.SUCCEEDED, 2, "a"),
            run(S.PENDING, 2, "b", attempt=2),
            steps=(step(1, undo=2), step(2, hosts=many, standby=True, canary=True)),
        ),
        [StartStep("2b2"), Wait()],
    ),
    (
        "a step that stands by does not run by itself",
        view(run(S.SUCCEEDED), steps=(step(1, undo=2), step(2, standby=True))),
        [Verify()],
    ),
    (
        "an undo that was asked for goes before the question",
        view(run(S.FAILED), run(S.PENDING, 2), steps=(step(1, undo=2), step(2, standby=True))),
        [StartStep("2a1"), Wait()],
    ),
    (
        "after the undo the question stands",
        view(run(S.FAILED), run(S.SUCCEEDED, 2), steps=(step(1, undo=2), step(2, standby=True))),
        [ask(QuestionKind.FAILED, 1, "1a1")],
    ),
    ("a pause starts nothing", view(run(S.PENDING), pause_asked=True), [ask(QuestionKind.PAUSED)]),
    ("a pause lets what runs go on", view(run(S.RUNNING), pause_asked=True), [Wait()]),
    (
        "what its host should have ended long ago is ended from here",
        view(run(S.RUNNING, running_for=60.0 + LATE + 1), steps=(step(time_limit=60),)),
        [StopStep("1a1"), Wait()],
    ),
    (
        "a host has a minute to end what is late",
        view(run(S.RUNNING, running_for=60.0 + LATE), steps=(step(time_limit=60),)),
        [Wait()],
    ),
    (
        "nothing starts once the time for the whole has passed",
        view(run(S.PENDING), time_limit=60.0, running_for=60.0),
        [ask(QuestionKind.OVERTIME, 0)],
    ),
    (
        "what runs goes on after the time for the whole",
        view(run(S.RUNNING), run(S.PENDING, 2), steps=two, time_limit=60.0, running_for=61.0),
        [ask(QuestionKind.OVERTIME, 0), Wait()],
    ),
    (
        "within the time for the whole nobody is asked",
        view(run(S.PENDING), time_limit=60.0, running_for=59.9),
        [StartStep("1a1"), Wait()],
    ),
    (
        "no retry after the time for the whole",
        view(
            run(S.FAILED, ended_ago=9.0),
            steps=(step(retry=1),),
            time_limit=60.0,
            running_for=61.0,
        ),
        [ask(QuestionKind.FAILED, 1, "1a1")],
    ),
    (
        "a rollback whose steps are done is not late any more",
        view(run(S.SUCCEEDED), time_limit=60.0, running_for=61.0),
        [Verify()],
    ),
    (
        "a long silence asks, and is still waited for",
        view(run(S.RUNNING, unreachable_for=901.0)),
        [ask(QuestionKind.UNREACHABLE, 1, "1a1"), Wait()],
    ),
    (
        "what may never have started is not waited for so long",
        view(run(S.LAUNCHING, unreachable_for=31.0)),
        [ask(QuestionKind.UNREACHABLE, 1, "1a1"), Wait()],
    ),
    (
        "what runs is waited for",
        view(run(S.RUNNING, unreachable_for=31.0)),
        [Wait()],
    ),
    (
        "a host that is not the approved one is not waited for",
        view(run(S.RUNNING, unreachable_for=0.1, refused=True)),
        [ask(QuestionKind.UNREACHABLE, 1, "1a1"), Wait()],
    ),
    (
        "an abort waits no longer than a connection takes",
        view(run(S.RUNNING, unreachable_for=31.0), abort_asked=True),
        [ask(QuestionKind.UNREACHABLE, 1, "1a1"), StopStep("1a1"), Wait()],
    ),
    ("the end of the steps leads to checks", view(run(S.SUCCEEDED)), [Verify()]),
    (
        "open checks ask",
        view(state=RollbackState.VERIFYING, unanswered_checks=frozenset({"x"})),
        [AskPerson(QuestionKind.CHECKS)],
    ),
    (
        "all checks passed",
        view(state=RollbackState.VERIFYING),
        [Finish(RollbackState.SUCCEEDED)],
    ),
    (
        "a failed check fails the rollback",
        view(state=RollbackState.VERIFYING, failed_checks=frozenset({"x"})),
        [Finish(RollbackState.FAILED)],
    ),
    (
        "an abort stops what runs",
        view(run(S.RUNNING), run(S.PENDING, host="b"), abort_asked=True),
        [StopStep("1a1"), Wait()],
    ),
    (
        "an abort with nothing running ends",
        view(run(S.PENDING), abort_asked=True),
        [Finish(RollbackState.ABORTED)],
    ),
    (
        "an abort that is not proven asks",
        view(run(S.ABORT_UNCONFIRMED), state=RollbackState.ABORTING),
        [AskPerson(QuestionKind.ABORT_UNCONFIRMED, 0, ("1a1",))],
    ),
]


@pytest.mark.parametrize(("case", "seen", "expected"), CASES, ids=[case for case, _, _ in CASES])
def test_the_table_of_decisions(case: str, seen: View, expected: list[Decision]) -> None:
    assert decide(seen) == expected
