"""Would this work right now? Asks the hosts, and keeps what they answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.engine.snapshot import Snapshot
from rollback_console.remote import connector
from rollback_console.remote.errors import HostUnreachable, RemoteError, RunnerRefused
from rollback_console.remote.protocol import HostAddress, Remote, RunnerKind
from rollback_console.remote.redaction.redacted_remote import redacted

from ..data_loss import cost
from ..data_loss.cost import CostAnswers
from ..errors import HostRefused
from ..inventory.addresses import address, reach
from ..inventory.host_specs import host_spec
from ..inventory.masked_values import values_to_mask
from ..models import Host, ProbeResult, Revision
from .host_questions import (
    NOT_APPROVED,
    HostQueries,
    queries_by_host,
    record_asking,
    register_questions,
)
from .probe_answers import interpret_answer
from .probe_scripts import RUNS_COMMANDS
from .probes import Probe, ProbeAnswer, ProbeVerdict

STALE = timedelta(hours=1)
"""Results older than this say little about now."""

PATIENCE = 150.0
"""Seconds for all hosts together; it ends before whoever asks is given up on."""

_AT_ONCE = 16
_PAUSES = (0.5, 1.5, 4.0)  # seconds before a host behind a jump host is tried again
_QUICK, _SLOW = 20.0, 45.0  # seconds for one answer; a service's own code takes a while to load

Answered = tuple[Probe, ProbeAnswer]
Connect = Callable[[HostAddress], Remote]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The last results for one snapshot: `at` is the oldest of them, None without any."""

    results: tuple[ProbeResult, ...]
    at: datetime | None

    @property
    def red(self) -> tuple[ProbeResult, ...]:
        """What would not work."""
        return tuple(each for each in self.results if each.verdict == ProbeVerdict.NOT_READY)

    @property
    def not_approved(self) -> tuple[ProbeResult, ...]:
        """What was not asked because nobody approved the question."""
        return tuple(each for each in self.results if each.detail == NOT_APPROVED)

    @property
    def word(self) -> str:
        """`ready`, `not ready`, `unknown` where questions wait for approval, or `not asked`."""
        if not self.results:
            return "not asked"
        if self.red:
            return "not ready"
        return "unknown" if self.not_approved else "ready"


@dataclass(frozen=True, slots=True)
class _HostAnswers:
    """What one host answered; for `unasked` there was no time."""

    answered: list[Answered]
    cost_answers: CostAnswers
    unasked: Sequence[Probe] = ()


def check(
    revision: Revision,
    snapshot: Snapshot,
    connect: Connect = connector.connect,
    within: float = PATIENCE,
    *,
    why: str = "person",
    by: User | None = None,
) -> Readiness:
    """Ask every host of the snapshot, at most 16 at once, and keep the answers.

    That is whether it would work, and what it would cost; host questions are asked only where a
    person approved them. What is asked, for whom (`why`, `by`), is put on record first. A host
    that cannot be reached or proven is a red result, not an error. What is not asked within so
    many seconds keeps its last answer.
    """
    late = time.monotonic() + within
    connect = redacted(connect, values_to_mask(revision.plan.environment_id))
    register_questions(revision, snapshot)
    queries = queries_by_host(revision, snapshot)
    record_asking(revision, queries, why=why, by=by)
    addresses = {each.host: _address(snapshot, each.host) for each in queries}

    def ask(each: HostQueries) -> _HostAnswers:
        return _ask_host(each, addresses[each.host], connect, late)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return _keep(revision, snapshot, list(pool.map(ask, queries)))


def latest(revision: Revision, snapshot_sha256: str) -> Readiness:
    """The last answers about this snapshot."""
    rows = tuple(revision.probe_results.filter(snapshot_sha256=snapshot_sha256))
    return Readiness(rows, min((row.at for row in rows), default=None))


def readiness_of(revision: Revision) -> Readiness:
    """The last answers for any rollback of this revision."""
    newest = revision.probe_results.order_by("-at").first()
    return latest(revision, newest.snapshot_sha256) if newest else Readiness((), None)


def _address(snapshot: Snapshot, name: str) -> HostAddress | str:
    try:
        if name in {host.name for host in snapshot.hosts}:
            return reach(snapshot.host(name))
        host = Host.objects.select_related("credential", "jump").get(name=name)
        host_spec(host)
        return address(host)
    except HostRefused as error:
        return str(error)


def _ask_host(
    queries: HostQueries, address: HostAddress | str, connect: Connect, late: float
) -> _HostAnswers:
    """In a thread of its own: no database here. `late` is by the monotonic clock."""
    access = Probe(queries.host, 0, "access", queries.host)
    try:
        if isinstance(address, str):
            raise HostRefused(address)
        remote = _connect(address, connect, late)
    except (HostRefused, RemoteError) as error:
        refused = (access, ProbeAnswer(ProbeVerdict.NOT_READY, str(error)))
        return _HostAnswers([refused], _without_asking(queries, str(error)))
    try:
        if why := _why_no_commands(queries.host, remote):
            refused = (access, ProbeAnswer(ProbeVerdict.NOT_READY, why))
            return _HostAnswers([refused], _without_asking(queries, why))
        signed_in = ProbeAnswer(ProbeVerdict.READY, "Signed in; the host key is confirmed.")
        answered = [(access, signed_in), *_not_asked(queries)]
        unasked = _ask_probes(remote, address.runner, queries, answered, late)
        cost_answers = cost.ask_costs(remote, queries.host, queries.costs, late)
        _withhold(cost_answers, queries)
        return _HostAnswers(answered, cost_answers, unasked)
    finally:
        remote.close()


def _connect(address: HostAddress, connect: Connect, late: float) -> Remote:
    """Behind a jump host again and again for a while: its sshd drops some of many that come at
    once (MaxStartups), which says nothing about the host. Raises what `connect` raises."""
    for pause in _PAUSES if address.jump else ():
        try:
            return connect(address)
        except HostUnreachable:
            if time.monotonic() + pause >= late:
                raise
            time.sleep(pause)
    return connect(address)


def _why_no_commands(host: str, remote: Remote) -> str:
    """Why nothing can be run or asked although the login works, as a sentence; "" when it can."""
    try:
        answer = remote.ask(list(RUNS_COMMANDS), timeout=_QUICK)
    except RemoteError as error:
        return str(error)
    output = answer.output.decode(errors="replace")
    if RUNS_COMMANDS[-1].partition(" ")[2] in output:
        return ""
    words = " ".join(f"{output} {answer.errors.decode(errors='replace')}".split())
    return str(RunnerRefused(host, "account", words[:300].rstrip(".") or "nothing"))


def _ask_probes(
    remote: Remote,
    runner: RunnerKind,
    queries: HostQueries,
    answered: list[Answered],
    late: float,
) -> Sequence[Probe]:
    """Add an answer for each probe; the probes for which there was no time."""
    every = [*queries.plain, *queries.approved]
    for at, probe in enumerate(every):
        if time.monotonic() >= late:
            return every[at:]
        answered.append((probe, _ask_one(remote, runner, probe)))
    return ()


def _ask_one(remote: Remote, runner: RunnerKind, probe: Probe) -> ProbeAnswer:
    try:
        patience = _SLOW if probe.kind == "database" else _QUICK
        return interpret_answer(probe, remote.ask(list(probe.argv), timeout=patience), runner)
    except RemoteError as error:
        return ProbeAnswer(ProbeVerdict.UNKNOWN, str(error))


def _not_asked(queries: HostQueries) -> Iterable[Answered]:
    for probe in queries.withheld:
        yield probe, ProbeAnswer(ProbeVerdict.UNKNOWN, NOT_APPROVED)
    for probe in queries.refused:
        yield probe, ProbeAnswer(ProbeVerdict.UNKNOWN, f"Not asked: {probe.refusal}")


def _without_asking(queries: HostQueries, why: str) -> CostAnswers:
    """The cost where the host could not be asked: unknown, and why."""
    cost_answers = cost.unasked(queries.host, queries.costs, why)
    _withhold(cost_answers, queries)
    return cost_answers


def _withhold(cost_answers: CostAnswers, queries: HostQueries) -> None:
    """Add what is unknown of the cost because nobody approved the question."""
    withheld = cost.unasked(queries.host, queries.withheld_costs, NOT_APPROVED)
    cost_answers.reversals += withheld.reversals
    cost_answers.measured += withheld.measured


@transaction.atomic
def _keep(revision: Revision, snapshot: Snapshot, hosts: list[_HostAnswers]) -> Readiness:
    rows = [each for one in hosts for each in one.answered]
    late = any(each.cost_answers.late for each in hosts)
    if not late:
        rows += [each for one in hosts for each in one.cost_answers.answered()]
        cost.save_cost(revision, snapshot, [each.cost_answers for each in hosts])
    unasked = [probe for each in hosts for probe in each.unasked]
    _forget(revision, snapshot, unasked, cost.KINDS if late else ())
    ProbeResult.objects.bulk_create(_row(revision, snapshot, *each) for each in rows)
    return latest(revision, snapshot.sha256)


def _forget(
    revision: Revision, snapshot: Snapshot, unasked: Sequence[Probe], kinds: Sequence[str]
) -> None:
    """Earlier answers, except to what was not asked this time."""
    still = {(each.host, each.kind, each.subject[:500]) for each in unasked}
    old = revision.probe_results.filter(snapshot_sha256=snapshot.sha256)
    old.filter(
        pk__in=[
            each.pk
            for each in old
            if each.kind not in kinds and (each.host, each.kind, each.subject) not in still
        ]
    ).delete()


def _row(revision: Revision, snapshot: Snapshot, probe: Probe, answer: ProbeAnswer) -> ProbeResult:
    return ProbeResult(
        revision=revision,
        snapshot_sha256=snapshot.sha256,
        host=probe.host,
        position=probe.position,
        number=snapshot.number_of(probe.position) if probe.position else "",
        kind=probe.kind,
        subject=probe.subject[:500],
        verdict=answer.verdict,
        detail=answer.detail[:500],
        at=Now(),
    )
