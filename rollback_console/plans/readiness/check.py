"""Would this work right now? Asks the hosts, and keeps what they said."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from rollback_console.engine.snapshot import Snapshot
from rollback_console.remote import ssh
from rollback_console.remote.errors import RemoteError
from rollback_console.remote.protocol import HostAddress, Remote

from ..data_loss import cost
from ..data_loss.cost import Errands, Findings
from ..data_loss.host_questions import UNVOUCHED, errands, vouched
from ..document_cache import document
from ..errors import HostRefused
from ..inventory.addresses import address, reach, spec
from ..models import Host, ProbeResult, Revision
from .database_logins import databases
from .probes import Probe, Reading, Verdict, probes, reading

STALE = timedelta(hours=1)
"""Results older than this say little about now."""

PATIENCE = 150.0
"""Seconds for all hosts together; it ends before whoever asks is given up on."""

_AT_ONCE = 16
_QUICK, _SLOW = 20.0, 45.0  # seconds for one answer; a service's own code takes a while to load

Answered = tuple[Probe, Reading]
Connect = Callable[[HostAddress], Remote]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The last results for one snapshot: `at` is the oldest of them, None without any."""

    results: tuple[ProbeResult, ...]
    at: datetime | None

    @property
    def red(self) -> tuple[ProbeResult, ...]:
        """What would not work."""
        return tuple(each for each in self.results if each.verdict == Verdict.NOT_READY)

    @property
    def word(self) -> str:
        """`ready`, `not ready`, or `not asked`."""
        if not self.results:
            return "not asked"
        return "not ready" if self.red else "ready"


@dataclass(frozen=True, slots=True)
class _Host:
    """What one host is asked, until `late` by the monotonic clock."""

    name: str
    asked: list[Probe]
    costs: Errands
    late: float

    def in_time(self) -> bool:
        return time.monotonic() < self.late


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one host said; for `unasked` there was no time."""

    answered: list[Answered]
    findings: Findings
    unasked: Sequence[Probe] = ()


def check(
    revision: Revision,
    snapshot: Snapshot,
    connect: Connect = ssh.connect,
    within: float = PATIENCE,
) -> Readiness:
    """Ask every host of the snapshot, at most 16 at once, and keep the answers.

    That is whether it would work, and what it would cost. A host that cannot be reached or
    proven is a red result, not an error. What is not asked within so many seconds keeps its
    last answer.
    """
    late = time.monotonic() + within
    kinds = {each.name: str(each.kind) for each in document(revision).placeholders}
    costs = errands(revision, snapshot)
    asked: dict[str, list[Probe]] = {name: [] for name in [*_hosts(snapshot), *costs]}
    for probe in [*probes(snapshot, kinds), *databases(snapshot, costs)]:
        asked[probe.host].append(probe)
    addresses = {name: _address(snapshot, name) for name in asked}

    def one(name: str) -> _Heard:
        found = _Host(name, asked[name], costs.get(name, Errands()), late)
        return _ask(found, addresses[name], connect)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return _keep(revision, snapshot, list(pool.map(one, asked)))


def latest(revision: Revision, snapshot_sha256: str) -> Readiness:
    """What was last heard about this snapshot."""
    rows = tuple(revision.probe_results.filter(snapshot_sha256=snapshot_sha256))
    return Readiness(rows, min((row.at for row in rows), default=None))


def of_revision(revision: Revision) -> Readiness:
    """What was last heard for any rollback of this revision."""
    newest = revision.probe_results.order_by("-at").first()
    return latest(revision, newest.snapshot_sha256) if newest else Readiness((), None)


def _hosts(snapshot: Snapshot) -> list[str]:
    return [host.name for host in snapshot.hosts]


def _address(snapshot: Snapshot, name: str) -> HostAddress | str:
    try:
        if name in _hosts(snapshot):
            return reach(snapshot.host(name))
        host = Host.objects.select_related("credential", "jump").get(name=name)
        spec(host)
        return address(host)
    except HostRefused as error:
        return str(error)


def _ask(host: _Host, address: HostAddress | str, connect: Connect) -> _Heard:
    """In a thread of its own: no database here."""
    access = Probe(host.name, 0, "access", host.name, ())
    try:
        if isinstance(address, str):
            raise HostRefused(address)
        remote = connect(address)
    except (HostRefused, RemoteError) as error:
        refused = (access, Reading(Verdict.NOT_READY, str(error)))
        return _Heard([refused], cost.unasked(host.name, host.costs, str(error)))
    try:
        signed_in = (access, Reading(Verdict.READY, "Signed in; the host key is confirmed."))
        told = [signed_in, *((each, _one(remote, each)) for each in host.asked if host.in_time())]
        rest = host.asked[len(told) - 1 :]
        return _Heard(told, cost.look(remote, host.name, host.costs, host.late), rest)
    finally:
        remote.close()


def _one(remote: Remote, probe: Probe) -> Reading:
    try:
        patience = _SLOW if probe.kind == "database" else _QUICK
        return reading(probe, remote.ask(list(probe.argv), timeout=patience))
    except RemoteError as error:
        return Reading(Verdict.UNKNOWN, str(error))


@transaction.atomic
def _keep(revision: Revision, snapshot: Snapshot, heard: list[_Heard]) -> Readiness:
    rows = [each for one in heard for each in one.answered]
    rows += _unvouched(revision)
    late = any(each.findings.late for each in heard)
    if not late:
        rows += [each for one in heard for each in one.findings.answered()]
        cost.keep(revision, snapshot, [each.findings for each in heard])
    unasked = [probe for each in heard for probe in each.unasked]
    _forget(revision, snapshot, unasked, cost.KINDS if late else ())
    ProbeResult.objects.bulk_create(_row(revision, snapshot, *each) for each in rows)
    return latest(revision, snapshot.sha256)


def _forget(
    revision: Revision, snapshot: Snapshot, unasked: Sequence[Probe], kinds: Sequence[str]
) -> None:
    """What was heard before, except of what was not asked this time."""
    still = {(each.host, each.kind, each.subject[:500]) for each in unasked}
    old = revision.probe_results.filter(snapshot_sha256=snapshot.sha256)
    old.filter(
        pk__in=[
            each.pk
            for each in old
            if each.kind not in kinds and (each.host, each.kind, each.subject) not in still
        ]
    ).delete()


def _unvouched(revision: Revision) -> list[Answered]:
    if vouched(revision):
        return []
    return [(Probe("", 0, "measure", "", ()), Reading(Verdict.UNKNOWN, UNVOUCHED))]


def _row(revision: Revision, snapshot: Snapshot, probe: Probe, said: Reading) -> ProbeResult:
    return ProbeResult(
        revision=revision,
        snapshot_sha256=snapshot.sha256,
        host=probe.host,
        position=probe.position,
        kind=probe.kind,
        subject=probe.subject[:500],
        verdict=said.verdict,
        detail=said.detail[:500],
        at=Now(),
    )
