"""What may happen next, case by case, and what may never happen, by property."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rollback_console.engine.decide import (
    LATE,
    Abort,
    AskPerson,
    Decision,
    Finish,
    Question,
    RetryStep,
    RunView,
    StartStep,
    StopStep,
    Verify,
    View,
    Wait,
    decide,
)
from rollback_console.engine.snapshot import StepSpec
from rollback_console.engine.states import ENDED_BADLY, IN_FLIGHT, RollbackState, StepState

S = StepState


def step(position: int = 1, **settings: object) -> StepSpec:
    hosts = settings.pop("hosts", ("a",))
    return StepSpec(position, f"Step {position}", script="x", hosts=hosts, **settings)  # type: ignore[arg-type]


def run(state: StepState, position: int = 1, host: str = "a", **more: object) -> RunView:
    attempt = more.pop("attempt", 1)
    return RunView(f"{position}{host}{attempt}", position, host, attempt, state, **more)  # type: ignore[arg-type]


def view(*runs: RunView, steps: tuple[StepSpec, ...] = (step(),), **more: object) -> View:
    state = more.pop("state", RollbackState.RUNNING)
    return View(state, steps, runs, **more)  # type: ignore[arg-type]


def ask(question: Question, position: int = 1, *tokens: str) -> AskPerson:
    return AskPerson(question, position, tokens)


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
        [ask(Question.FAILED, 1, "1a1")],
    ),
    (
        "a failure waits for the hosts that have begun",
        view(run(S.FAILED), run(S.RUNNING, host="b"), steps=(step(hosts=many),)),
        [Wait()],
    ),
    ("a failure asks", view(run(S.FAILED)), [ask(Question.FAILED, 1, "1a1")]),
    ("a timeout asks", view(run(S.TIMED_OUT)), [ask(Question.FAILED, 1, "1a1")]),
    ("a loss asks as a loss", view(run(S.LOST)), [ask(Question.LOST, 1, "1a1")]),
    (
        "a loss is never retried unasked",
        view(run(S.LOST), steps=(step(retry=5, on_failure="continue"),)),
        [ask(Question.LOST, 1, "1a1")],
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
        [ask(Question.FAILED, 1, "1a2")],
    ),
    (
        "no retry while paused",
        view(run(S.FAILED, ended_ago=9.0), steps=(step(retry=1),), pause_asked=True),
        [ask(Question.FAILED, 1, "1a1")],
    ),
    ("a gate asks", view(run(S.PENDING), steps=(step(gate=True),)), [ask(Question.GATE)]),
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
        [ask(Question.MANUAL, 1, "11")],
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
        [ask(Question.CANARY)],
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
        [ask(Question.FAILED, 1, "1a1")],
    ),
    ("a pause starts nothing", view(run(S.PENDING), pause_asked=True), [ask(Question.PAUSED)]),
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
        [ask(Question.OVERTIME, 0)],
    ),
    (
        "what runs goes on after the time for the whole",
        view(run(S.RUNNING), run(S.PENDING, 2), steps=two, time_limit=60.0, running_for=61.0),
        [ask(Question.OVERTIME, 0), Wait()],
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
        [ask(Question.FAILED, 1, "1a1")],
    ),
    (
        "a rollback whose steps are done is not late any more",
        view(run(S.SUCCEEDED), time_limit=60.0, running_for=61.0),
        [Verify()],
    ),
    (
        "a long silence asks, and is still waited for",
        view(run(S.RUNNING, unreachable_for=901.0)),
        [ask(Question.UNREACHABLE, 1, "1a1"), Wait()],
    ),
    ("the end of the steps leads to checks", view(run(S.SUCCEEDED)), [Verify()]),
    (
        "open checks ask",
        view(state=RollbackState.VERIFYING, unanswered_checks=frozenset({"x"})),
        [AskPerson(Question.CHECKS)],
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
        [AskPerson(Question.ABORT_UNCONFIRMED, 0, ("1a1",))],
    ),
]


@pytest.mark.parametrize(("case", "seen", "expected"), CASES, ids=[case for case, _, _ in CASES])
def test_the_table_of_decisions(case: str, seen: View, expected: list[Decision]) -> None:
    assert decide(seen) == expected


HOSTS = ("a", "b", "c")


class AnyRollback(RuleBasedStateMachine):
    """Carries decisions out as a driver would, with hosts and people doing anything."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = (
            step(1, hosts=HOSTS, rolling=2, retry=1, retry_delay=0),
            step(2, kind="manual", hosts=()),
            step(3, hosts=HOSTS[:2], gate=True, on_failure="continue"),
            step(4, hosts=HOSTS[:1]),
        )
        self.runs = {
            (each.position, host): run(S.PENDING, each.position, host)
            for each in self.steps
            for host in (each.hosts or ("",))
        }
        self.state = RollbackState.RUNNING
        self.gates: set[int] = set()
        self.pause = self.abort = False
        self.checks = {"health", "login"}
        self.started: list[str] = []
        self.asked: AskPerson | None = None

    def view(self) -> View:
        return View(
            self.state,
            self.steps,
            tuple(self.runs.values()),
            gates=frozenset(self.gates),
            unanswered_checks=frozenset(self.checks),
            pause_asked=self.pause,
            abort_asked=self.abort,
        )

    def put(self, token: str, **changes: object) -> None:
        key = next(key for key, each in self.runs.items() if each.token == token)
        self.runs[key] = replace(self.runs[key], **changes)  # type: ignore[arg-type]

    def states(self) -> dict[str, StepState]:
        return {each.token: each.state for each in self.runs.values()}

    @precondition(lambda self: self.state not in {"succeeded", "failed", "aborted"})
    @rule()
    def drive(self) -> None:
        self.asked = None
        for decision in decide(self.view()):
            self.carry(decision)

    def carry(self, decision: Decision) -> None:
        match decision:
            case StartStep(token):
                assert token not in self.started, "a token starts at most once"
                assert self.states()[token] is S.PENDING
                assert not self.abort
                assert not self.pause
                self.started.append(token)
                self.put(token, state=S.RUNNING)
            case RetryStep(token):
                old = next(each for each in self.runs.values() if each.token == token)
                assert old.state is S.FAILED, "only what failed is retried unasked"
                self.again(old)
            case StopStep(token):
                self.put(token, state=S.ABORTED)
            case AskPerson():
                self.asked = decision
            case Verify():
                self.state = RollbackState.VERIFYING
            case Abort():
                self.abort = True
            case Finish(state):
                self.state = state

    def again(self, old: RunView) -> None:
        new = run(S.PENDING, old.position, old.host, attempt=old.attempt + 1)
        self.runs[old.position, old.host] = new

    @precondition(lambda self: any(each.state in IN_FLIGHT for each in self.runs.values()))
    @rule(data=st.data())
    def a_host_reports(self, data: st.DataObject) -> None:
        flying = [each for each in self.runs.values() if each.state in IN_FLIGHT and each.host]
        if flying:
            chosen = data.draw(st.sampled_from(flying))
            ends = st.sampled_from([S.SUCCEEDED, S.FAILED, S.TIMED_OUT, S.LOST])
            self.put(chosen.token, state=data.draw(ends))

    @precondition(lambda self: self.asked is not None)
    @rule(data=st.data())
    def a_person_answers(self, data: st.DataObject) -> None:
        assert self.asked
        asked, self.asked = self.asked, None
        match asked.question:
            case Question.GATE:
                self.gates.add(asked.position)
            case Question.MANUAL:
                self.put(asked.tokens[0], state=S.SUCCEEDED)
            case Question.PAUSED:
                self.pause = False
            case Question.CHECKS:
                self.checks.pop()
            case _:
                retry = data.draw(st.booleans())
                for token in asked.tokens:
                    old = next(each for each in self.runs.values() if each.token == token)
                    self.again(old) if retry else self.put(token, answer="skip")

    @rule()
    def a_person_pauses(self) -> None:
        self.pause = self.state is RollbackState.RUNNING

    @precondition(lambda self: self.state in {"running", "verifying"})
    @rule(sure=st.integers(0, 9))
    def a_person_aborts(self, sure: int) -> None:
        self.abort = self.abort or sure == 0

    @invariant()
    def a_later_step_never_begins_before_an_earlier_one_is_over(self) -> None:
        for (position, _), each in self.runs.items():
            if each.token in self.started:
                for earlier in self.runs.values():
                    if earlier.position < position:
                        assert earlier.state not in {S.PENDING, *IN_FLIGHT} or self.abort

    @invariant()
    def no_more_hosts_work_at_once_than_the_plan_allows(self) -> None:
        working = [e for e in self.runs.values() if e.position == 1 and e.state in IN_FLIGHT]
        assert len(working) <= 2

    @invariant()
    def success_means_that_all_is_done_or_answered(self) -> None:
        if self.state is RollbackState.SUCCEEDED:
            for each in self.runs.values():
                forgiven = each.answer or self.steps[each.position - 1].on_failure == "continue"
                assert each.state in {S.SUCCEEDED, S.SKIPPED} or (
                    each.state in ENDED_BADLY and forgiven
                )
                assert each.state is not S.LOST or each.answer

    @invariant()
    def there_is_always_a_decision(self) -> None:
        assert decide(self.view())


TestAnyRollback = AnyRollback.TestCase


any_step = st.builds(
    StepSpec,
    position=st.just(1),
    title=st.just("x"),
    kind=st.sampled_from(["command", "manual"]),
    hosts=st.just(("a", "b")),
    retry=st.integers(0, 2),
    rolling=st.integers(0, 3),
    gate=st.booleans(),
    canary=st.booleans(),
    standby=st.booleans(),
    on_failure=st.sampled_from(["pause", "continue", "abort"]),
)
any_run = st.builds(
    RunView,
    token=st.text(min_size=1, max_size=4),
    position=st.just(1),
    host=st.sampled_from(["a", "b"]),
    attempt=st.integers(1, 4),
    state=st.sampled_from(StepState),
    answer=st.sampled_from(["", "skip", "continue"]),
    ended_ago=st.floats(0, 1e6),
    unreachable_for=st.floats(0, 1e6),
)


@given(
    st.builds(
        View,
        state=st.sampled_from(RollbackState),
        steps=st.tuples(any_step),
        runs=st.lists(any_run, max_size=4).map(tuple),
        gates=st.frozensets(st.just(1)),
        unanswered_checks=st.frozensets(st.just("x")),
        pause_asked=st.booleans(),
        abort_asked=st.booleans(),
    )
)
def test_every_view_has_an_answer_and_nothing_starts_beside_a_question(seen: View) -> None:
    decisions = decide(seen)
    assert decisions
    if any(isinstance(each, AskPerson) for each in decisions):
        assert not any(isinstance(each, StartStep | RetryStep) for each in decisions)
