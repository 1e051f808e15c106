"""What followers report, turned into rows: log bytes, states and events in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from rollback_console.engine.states import IN_FLIGHT, StepState
from rollback_console.remote.protocol import Chunk, Ending, Outcome, Started
from rollback_console.remote.redaction.redact import Redactor, redact
from rollback_console.remote.redaction.redacted_remote import redact_outcome

from ... import database_dumps, db_clock, log_store
from ...errors import LeaseLost
from ...events import record
from ...models import LogChunk, Rollback, StepRun
from ..approved_snapshot import SnapshotGuard
from ..lease import move_run
from .follower import Back, Item, Stopped, Trouble
from .run_facts import facts

_STATES = {
    Ending.TIMED_OUT: StepState.TIMED_OUT,
    Ending.ABORTED: StepState.ABORTED,
    Ending.NEVER_STARTED: StepState.ABORTED,
    Ending.ABORT_UNCONFIRMED: StepState.ABORT_UNCONFIRMED,
    Ending.LOST: StepState.LOST,
}
# Whoever follows may hear of it before whoever asked for it.
_PROOF = {Ending.ABORTED, Ending.ABORT_UNCONFIRMED, Ending.NEVER_STARTED}
_ENDED_FROM_HERE = (
    "The time limit passed and whatever watched it on the host was dead, so it was ended from "
    "here; nothing of it is left."
)
_FINAL_WHEN_STOPPED = {Ending.NEVER_STARTED, Ending.ABORT_UNCONFIRMED, Ending.LOST}


@dataclass
class RunRecorder:
    """One step run's way into the database during a slice.

    `causes` are the reasons already told why its host cannot be used: a connection that died
    and then a key that changed are two, the same one again is none. `hashed` is the SHA-256 of
    what is stored; None where an earlier slice stored some of it.
    """

    run: StepRun
    redactor: Redactor
    end: log_store.Tail
    unwritten: bytearray = field(default_factory=bytearray)
    causes: set[str] = field(default_factory=set)
    proven: bool = False
    expect: str = ""
    secrets: frozenset[str] = frozenset()
    hashed: Any = None
    guard: SnapshotGuard = field(default_factory=SnapshotGuard)

    @classmethod
    def of(
        cls, run: StepRun, secrets: Iterable[str], guard: SnapshotGuard, expect: str = ""
    ) -> RunRecorder:
        """Continue after what is stored of `run`, masking `secrets`.

        An attempt that leaves without an error has failed all the same when its output does
        not hold `expect`.
        """
        known = frozenset(secrets)
        intake = cls(run, Redactor(known), log_store.tail(run), causes={run.why}, expect=expect)
        intake.secrets, intake.hashed = known, None if run.stored else hashlib.sha256()
        intake.guard = guard
        return intake

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.run.state not in IN_FLIGHT

    def take(self, row: Rollback, item: Item) -> None:
        """Apply one report inside `lease.holding`. Late reports of an ended run are dropped."""
        if self.over:
            return
        item = self._masked(item)
        match item:
            case Started():
                self._started(row, item)
            case Chunk():
                self.unwritten += self.redactor.feed(item.data)
            case Outcome():
                self._ended(row, item)
            case Stopped():
                self._stopped(row, item.outcome)
            case Trouble():
                self._trouble(row, item)
            case Back():
                self._back(row)

    def _masked(self, item: Item) -> Item:
        """Sentences of a host are whole; its log is masked as a stream."""
        match item:
            case Outcome():
                return redact_outcome(item, self.secrets)
            case Stopped():
                return Stopped(redact_outcome(item.outcome, self.secrets))
            case Trouble():
                return replace(item, why=redact(item.why, self.secrets))
            case Started():
                return replace(item, trouble=redact(item.trouble, self.secrets))
        return item

    def take_rows(self) -> list[LogChunk]:
        """What was gathered, as rows to be inserted before `move_offset`."""
        if not self.unwritten:
            return []
        if self.hashed is not None:
            self.hashed.update(self.unwritten)
        data = bytes(self.unwritten)
        self.unwritten.clear()
        return log_store.append(self.run.pk, self.end, data, db_clock.now())

    def move_offset(self) -> None:
        """Say in the run's row how much of its log is stored, guarded by the fence."""
        if self.end.offset == self.run.stored:
            return
        mine = StepRun.objects.filter(pk=self.run.pk, fence=self.run.fence)
        if not mine.update(stored=self.end.offset, lines=self.end.lines):
            raise LeaseLost
        # Whoever reads the log by this row must find what came before the last report.
        self.run.stored, self.run.lines = self.end.offset, self.end.lines

    def _started(self, row: Rollback, item: Started) -> None:
        self._back(row)
        if self.run.state == StepState.LAUNCHING:
            where = {"boot_id": item.boot_id, "runner": item.runner, "started_at": db_clock.now()}
            move_run(self.run, StepState.RUNNING, **where)
            record(row, "step.started", **facts(self.run, **where), runner=item.runner)
        if item.trouble:
            record(row, "runner.replaced", **facts(self.run), why=item.trouble)

    def _log_digest(self) -> dict[str, Any]:
        """Size and SHA-256 of the whole log, for the event that says how the run ended."""
        whole = log_store.hash_log(self.run) if self.hashed is None else self.hashed.copy()
        whole.update(self.unwritten)
        size = self.end.offset + len(self.unwritten)
        return {"log_bytes": size, "log_sha256": whole.hexdigest()}

    def _ended(self, row: Rollback, outcome: Outcome) -> None:
        self.unwritten += self.redactor.flush()
        if outcome.ending in _PROOF:
            self._proof(row, outcome)
        if outcome.ending is Ending.ABORTED and not row.abort_asked:
            outcome = replace(outcome, ending=Ending.TIMED_OUT, why=_ENDED_FROM_HERE)
        outcome = self._as_expected(outcome)
        state, moment = _state(outcome), db_clock.now()
        move_run(
            self.run,
            state,
            exit_code=outcome.exit_code,
            why=outcome.why,
            flags=sorted(outcome.flags),
            survivors=list(outcome.survivors),
            unreachable_since=None,
            ended_at=moment,
        )
        kind = "step.lost" if state is StepState.LOST else "step.finished"
        record(
            row,
            kind,
            **facts(self.run, ended_at=moment),
            state=state,
            exit_code=outcome.exit_code,
            why=outcome.why,
            bytes=outcome.bytes,
            flags=sorted(outcome.flags),
            survivors=list(outcome.survivors),
            **self._log_digest(),
        )
        if state is StepState.SUCCEEDED:
            database_dumps.record_dump(row, self.run, bytes(self.unwritten), self.guard)

    def _as_expected(self, outcome: Outcome) -> Outcome:
        if not self.expect or _state(outcome) is not StepState.SUCCEEDED:
            return outcome
        if log_store.holds(self.run, self.expect.encode(), bytes(self.unwritten)):
            return outcome
        why = f"It ended without an error, but its output does not hold “{self.expect}”."
        return replace(outcome, exit_code=None, why=why)

    def _stopped(self, row: Rollback, outcome: Outcome) -> None:
        self._proof(row, outcome)
        if outcome.ending in _FINAL_WHEN_STOPPED:
            self._ended(row, outcome)

    def _proof(self, row: Rollback, outcome: Outcome) -> None:
        """Once: the log's end and the abort's answer come in either order, and may both tell."""
        if not self.proven:
            self.proven = True
            proof = {"ending": outcome.ending, "why": outcome.why}
            record(row, "abort.proven", **facts(self.run), **proof, survivors=[*outcome.survivors])

    def _trouble(self, row: Rollback, trouble: Trouble) -> None:
        if self.run.unreachable_since is None:
            self.run.unreachable_since = db_clock.now()
            self.causes.clear()
        if trouble.why not in self.causes:
            self.causes.add(trouble.why)
            self._save_unreachable(trouble.why)
            record(row, "host.unreachable", **facts(self.run), why=trouble.why)
        if trouble.gave_up:
            why = f"{trouble.why} This step was not started there."
            self._ended(row, Outcome(Ending.FINISHED, None, why))

    def _back(self, row: Rollback) -> None:
        if self.run.unreachable_since is not None:
            self.run.unreachable_since = None
            self._save_unreachable("")
            record(row, "host.back", **facts(self.run))

    def _save_unreachable(self, why: str) -> None:
        self.run.why = why
        StepRun.objects.filter(pk=self.run.pk, fence=self.run.fence).update(
            unreachable_since=self.run.unreachable_since, why=why
        )


def _state(outcome: Outcome) -> StepState:
    if outcome.ending is Ending.FINISHED:
        return StepState.SUCCEEDED if outcome.exit_code == 0 else StepState.FAILED
    return _STATES[outcome.ending]
