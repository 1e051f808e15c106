"""What may never happen, whatever hosts and people do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rollback_console.engine.decide import (
    Abort,
    AskPerson,
    Decision,
    Finish,
    QuestionKind,
    RetryStep,
    RunView,
    StartStep,
    StopStep,
    Verify,
    View,
    decide,
)
from rollback_console.engine.snapshot import StepSpec
from rollback_console.engine.states import ENDED_BADLY, IN_FLIGHT, RollbackState, StepState

from .views import run, step

S = StepState
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
        question, self.asked = self.asked, None
        match question.question:
            case QuestionKind.GATE:
                self.gates.add(question.position)
            case QuestionKind.MANUAL:
                self.put(question.tokens[0], state=S.SUCCEEDED)
            case QuestionKind.PAUSED:
                self.pause = False
            case QuestionKind.CHECKS:
                self.checks.pop()
            case _:
                retry = data.draw(st.booleans())
                for token in question.tokens:
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
