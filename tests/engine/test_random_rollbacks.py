"""Random plans, walked through by hosts and people who do anything: what holds all the same.

The driver and the people here do what `rollbacks.execution` and `rollbacks.actions` do with the
same decisions and rules, on values alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

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
from rollback_console.engine.resuming import hindrance, resumption
from rollback_console.engine.snapshot import HostSpec, Snapshot, StepSpec
from rollback_console.engine.states import (
    ENDED_BADLY,
    IN_FLIGHT,
    TERMINAL,
    RollbackState,
    StepState,
)

from .views import run, step

S, Q = StepState, QuestionKind
HOSTS = ("a", "b", "c")
ENDINGS = (S.SUCCEEDED, S.FAILED, S.SUCCEEDED, S.TIMED_OUT, S.LOST, S.ABORT_UNCONFIRMED)
MOST = 60


@st.composite
def plans(draw: st.DrawFn) -> tuple[StepSpec, ...]:
    """A few steps, a dump before one that destroys, and what undoes them standing by."""
    steps: list[StepSpec] = []
    destroys = draw(st.integers(0, 3))
    for position in range(1, draw(st.integers(2, 4)) + 1):
        if position == destroys:
            steps.append(step(len(steps) + 1, hosts=("a",), keeps="/dumps"))
        steps.append(_step(draw, len(steps) + 1, destructive=position == destroys))
    undone = [each for each in steps if not each.keeps and draw(st.booleans())]
    for each in undone:
        back = len(steps) + 1
        hosts = ("a",) if each.destructive else each.hosts
        canary = draw(st.booleans()) and not each.destructive
        steps.append(
            step(back, hosts=hosts, standby=True, restores=each.destructive, canary=canary)
        )
        steps[each.position - 1] = replace(each, undo=back)
    return tuple(steps)


def _step(draw: st.DrawFn, position: int, *, destructive: bool) -> StepSpec:
    if not destructive and draw(st.integers(0, 5)) == 0:
        return step(position, kind="manual", hosts=())
    return step(
        position,
        hosts=HOSTS[: draw(st.sampled_from([3, 2, 3, 1]))],
        canary=draw(st.sampled_from([True, False, True])),
        rolling=draw(st.integers(0, 2)),
        gate=destructive or draw(st.booleans()),
        retry=draw(st.integers(0, 1)),
        retry_delay=0,
        on_failure=draw(st.sampled_from(["pause", "pause", "pause", "continue", "abort"])),
        idempotent=draw(st.booleans()),
        destructive=destructive,
    )


def frozen(steps: tuple[StepSpec, ...]) -> Snapshot:
    """The snapshot that was approved."""
    hosts = tuple(HostSpec(name, name, 22, "deploy", ("SHA256:x",)) for name in HOSTS)
    return Snapshot("plan", 1, "0" * 64, "Title", "shop", "staging", False, "default", steps, hosts)


class Walk:
    """One rollback. Every start is checked against what must hold before it."""

    def __init__(self, steps: tuple[StepSpec, ...], draw: st.DataObject) -> None:
        self.stored = frozen(steps).to_json()
        self.approved = frozen(steps).sha256
        self.draw = draw
        self.state = RollbackState.RUNNING
        self.runs: dict[tuple[int, str], RunView] = {}
        for each in steps:
            for host in () if each.standby else (each.hosts or ("",)):
                self.runs[each.position, host] = run(S.PENDING, each.position, host)
        self.gates: set[int] = set()
        self.canaries: set[int] = set()
        self.excluded: set[str] = set()
        self.pause = self.abort = False
        self.checks = {"health"}
        self.question: AskPerson | None = None
        self.dumped = False
        self.restored: list[str] = []
        # Of each step, this time round: whether a person saw how its first host ended, and the
        # hosts on which it was started.
        self.seen: set[int] = set()
        self.begun: dict[int, list[str]] = {}

    @property
    def steps(self) -> tuple[StepSpec, ...]:
        """As approved: what is stored is read and verified each time."""
        snapshot = Snapshot.from_json(self.stored)
        assert snapshot.sha256 == self.approved
        return snapshot.steps

    def view(self) -> View:
        return View(
            self.state,
            self.steps,
            tuple(self.runs[key] for key in sorted(self.runs)),
            gates=frozenset(self.gates),
            canaries=frozenset(self.canaries),
            excluded=frozenset(self.excluded),
            unanswered_checks=frozenset(self.checks),
            pause_asked=self.pause,
            abort_asked=self.abort,
        )

    def put(self, token: str, **changes: object) -> RunView:
        key = next(key for key, each in self.runs.items() if each.token == token)
        self.runs[key] = replace(self.runs[key], **changes)  # type: ignore[arg-type]
        return self.runs[key]

    def again(self, old: RunView) -> None:
        key = old.position, old.host
        self.runs[key] = run(S.PENDING, *key, attempt=self.runs[key].attempt + 1)

    # What the driver does.

    def drive(self) -> None:
        self.question = None
        decisions = decide(self.view())
        assert decisions
        for decision in decisions:
            self.carry(decision)

    def carry(self, decision: Decision) -> None:
        match decision:
            case StartStep(token):
                self.start(next(each for each in self.runs.values() if each.token == token))
            case RetryStep(token):
                old = next(each for each in self.runs.values() if each.token == token)
                assert old.state is S.FAILED
                self.again(old)
            case StopStep(token):
                self.put(token, state=S.ABORTED)
            case AskPerson():
                self.question = decision
            case Verify():
                self.state = RollbackState.VERIFYING
            case Abort():
                self.abort = True
            case Finish(state):
                self.state = state

    def start(self, attempt: RunView) -> None:
        spec = Snapshot.from_json(self.stored).step(attempt.position)
        assert frozen(self.steps).sha256 == self.approved
        assert attempt.host in (spec.hosts or ("",))
        assert attempt.state is S.PENDING
        assert not self.abort
        assert not self.pause
        assert attempt.host not in self.excluded or spec.restores
        if spec.gate:
            assert attempt.position in self.gates
        if spec.restores:
            assert self.dumped, "nothing is restored that this rollback did not dump"
            self.restored.append(attempt.token)
        self.check_canary(spec, attempt)
        self.begun.setdefault(spec.position, []).append(attempt.host)
        self.put(attempt.token, state=S.RUNNING)

    def check_canary(self, spec: StepSpec, attempt: RunView) -> None:
        """Beyond the first host, somebody saw how it ended there and said go."""
        others = {
            host
            for host in self.begun.get(spec.position, [])
            if host not in {attempt.host, *self.excluded}
        }
        if spec.canary and others:
            assert spec.position in self.seen

    # What hosts do.

    def report(self) -> None:
        flying = [each for each in self.runs.values() if each.state in IN_FLIGHT and each.host]
        if not flying:
            return
        chosen = self.draw.draw(st.sampled_from(flying))
        ended = self.put(chosen.token, state=self.draw.draw(st.sampled_from(ENDINGS)))
        if ended.state is S.SUCCEEDED and self.steps[ended.position - 1].keeps:
            self.dumped = True

    # What people do, where the actions let them.

    def answer(self) -> None:
        if self.question is None:
            return
        question, self.question = self.question, None
        about = [each for each in self.runs.values() if each.token in question.tokens]
        match question.question:
            case Q.GATE:
                self.gates.add(question.position)
            case Q.CANARY:
                assert about
                assert all(each.state in {S.SUCCEEDED, *ENDED_BADLY} for each in about)
                self.seen.add(question.position)
                self.canaries.add(question.position)
            case Q.MANUAL:
                self.put(question.tokens[0], state=S.SUCCEEDED)
            case Q.PAUSED:
                self.pause = False
            case Q.CHECKS:
                self.checks.clear()
            case Q.ABORT_UNCONFIRMED:
                for each in about:
                    self.put(each.token, answer="continue")
            case _:
                self.decide_about(question, about)

    def decide_about(self, question: AskPerson, bad: list[RunView]) -> None:
        spec = self.steps[question.position - 1]
        choices = ["exclude", "skip", "exclude", "retry", "resume", "exclude"]
        if spec.undo and (self.dumped or not self.steps[spec.undo - 1].restores):
            choices.append("undo")
        match self.draw.draw(st.sampled_from(choices)):
            case "retry":
                for each in bad:
                    self.again(each)
            case "skip":
                for each in bad:
                    self.put(each.token, answer="skip")
            case "exclude":
                self.exclude(bad[0].host)
            case "resume":
                self.resume()
            case "undo":
                self.undo(spec, sorted({each.host for each in bad}))

    def exclude(self, host: str) -> None:
        ahead = [
            each
            for each in self.runs.values()
            if each.host == host
            and (each.state is S.PENDING or (each.state in ENDED_BADLY and not each.answer))
        ]
        others = {
            each.position
            for each in self.runs.values()
            if each.host not in {host, *self.excluded}
            and each.state is not S.SKIPPED
            and each.answer != "skip"
        }
        if {each.position for each in ahead} <= others:
            self.excluded.add(host)
            for each in ahead:
                self.leave_out(each)

    def leave_out(self, each: RunView) -> None:
        if each.state in ENDED_BADLY:
            self.put(each.token, answer="skip")
        else:
            self.put(each.token, state=S.SKIPPED)

    def undo(self, spec: StepSpec, hosts: list[str]) -> None:
        back = self.steps[spec.undo - 1]
        hosts = list(back.hosts) if back.restores else hosts
        mine = [each.attempt for each in self.runs.values() if each.position == back.position]
        for host in hosts:
            attempt = max(mine, default=0) + 1
            self.runs[back.position, host] = run(S.PENDING, back.position, host, attempt=attempt)
        self.forget([back.position])

    def resume(self) -> None:
        ordinary = [each.position for each in self.steps if not each.standby]
        position = self.draw.draw(st.sampled_from(ordinary))
        runs = tuple(each for each in self.runs.values() if each.host not in self.excluded)
        named = resumption(self.steps, runs, position).confirm
        if hindrance(self.steps, runs, position, named):
            return
        outcome = resumption(self.steps, runs, position)
        assert not [each for each in outcome.again if self.steps[each.position - 1].standby]
        for each in outcome.skipped:
            self.leave_out(each)
        for each in outcome.again:
            self.again(each)
        self.forget(
            each.position for each in self.steps if each.position >= position and not each.standby
        )

    def forget(self, positions: Iterable[int]) -> None:
        """What runs another time is decided about another time."""
        for position in positions:
            self.begun.pop(position, None)
            self.seen.discard(position)
            self.gates.discard(position)
            self.canaries.discard(position)


@settings(max_examples=200, deadline=None)
@given(plans(), st.data())
def test_no_order_of_events_starts_what_nobody_approved_saw_or_dumped(
    steps: tuple[StepSpec, ...], data: st.DataObject
) -> None:
    walk = Walk(steps, data)
    for _ in range(MOST):
        if walk.state in TERMINAL:
            break
        walk.drive()
        match data.draw(st.integers(0, 9)):
            case 9:
                walk.pause = walk.state is RollbackState.RUNNING
            case 8 if data.draw(st.integers(0, 9)) == 9:
                walk.abort = walk.state not in TERMINAL
            case _:
                walk.report()
                walk.answer()
    assert not walk.restored or walk.dumped
