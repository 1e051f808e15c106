"""Drives one rollback for one slice: decide, carry out, store what hosts report.

Only the thread that runs `Slice` writes to the database; followers do network work only.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from django.conf import settings
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars

from rollback_console.engine.decide import (
    Abort,
    AskPerson,
    Decision,
    Finish,
    RetryStep,
    StartStep,
    StopStep,
    Verify,
    View,
    Wait,
    decide,
)
from rollback_console.engine.states import IN_FLIGHT, RollbackState
from rollback_console.remote.pool import Pool
from rollback_console.remote.protocol import HostAddress, Remote

from .. import change_hints, zones
from ..errors import LeaseLost, MovedOn
from ..models import Rollback, StepRun
from . import apply, lease, preflight, tracing, view
from .approved_snapshot import SnapshotGuard
from .connections import Connections, pool_of
from .failpoints import failpoint
from .runs.follower import Report
from .runs.follower_group import FollowerGroup

log = logging.getLogger(__name__)

stopping = threading.Event()
"""Set when this process is asked to end: slices give their leases back at once."""

LOOK = 0.5


def advance(rollback_id: int, connect: Callable[[HostAddress], Remote] | None = None) -> bool:
    """Drive a rollback for at most a slice; True when another slice is due at once.

    That is so too when this process is ending: somebody else should take it up.
    Connections come from this process's pool, or are made by `connect` for this slice alone.
    Returns False at once when another driver holds the lease. Raises nothing that it can
    record: what goes wrong here is logged, and the rollback becomes due again.
    """
    if stopping.is_set() or not zones.is_ours(zones.zone_of_rollback(rollback_id)):
        return False
    if not preflight.hosts_were_asked(rollback_id, connect):
        return False
    fence = lease.claim(rollback_id, f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}")
    if fence is None:
        return False
    failpoint("lease.claimed")
    named = {"rollback": rollback_id, "fence": fence}
    with bound_contextvars(**named), tracing.span("slice", **named):
        return Slice(rollback_id, fence, pool_of(connect)).run()


@dataclass
class Slice:
    """One lease's worth of driving."""

    rollback_id: int
    fence: int
    pool: Pool
    released: bool = False
    wait: float = LOOK
    guard: SnapshotGuard = field(default_factory=SnapshotGuard)
    answers: view.GivenAnswers | None = None
    runs: dict[str, StepRun] | None = None  # the last attempts, by token
    last_seq: int = -1  # of the stream as this slice left it

    def run(self) -> bool:
        """Turn until released, out of time, or told to stop."""
        self.group = FollowerGroup(Connections(self.pool), self.guard)
        self.ends = time.monotonic() + settings.SLICE.total_seconds()
        try:
            self._turns()
            if self.released:
                return False
            self._hand_back()
            return True
        except (LeaseLost, MovedOn) as error:
            log.info("Rollback %s is driven elsewhere now: %s", self.rollback_id, error)
            return False
        finally:
            self.group.close()

    def _turns(self) -> None:
        renew = look = 0.0
        while not self._is_over():
            now = time.monotonic()
            if now >= renew:
                lease.renew(self.rollback_id, self.fence)
                renew = now + settings.LEASE.total_seconds() / 4
                self.runs = None  # should somebody have written past the events
            if now >= look:
                self._turn()
                look = time.monotonic() + self.wait
            if not self.released and self._store(self.group.collect(look - time.monotonic())):
                look = time.monotonic() + self.wait

    def _is_over(self) -> bool:
        return self.released or stopping.is_set() or time.monotonic() >= self.ends

    def _turn(self) -> None:
        """Decide and carry out, in one transaction; then let followers begin."""
        with self._holding() as row:
            begun = self._carry_out(row)
        self._follow(row, begun)

    def _store(self, reports: list[Report]) -> bool:
        """Commit what was reported together with the turn that it allows; True if there was one."""
        if not reports:
            return False
        with self._holding() as row:
            seq = row.last_seq
            self._latest_runs(row)
            ended = self.group.take(row, reports)
            is_due = not self._is_over() and self.group.decides(row, ended)
            begun = self._carry_out(row) if is_due else []
        failpoint("log.stored")
        if row.last_seq == seq:  # an event gives a hint by itself
            change_hints.publish(self.rollback_id)
        self.group.committed(ended)
        if is_due:
            failpoint("step.between")
            self._follow(row, begun)
        return is_due

    @contextmanager
    def _holding(self) -> Iterator[Rollback]:
        """`lease.holding`; what is known is read again once anybody else has recorded an event."""
        with lease.holding(self.rollback_id, self.fence) as row:
            if row.last_seq != self.last_seq:
                self.answers = self.runs = None
            yield row
        self.last_seq = row.last_seq

    def _follow(self, row: Rollback, begun: list[StepRun]) -> None:
        failpoint("attempt.committed")
        self.group.follow(row, begun, fresh=True)

    def _carry_out(self, row: Rollback) -> list[StepRun]:
        why_changed = self.guard.why_changed(row)
        if why_changed:
            apply.stop_changed(row, why_changed)
            self.released = row.state == RollbackState.APPROVED
            if self.released:
                return []
        if row.state == RollbackState.APPROVED and not self._may_begin(row):
            return []
        if row.abort_asked:
            apply.enter_abort(row)
        runs = self._latest_runs(row)
        self._give_up(row, runs)
        latest = list(runs.values())
        seen = view.aborting(row, latest) if why_changed else self._view(row, latest)
        decisions = decide(seen)
        self.group.forget()
        self.group.adopt(row, runs)
        if not any(isinstance(decision, AskPerson | Finish) for decision in decisions):
            apply.settle(row)
        self.wait = min([LOOK, *(each.seconds for each in decisions if isinstance(each, Wait))])
        begun = self._start(row, [runs[e.token] for e in decisions if isinstance(e, StartStep)])
        for decision in decisions:
            self._carry_out_one(row, decision, runs)
        if not self.released and not self._anything_to_do(decisions, runs):
            self._release(row)
        return begun

    def _view(self, row: Rollback, latest: list[StepRun]) -> View:
        if self.answers is None:
            self.answers = view.read_answers(row)
        return view.build(row, latest, self.answers)

    def _latest_runs(self, row: Rollback) -> dict[str, StepRun]:
        """Read again once somebody else has recorded an event, and with each renewal."""
        if self.runs is None:
            self.runs = {str(run.token): run for run in view.latest(row)}
            self.group.attach(self.runs)
        return self.runs

    def _give_up(self, row: Rollback, runs: dict[str, StepRun]) -> None:
        """Let go of what people gave up."""
        for token, run in runs.items():
            if run.answer == "give_up" and run.state in IN_FLIGHT:
                if run.unreachable_since and (follower := self.group.followers.get(token)):
                    follower.abandon()
                apply.give_up(row, run)

    def _may_begin(self, row: Rollback) -> bool:
        if not row.start_asked:
            self._release(row)
            return False
        self.released = not apply.begin_rollback(row)
        return not self.released

    def _carry_out_one(self, row: Rollback, decision: Decision, runs: dict[str, StepRun]) -> None:
        match decision:
            case RetryStep(token):
                apply.retry(row, runs[token])
                self.runs, self.wait = None, 0.0
            case StopStep(token):
                self._stop(row, runs[token])
            case AskPerson():
                apply.ask_person(row, decision)
            case Verify():
                apply.verify(row)
                self.wait = 0.0
            case Abort(position):
                apply.abort(row, position)
                self.wait = 0.0
            case Finish(state):
                apply.finish(row, state)
                self.released = True

    def _start(self, row: Rollback, runs: list[StepRun]) -> list[StepRun]:
        """Start these of one step; those that a host works on."""
        if not runs:
            return []
        step = self.guard.snapshot(row).step(runs[0].position)
        failpoint("attempt.before-commit")
        apply.start(row, runs, step)
        if step.kind != "manual":
            return runs
        self.wait = 0.0
        return []

    def _stop(self, row: Rollback, run: StepRun) -> None:
        follower = self.group.followers.get(str(run.token))
        if follower and not (follower.work.fresh and follower.abandon()):
            follower.stop_run()
        elif not run.host or follower:
            apply.stopped(row, run, "It was never started.")
            self.wait = 0.0

    def _anything_to_do(self, decisions: list[Decision], runs: dict[str, StepRun]) -> bool:
        flying = any(run.host and run.state in IN_FLIGHT for run in runs.values())
        return flying or not all(isinstance(each, AskPerson) for each in decisions)

    def _release(self, row: Rollback) -> None:
        lease.release(row, due=None)
        self.released = True

    def _hand_back(self) -> None:
        with self._holding() as row:
            self.group.withdraw(row)
            lease.release(row, due=Now())
