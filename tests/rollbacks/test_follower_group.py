"""What a slice gathers before it commits, and which endings let it decide anew."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast
from uuid import uuid4

import pytest

from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.engine.states import IN_FLIGHT
from rollback_console.remote.errors import RemoteError, RequestRefused, RunnerRefused
from rollback_console.remote.pool import Pool
from rollback_console.remote.protocol import (
    Chunk,
    Ending,
    HostAddress,
    Login,
    Outcome,
    Remote,
    RunRequest,
    Started,
)
from rollback_console.remote.redaction.redact import Redactor
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.execution.approved_snapshot import SnapshotGuard
from rollback_console.rollbacks.execution.connections import Connections
from rollback_console.rollbacks.execution.runs import report_queue
from rollback_console.rollbacks.execution.runs.follower import Follower, Report, Trouble, Work
from rollback_console.rollbacks.execution.runs.follower_group import FollowerGroup
from rollback_console.rollbacks.execution.runs.recorder import RunRecorder
from rollback_console.rollbacks.execution.runs.report_queue import ReportQueue
from rollback_console.rollbacks.models import Rollback, StepRun
from tests.toolbox.waiting import until

ENDED = Outcome(Ending.FINISHED, 0)


def filled(*items: Started | Chunk | Outcome) -> ReportQueue:
    reports = ReportQueue()
    for number, item in enumerate(items):
        reports.arrived.put(Report(str(number), item))
    return reports


def test_the_last_ending_is_stored_without_waiting_for_more() -> None:
    reports = filled(Chunk(0, b"a"), ENDED, Chunk(0, b"never looked at"))
    assert [each.item for each in reports.collect(60, working=1)] == [Chunk(0, b"a"), ENDED]


def test_endings_of_hosts_that_work_together_are_stored_together() -> None:
    reports = filled(ENDED, Chunk(0, b"a"), ENDED, ENDED)
    assert len(reports.collect(60, working=3)) == 4


def test_the_first_output_after_silence_is_stored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_queue, "FLUSH", 3600.0)
    reports = filled(Started("boot", already=False), Chunk(0, b"a"))
    assert len(reports.collect(3600, working=1)) == 2


def test_what_follows_the_first_output_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_queue, "FLUSH", 3600.0)
    reports = filled(Chunk(0, b"a"))
    reports.collect(3600, working=1)
    reports.arrived.put(Report("0", Chunk(1, b"b")))
    with ThreadPoolExecutor(1) as pool:
        collected = pool.submit(reports.collect, 3600, 1)
        until(reports.arrived.empty)
        for item in (Chunk(2, b"c"), ENDED):
            reports.arrived.put(Report("0", item))
        assert [each.item for each in collected.result()] == [Chunk(1, b"b"), Chunk(2, b"c"), ENDED]


def test_what_the_slice_says_itself_is_taken_first_however_much_it_is() -> None:
    reports = filled(ENDED)
    for number in range(1000):
        reports.add_own(Report(str(number), Trouble("Its key was changed.", gave_up=True)))
    assert len(reports.collect(60, working=1000)) == 1000
    assert [each.item for each in reports.collect(60, working=1)] == [ENDED]


def test_who_waits_for_room_is_let_go_when_the_slice_is_over() -> None:
    reports = filled(*([ENDED] * ReportQueue().arrived.maxsize))
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(reports.arrived.put, Report("late", ENDED)) for _ in range(2)]
        reports.close()
        assert [each.result() for each in waiting] == [None, None]


def test_nothing_comes_of_an_empty_inbox() -> None:
    assert ReportQueue().collect(0, working=1) == []


@pytest.mark.parametrize(
    ("states", "rolling", "due"),
    [
        (["succeeded", "running"], 0, False),
        (["succeeded", "launching"], 0, False),
        (["succeeded", "succeeded"], 0, True),
        (["succeeded", "failed"], 0, True),
        (["failed", "running"], 0, True),
        (["lost", "running"], 0, True),
        (["aborted", "running"], 0, True),
        (["succeeded", "running"], 1, True),
    ],
)
def test_a_success_beside_hosts_that_still_work_lets_nothing_new_happen(
    states: list[str], rolling: int, due: bool
) -> None:
    step = StepSpec(1, "Restart", rolling=rolling)
    snapshot = Snapshot("p", 1, "", "t", "s", "e", False, "", (step,), ())
    rollback = Rollback(snapshot=snapshot.to_json(), snapshot_sha256=snapshot.sha256)
    pool = Pool(connect=lambda address: pytest.fail(str(address)))
    group = FollowerGroup(Connections(pool), SnapshotGuard(proven=snapshot.sha256))
    runs = [StepRun(token=uuid4(), position=1, host=state, state=state) for state in states]
    group.recorders = {
        str(run.token): RunRecorder(run, Redactor([]), log_store.Tail())
        for run in runs
        if run.state in IN_FLIGHT
    }
    assert group.decides(rollback, runs[:1]) is due


class Refusing:
    """A connection that works, to a host that starts nothing."""

    def __init__(self, error: RemoteError) -> None:
        self.error = error
        self.tries = 0

    def run(self, request: RunRequest, offset: int = 0) -> Iterator[Outcome]:
        self.tries += 1
        raise self.error

    def alive(self) -> bool:
        return True

    def release(self) -> Refusing:
        return self

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "error",
    [
        RunnerRefused("app-1", "account", "not available"),
        RequestRefused("'a b' is not a user name."),
    ],
)
def test_what_was_refused_before_it_began_is_given_up_at_once(error: RemoteError) -> None:
    host = Refusing(error)
    reports: queue.Queue[Report] = queue.Queue()
    address = HostAddress("app-1", "127.0.0.1", "ops", Login(password="x"), ())
    connections = Connections(Pool(lambda _: cast(Remote, host), idle=0))
    follower = Follower(Work(RunRequest(str(uuid4()), "true"), address), connections, reports)
    follower.start()
    assert reports.get(timeout=10).item == Trouble(str(error), gave_up=True)
    assert host.tries == 1
