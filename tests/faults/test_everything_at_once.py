"""Whatever happens in whatever order: the invariants hold after every single step.

Real rows in SQLite, hosts in memory. Hypothesis chooses who asks, approves, edits, cuts,
kills and waits, and gives the shortest story when an invariant breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import F
from django.test.utils import override_settings
from hypothesis import HealthCheck, event
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from rollback_console.engine.states import LIVE, TERMINAL, RollbackState
from rollback_console.plans.errors import NotReady
from rollback_console.plans.models import Host
from rollback_console.rollbacks.actions import approvals, requests, restarts, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.runs import follower
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback, StepRun
from rollback_console.rollbacks.sweeper import due_rollbacks
from tests import make
from tests.fleet import Fleet

from .invariants import Promises
from .stories import POINTS, Killed, about, asked, dying, some, under_way

Then = tuple[str, int] | None

pytestmark = pytest.mark.faults

PLAN = make.PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")


KILL = st.tuples(st.sampled_from(POINTS), st.integers(1, 3))
NEXT = st.one_of(st.none(), st.just(("", 0)), KILL)
"""What the machinery does at once: nothing, a slice, or a slice in which it is killed."""


def when(possible: Callable[[Any], object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A rule that does nothing while it is not possible.

    Not a precondition: how far a slice comes is a matter of time, and what Hypothesis draws
    next must not depend on that.
    """

    def around(act: Callable[..., None]) -> Callable[..., None]:
        @wraps(act)
        def perhaps(self: Any, **drawn: Any) -> None:
            if possible(self):
                act(self, **drawn)

        return perhaps

    return around


class Everything(Promises):
    """One environment, one troubled host, any number of rollbacks."""

    stage: make.Stage
    moved = ("expires at", "requested at", "approved at")

    @initialize()
    def begin(self) -> None:
        self.fleet = Fleet()
        self.stage = make.stage()
        self.revision = make.plan(self.stage, PLAN)
        self.approved: dict[int, str] = {}
        self.over: dict[int, str] = {}
        self.first_address = self.stage.host.address

    # What people do

    @rule(approved=st.sampled_from([True, True, False]), then=NEXT)
    @when(lambda self: under_way().count() < 2)
    def request(self, approved: bool, then: Then) -> None:
        with suppress(Refused, NotReady):
            row = requests.open_request(self.revision, by=self._dana, reason="Errors", choices={})
            if approved:
                self._approve(row, "lee", row.snapshot_sha256)
        self._then(then)

    @rule(by=st.sampled_from(["dana", "lee", "sam", "vic"]), stale=st.booleans())
    @when(lambda self: some(state=RollbackState.REQUESTED))
    def approve(self, by: str, stale: bool) -> None:
        row = some(state=RollbackState.REQUESTED)
        assert row
        with suppress(Refused):
            self._approve(row, by, "0" * 64 if stale else row.snapshot_sha256)
            assert by in {"lee", "sam"} and not stale

    @rule(then=NEXT)
    @when(lambda self: asked("gate"))
    def go(self, then: Then) -> None:
        self._steer(then, lambda row: steering.answer(row, position=2, by=self._dana, answer="go"))

    @rule(then=NEXT)
    @when(lambda self: asked("failed", "lost"))
    def retry(self, then: Then) -> None:
        self._steer(
            then,
            lambda row: steering.retry(row, position=about(row), by=self._dana, reason="x"),
        )

    @rule(then=NEXT)
    @when(lambda self: asked("failed", "lost", "gate"))
    def skip(self, then: Then) -> None:
        self._steer(
            then,
            lambda row: steering.skip(row, position=about(row), by=self._dana, reason="x"),
        )

    @rule(then=NEXT)
    @when(lambda self: asked("lost", "abort_unconfirmed"))
    def saw_that_it_is_done(self, then: Then) -> None:
        self._steer(
            then,
            lambda row: steering.answer(
                row, position=about(row), by=self._dana, answer="continue", note="seen"
            ),
        )

    @rule(then=NEXT)
    @when(lambda self: asked("unreachable"))
    def give_up(self, then: Then) -> None:
        self._steer(
            then,
            lambda row: steering.answer(
                row, position=about(row), by=self._dana, answer="give_up", note="gone"
            ),
        )

    @rule(position=st.integers(1, 3), then=NEXT)
    @when(lambda self: some(state=RollbackState.WAITING))
    def go_on_from(self, position: int, then: Then) -> None:
        def verb(row: Rollback) -> None:
            again = restarts.would(row, position).confirm
            restarts.resume_from(row, position=position, by=self._dana, reason="x", again=again)

        self._steer(then, verb)

    @rule(then=NEXT)
    @when(lambda self: some(state__in=LIVE))
    def abort(self, then: Then) -> None:
        self._steer(then, lambda row: steering.request_abort(row, by=self._dana, reason="stop"))

    @rule(lift=st.booleans(), then=NEXT)
    @when(lambda self: some(state__in=LIVE))
    def pause(self, lift: bool, then: Then) -> None:
        verb = steering.resume if lift else steering.pause
        self._steer(then, lambda row: verb(row, by=self._dana, reason="look"))

    @rule(answer=st.sampled_from(["pass", "fail"]), then=NEXT)
    @when(lambda self: asked("checks"))
    def check(self, answer: str, then: Then) -> None:
        def each(row: Rollback) -> None:
            for check in snapshot_of(row.snapshot).checks:
                steering.answer_check(row, key=check.key, by=self._dana, answer=answer, note="x")

        self._steer(then, each)

    @rule()
    @when(lambda self: some(state=RollbackState.APPROVED, start_asked=False))
    def start(self) -> None:
        row = some(state=RollbackState.APPROVED, start_asked=False)
        assert row
        requests.start(row, by=self._dana)

    # What happens to the plan, the hosts and the time

    @rule(line=st.sampled_from(["echo other", "echo more"]))
    def edit_the_plan(self, line: str) -> None:
        text = PLAN.replace("echo stopping", line)
        self.revision = make.revised(self.revision.plan, text, self.stage.cast.ada)

    @rule()
    @when(lambda self: under_way().exists())
    def move_the_host(self) -> None:
        moved = Host.objects.get().address == self.first_address
        Host.objects.update(address="192.0.2.9" if moved else self.first_address)

    @rule(fails=st.booleans())
    def let_a_command_fail(self, fails: bool) -> None:
        self.fleet.scripts["starting"] = (b"said\n", 1 if fails else 0)

    @rule()
    def cut_the_host(self) -> None:
        self.fleet.down.add("app-1")

    @rule()
    def mend_the_host(self) -> None:
        self.fleet.down.clear()

    @rule(minutes=st.sampled_from([1, 1, 1, 90]))
    def time_passes(self, minutes: int) -> None:
        """On the database's clock, which is moved by moving what is compared with it."""
        by = timedelta(minutes=minutes)
        for name in ("lease_until", "due_at", "expires_at", "requested_at", "approved_at"):
            rows = Rollback.objects.exclude(**{name: None})
            rows.update(**{name: F(name) - by})
        StepRun.objects.exclude(unreachable_since=None).update(
            unreachable_since=F("unreachable_since") - by
        )
        due_rollbacks.expire()

    # What the machinery does

    @rule(times=st.integers(1, 3))
    @when(lambda self: under_way().exists())
    def deliver(self, times: int) -> None:
        for _ in range(times):
            self._then(("", 0))

    @rule(kill=KILL)
    @when(lambda self: under_way().exists())
    def deliver_and_be_killed(self, kill: tuple[str, int]) -> None:
        self._then(kill)

    def teardown(self) -> None:
        """Left to itself, with everything mended, whatever is under way comes to rest.

        Each rollback finds its host where it was approved: elsewhere it would ask about it only
        once the host was out of reach for `UNREACHABLE_LIMIT` of real time.
        """
        if not hasattr(self, "fleet"):
            return
        self.fleet.down.clear()
        Rollback.objects.exclude(lease_until=None).update(
            lease_until=F("lease_until") - timedelta(days=1)
        )
        for row in Rollback.objects.filter(state__in=LIVE):
            Host.objects.update(address=snapshot_of(row.snapshot).hosts[0].address)
            while driver.advance(row.pk, self.fleet.connect):
                pass
            row.refresh_from_db()
            assert row.state in TERMINAL or row.question, row.state
        self.nothing_starts_twice()
        self.logs_are_what_hosts_said()
        self.the_record_is_whole()
        for state in Rollback.objects.values_list("state", flat=True):
            event(f"a rollback ended up {state}")
        for state in StepRun.objects.values_list("state", flat=True):
            event(f"a step run ended up {state}")
        call_command("flush", verbosity=0, interactive=False)

    @property
    def _dana(self) -> Any:
        return self.stage.cast.dana

    def _approve(self, row: Rollback, by: str, seen: str) -> None:
        approvals.approve(row, by=getattr(self.stage.cast, by), snapshot_sha256=seen)
        self.approved[row.pk] = row.snapshot

    def _steer(self, then: Then, verb: Callable[[Rollback], object]) -> None:
        row = some(state__in=LIVE)
        assert row
        with suppress(Refused):
            verb(row)
        self._then(then)

    def _then(self, then: Then) -> None:
        if then is None:
            return
        for row in under_way():
            with suppress(Killed), dying(*then):
                driver.advance(row.pk, self.fleet.connect)
        # The lease of the dead lapses before anybody else comes.
        held = Rollback.objects.exclude(lease_until=None)
        held.update(lease_until=F("lease_until") - settings.LEASE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stories", [pytest.param(15, marks=pytest.mark.representative), 150])
def test_whatever_happens_the_promises_hold(stories: int) -> None:
    quick = override_settings(SLICE=timedelta(seconds=0.5), CONNECT_PATIENCE=0.1)
    with quick, mock.patch.object(follower, "BACKOFF", (0.02, 0.05)):
        Everything.TestCase.settings = hypothesis_settings(
            max_examples=stories,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        Everything.TestCase("runTest").runTest()
