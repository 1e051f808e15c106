"""What must hold after every single step of every story."""

from __future__ import annotations

from hypothesis.stateful import RuleBasedStateMachine, invariant

from rollback_console.engine.states import LIVE, TERMINAL, RollbackState, StepState
from rollback_console.rollbacks import events, log_store
from rollback_console.rollbacks.execution.view import latest, snapshot_of
from rollback_console.rollbacks.models import Approval, Lock, Rollback, StepRun
from tests.fleet import Fleet


class Promises(RuleBasedStateMachine):
    """`approved` holds the snapshot each rollback was approved with, `over` how it ended."""

    fleet: Fleet
    approved: dict[int, str]
    over: dict[int, str]
    moved: tuple[str, ...] = ()
    """Columns of rollbacks that a story itself moves, to let time pass."""

    @invariant()
    def nothing_starts_twice(self) -> None:
        assert all(count == 1 for count in self.fleet.starts.values())
        assert not self.fleet.vetoed & self.fleet.starts.keys()
        known = {str(token) for token in StepRun.objects.values_list("token", flat=True)}
        assert self.fleet.starts.keys() <= known

    @invariant()
    def only_what_was_approved_runs(self) -> None:
        for run in StepRun.objects.filter(token__in=self.fleet.starts).select_related("rollback"):
            row = run.rollback
            assert row.snapshot == self.approved[row.pk]
            assert self.fleet.runs[str(run.token)].request.script == (
                snapshot_of(row.snapshot).step(run.position).script
            )
            given = Approval.objects.filter(rollback=row, given=True)
            assert given.exclude(by_id=row.requested_by_id).exists()

    @invariant()
    def logs_are_what_hosts_said(self) -> None:
        for run in StepRun.objects.all():
            stored = log_store.read_log(run)
            assert len(stored) == run.stored
            if str(run.token) in self.fleet.runs:
                printed = self.fleet.runs[str(run.token)].log
                assert printed.startswith(stored)
                assert run.state != StepState.SUCCEEDED or stored == printed

    @invariant()
    def states_are_true(self) -> None:
        for run in StepRun.objects.filter(state=StepState.SUCCEEDED):
            outcome = self.fleet.runs[str(run.token)].outcome
            assert outcome and outcome.exit_code == 0
        for row in Rollback.objects.filter(state=RollbackState.SUCCEEDED):
            done = {StepState.SUCCEEDED, StepState.SKIPPED}
            assert all(run.state in done or run.answer for run in latest(row))

    @invariant()
    def what_is_over_stays_over(self) -> None:
        over = dict(Rollback.objects.filter(state__in=TERMINAL).values_list("pk", "state"))
        assert self.over.items() <= over.items()
        self.over = over
        flying = StepRun.objects.filter(state__in=["launching", "running"])
        assert not flying.filter(rollback__state__in=TERMINAL).exists()

    @invariant()
    def one_rollback_holds_an_environment(self) -> None:
        live = set(Rollback.objects.filter(state__in=LIVE).values_list("pk", flat=True))
        assert len(live) <= 1
        assert set(Lock.objects.values_list("rollback_id", flat=True)) == live

    @invariant()
    def somebody_comes_or_somebody_is_asked(self) -> None:
        for row in Rollback.objects.filter(state__in=LIVE):
            assert row.question or row.lease_until or row.due_at

    @invariant()
    def the_record_is_whole(self) -> None:
        own = {f"the {name} in the row is not the one on record" for name in self.moved}
        assert [flaw for flaw in events.flaws() if flaw.what not in own] == []
