"""The followers of one slice: who carries out which run, and what their reports become."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import IN_FLIGHT, StepState
from rollback_console.plans.errors import HostRefused
from rollback_console.plans.inventory.host_specs import known_hosts
from rollback_console.plans.inventory.masked_values import values_to_mask
from rollback_console.plans.models import Host
from rollback_console.remote.protocol import RunRef

from ...models import LogChunk, Rollback, StepRun
from ...sweeper import host_cleanup
from .. import apply
from ..approved_snapshot import SnapshotGuard
from ..connections import Connections
from ..failpoints import failpoint
from .follower import Follower, Report, Trouble
from .recorder import RunRecorder
from .report_queue import ReportQueue
from .run_request import stopping_work_of, work_of

CLEARING = 5.0  # seconds for hosts to clear away; what is left is swept later
TOGETHER = 16  # hosts that are asked to at once


@dataclass
class FollowerGroup:
    """Followers by token, and the way into the database of each run that has not ended."""

    connections: Connections
    guard: SnapshotGuard = field(default_factory=SnapshotGuard)
    reports: ReportQueue = field(default_factory=ReportQueue)
    recorders: dict[str, RunRecorder] = field(default_factory=dict)
    followers: dict[str, Follower] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)

    def follow(self, row: Rollback, runs: list[StepRun], *, fresh: bool) -> None:
        """One follower a run. A run whose host is not as approved reports that by itself.

        Where the snapshot is not what was approved, what runs is only watched and stopped.
        """
        if not runs:
            return
        approved = None if self.guard.why_changed(row) else self.guard.snapshot(row)
        hosts = known_hosts(run.host for run in runs)
        masked = values_to_mask(row.environment_id)
        for run in runs:
            follower = self._follower(approved, run, hosts, masked, fresh=fresh)
            if follower is None:
                continue
            if row.abort_asked:
                follower.stop_run()
            follower.start()

    def adopt(self, row: Rollback, runs: Mapping[str, StepRun]) -> None:
        """Follow again what an earlier slice left working on its host."""
        left = [
            run
            for token, run in runs.items()
            if run.host and run.state in IN_FLIGHT and token not in self.followers
        ]
        self.follow(row, left, fresh=False)

    def attach(self, runs: Mapping[str, StepRun]) -> None:
        """Go on with rows that were just read; what another attempt has replaced is over."""
        for token in self.recorders.keys() - runs.keys():
            self._let_go(token)
        for token, recorder in self.recorders.items():
            recorder.run = runs[token]
        self.forget()

    def forget(self) -> None:
        """Leave alone what a person has given up: it must not start once its host is back."""
        for token in [token for token, each in self.recorders.items() if each.over]:
            self._let_go(token)

    def _let_go(self, token: str) -> None:
        del self.recorders[token]
        if token in self.followers:
            self.followers[token].close()

    def collect(self, timeout: float) -> list[Report]:
        """Reports to be stored together."""
        return self.reports.collect(timeout, len(self.recorders))

    def take(self, row: Rollback, reports: list[Report]) -> list[StepRun]:
        """Store reports inside `lease.holding`; the runs that ended by them."""
        reported = {report.token: self.recorders.get(report.token) for report in reports}
        recorders = {token: recorder for token, recorder in reported.items() if recorder}
        for report in reports:
            if report.token in recorders:
                recorders[report.token].take(row, report.item)
        chunks = [chunk for recorder in recorders.values() for chunk in recorder.take_rows()]
        if chunks:
            LogChunk.objects.bulk_create(chunks)
            failpoint("log.half-written")
        for recorder in recorders.values():
            recorder.move_offset()
        ended = [token for token, recorder in recorders.items() if recorder.over]
        return [self.recorders.pop(token).run for token in ended]

    def committed(self, ended: list[StepRun]) -> None:
        """Their outcomes are stored, so their hosts need keep nothing of them.

        Of what nobody can tell the end of the host keeps everything: a person looks at it.
        """
        for run in ended:
            failpoint("outcome.stored")
            if run.state not in host_cleanup.KEPT:
                self.stored.add(str(run.token))

    def decides(self, row: Rollback, ended: list[StepRun]) -> bool:
        """Whether these endings allow anything new.

        While others of its step still work a success does not, unless a host waits its turn.
        """
        if self.guard.why_changed(row):
            return True
        working = {each.run.position for each in self.recorders.values()}
        return any(
            run.state != StepState.SUCCEEDED
            or run.position not in working
            or self.guard.snapshot(row).step(run.position).rolling
            for run in ended
        )

    def withdraw(self, row: Rollback) -> None:
        """Stop following; what provably never started may begin anew in a later slice."""
        untouched = {token for token, each in self.followers.items() if each.abandon()}
        for run in row.runs.filter(token__in=untouched, state=StepState.LAUNCHING):
            apply.withdraw(row, run)

    def close(self) -> None:
        """Have hosts clear away what is stored, and give every connection back."""
        for follower in self.followers.values():
            follower.close()
        self.reports.close()
        failpoint("folders.clearing")
        with ThreadPoolExecutor(TOGETHER, "clear") as pool:
            cleared = self._clear(pool)
            wait(cleared, CLEARING)
            self.connections.close()  # whoever still waits is told so
        host_cleanup.record_cleared(token for each in cleared for token in each.result())

    def _follower(
        self,
        approved: Snapshot | None,
        run: StepRun,
        hosts: Mapping[str, Host],
        masked: frozenset[str],
        *,
        fresh: bool,
    ) -> Follower | None:
        token = str(run.token)
        try:
            work = (
                work_of(approved, run, hosts, fresh=fresh, masked=masked)
                if approved
                else stopping_work_of(run, hosts, masked=masked)
            )
        except HostRefused as error:
            self.recorders[token] = RunRecorder.of(run, masked, self.guard)
            self.reports.add_own(Report(token, Trouble(str(error), gave_up=fresh)))
            return None
        self.recorders[token] = RunRecorder.of(run, work.secrets, self.guard, work.expect)
        self.followers[token] = Follower(work, self.connections, self.reports.arrived)
        return self.followers[token]

    def _clear(self, pool: ThreadPoolExecutor) -> list[Future[list[str]]]:
        hosts: dict[str, list[str]] = defaultdict(list)
        for token in self.stored & self.followers.keys():
            hosts[self.followers[token].work.address.name].append(token)
        return [pool.submit(self._clear_host, name, tokens) for name, tokens in hosts.items()]

    def _clear_host(self, name: str, tokens: list[str]) -> list[str]:
        remote = self.connections.open_connection(name)
        return tokens if remote and host_cleanup.clear_on_host(remote, map(RunRef, tokens)) else []
